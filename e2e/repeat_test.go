package e2e

import (
	"fmt"
	"sync"
	"testing"

	"github.com/chatd/chatd/client"
	"github.com/chatd/chatd/client/rest"
)

// TestRepeatedOrders sends one order many times with one key: at once, after the answer, and after the program was
// killed in between. It acts once.
func TestRepeatedOrders(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db, withKey)
		api := p.rest(t)
		for round := range sized(2, 10) {
			key := someKey()
			draft := rest.SanctionDraft{
				Target: &rest.TargetDraft{User: new(fmt.Sprintf("u:eve-%d", round))}, Effect: rest.EffectMute, DurationSeconds: new(int64(3600))}
			params := &rest.MakeSanctionParams{IdempotencyKey: key}
			answers := map[string]int{}
			var mu sync.Mutex
			var wg sync.WaitGroup
			ask := func() {
				a, err := api.MakeSanctionWithResponse(t.Context(), params, draft)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					answers[string(a.Body)]++
				case rest.CodeOf(err) != "idempotency_running" && rest.CodeOf(err) != "":
					t.Errorf("repeated: %v", err)
				}
			}
			for range 10 {
				wg.Go(ask)
			}
			if round%2 == 1 {
				p.kill() // some of them have no answer
				wg.Wait()
				p.up()
			}
			wg.Wait()
			ask()
			ask()

			if len(answers) != 1 {
				t.Errorf("round %d: %d different answers: %v", round, len(answers), answers)
			}
			list := must[rest.ListSanctionsResponse](t, "list")(api.ListSanctionsWithResponse(t.Context(), &rest.ListSanctionsParams{User: draft.Target.User}))
			acts := must[rest.ListActsResponse](t, "acts")(api.ListActsWithResponse(t.Context(), &rest.ListActsParams{User: draft.Target.User}))
			if n, m := len(list.JSON200.Items), len(acts.JSON200.Items); n != 1 || m != 1 {
				t.Errorf("round %d: %d sanctions and %d acts, want one of each", round, n, m)
			}
			draft.Effect = rest.EffectBan
			_, err := api.MakeSanctionWithResponse(t.Context(), params, draft)
			refusedWith(t, "another order with the same key", err, "idempotency_mismatch")
		}
	})
}

// TestTwoWriters gives two writers the same version of a room: one of them changes it, the other is told.
func TestTwoWriters(t *testing.T) {
	p := start(t, sqlite, withKey)
	api := p.rest(t)
	must[rest.CreateRoomResponse](t, "create")(api.CreateRoomWithResponse(t.Context(), nil, rest.RoomDraft{ID: "lobby"}))
	room := must[rest.ShowRoomResponse](t, "show")(api.ShowRoomWithResponse(t.Context(), "lobby"))
	etag := room.HTTPResponse.Header.Get("ETag")
	c := p.dial(t, client.Options{})
	join(t, c, "lobby")
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = api.ConfigureRoomWithResponse(t.Context(), "lobby", &rest.ConfigureRoomParams{IfMatch: &etag},
				rest.RoomPatch{Settings: rest.SettingsPatch{Title: new(fmt.Sprintf("Writer %d", i))}})
		})
	}
	wg.Wait()

	if codes := [2]string{rest.CodeOf(errs[0]), rest.CodeOf(errs[1])}; codes != [2]string{"stale", ""} && codes != [2]string{"", "stale"} {
		t.Errorf("got %v, want one to have changed the room and one to be told stale", errs)
	}
}

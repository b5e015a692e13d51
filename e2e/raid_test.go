package e2e

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/client"
	"github.com/chatd/chatd/client/rest"
)

// TestRaid has 300 guests come from 300 unrelated addresses, named alike and saying alike: one selection and one act
// end it, with nobody else hit; one undo takes it back.
func TestRaid(t *testing.T) {
	p := start(t, sqlite, withKey, "CHATD_TRUSTED_PROXIES=127.0.0.1")
	api := p.rest(t)
	bystanders := []*client.Client{
		p.guest(t, "Tourist", "203.0.113.1"), p.guest(t, "Raidmonk", "203.0.113.2"),
		p.dial(t, client.Options{Token: user(t, "ann"), HTTPHeader: behind("203.0.113.3")}),
	}
	for i, c := range bystanders {
		join(t, c, "lobby")
		post(t, c, "lobby", fmt.Sprintf("I was here before you, %d", i))
	}
	before := len(fullView(t, p, "lobby").Messages())
	since := time.Now().UTC()
	raiders := raid(t, p, 300)
	full := len(fullView(t, p, "lobby").Messages())
	draft := rest.SanctionDraft{
		Effect: rest.EffectBan, Scope: new("lobby"), DurationSeconds: new(int64(86400)), Reason: new("Raid"),
		Selection: &rest.Selection{Room: new("lobby"), JoinedSince: &since, NameLike: new("Raider 4821")},
		Purge:     &rest.PurgeOption{SinceSeconds: new(int64(3600))},
	}
	dry := must[rest.MakeSanctionResponse](t, "preview")(api.MakeSanctionWithResponse(t.Context(), &rest.MakeSanctionParams{DryRun: new(true)}, draft))
	if i := dry.JSON200.Impact; i.Users != len(raiders) || i.SignedIn != 0 {
		t.Fatalf("the preview says %+v, want the %d raiders and nobody else", i, len(raiders))
	}

	began := time.Now()
	acted := must[rest.MakeSanctionResponse](t, "act")(api.MakeSanctionWithResponse(t.Context(), nil, draft))
	t.Logf("one act on %d raiders took %v and made %d sanctions", len(raiders), time.Since(began), len(*acted.JSON201.Sanctions))

	for _, c := range raiders {
		await[client.Left](t, c)
	}
	if n := len(fullView(t, p, "lobby").Messages()); n != before {
		t.Errorf("%d messages are left, want the %d of before the raid", n, before)
	}
	for _, c := range bystanders {
		post(t, c, "lobby", "still here")
	}
	c := p.guest(t, "Nobody", "198.18.0.7") // a raider's address
	if _, err := c.Join(within(t, 20*time.Second), "lobby"); client.CodeOf(err) != "sign_in_required" {
		t.Errorf("another guest on a raider's address: got %v, want sign_in_required", err)
	}

	undone := must[rest.UndoActResponse](t, "undo")(api.UndoActWithResponse(t.Context(), acted.JSON201.Act.ID, nil))

	if len(undone.JSON200.Skipped) > 0 {
		t.Errorf("the undo left alone: %+v", undone.JSON200.Skipped)
	}
	if n := len(fullView(t, p, "lobby").Messages()); n != full+len(bystanders) {
		t.Errorf("%d messages are there again, want %d", n, full+len(bystanders))
	}
	for _, c := range append(raiders[:10:10], c) {
		join(t, c, "lobby")
	}
	list := must[rest.ListSanctionsResponse](t, "list")(api.ListSanctionsWithResponse(t.Context(), nil))
	if len(list.JSON200.Items) != 0 {
		t.Errorf("%d sanctions stand after the undo", len(list.JSON200.Items))
	}
}

// raid has n guests join and speak, each from an address of its own.
func raid(t *testing.T, p *program, n int) []*client.Client {
	t.Helper()
	all := make([]*client.Client, n)
	var wg sync.WaitGroup
	gate := make(chan struct{}, 16)
	for i := range all {
		all[i] = p.guest(t, fmt.Sprintf("Raider %d", 1000+i*7), fmt.Sprintf("198.18.%d.%d", i, 7))
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			if _, err := all[i].Join(within(t, 30*time.Second), "lobby"); err != nil {
				t.Errorf("raider %d: %v", i, err)
				return
			}
			text := fmt.Sprintf("join my server now, %d seats left", 300-i)
			if _, err := all[i].Post(within(t, 30*time.Second), "lobby", text, client.PostOptions{}); err != nil {
				t.Errorf("raider %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	return all
}

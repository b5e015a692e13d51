package chat_test

import (
	"context"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestBoundsOfAKey(t *testing.T) {
	d := newDesk(t)
	key := staffWith("k:1", &chat.Grant{
		Scopes: []chat.Scope{chat.SanctionsWrite, chat.NoticesWrite, chat.ActsUndo}, LongestBan: time.Hour, ActsPerHour: 3,
	})
	ban := func(o chat.Order, dur time.Duration, who chat.UserID) (chat.Outcome, error) {
		return d.Sanction(t.Context(), o, chat.SanctionOrder{Target: &chat.Target{User: who}, Effect: chat.Ban, Duration: dur})
	}
	o := chat.Order{By: key}
	_, err := ban(o, 0, guest.ID)
	wantCode(t, err, "bound_duration")
	_, err = ban(o, 2*time.Hour, guest.ID)
	wantCode(t, err, "bound_duration")
	_, err = d.Purge(t.Context(), o, chat.PurgeOrder{Selection: chat.Selection{Users: []chat.UserID{ann.ID}}})
	wantCode(t, err, "scope_missing")
	d.arrive(t, guest, room)
	out, err := ban(o, time.Hour, guest.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range out.Sanctions {
		if x.Expires.Sub(x.Starts) > time.Hour {
			t.Errorf("%s holds for %s: longer than the key may", x.Effect, x.Expires.Sub(x.Starts))
		}
	}
	_, err = d.AlterSanction(t.Context(), o, chat.AlterStep{ID: out.Sanctions[0].ID, Expires: &time.Time{}})
	wantCode(t, err, "bound_duration")
	for range 5 { // what is tried out doesn't count
		if _, err := ban(chat.Order{By: key, DryRun: true}, time.Hour, ann.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ban(o, time.Minute, ann.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := ban(o, time.Minute, bob.ID); err != nil {
		t.Fatal(err)
	}
	_, err = ban(o, time.Minute, "u:zoe")
	if e := wantCode(t, err, "bound_acts"); e.RetryAfter <= 0 || e.Kind != chat.RateLimited {
		t.Errorf("bound_acts is %+v, want a time to wait", e)
	}
	key.ID, key.Grant.DryRunOnly = "k:2", true
	_, err = ban(chat.Order{By: key}, time.Minute, "u:zoe")
	wantCode(t, err, "bound_dry_run")
	if _, err := ban(chat.Order{By: key, DryRun: true}, time.Minute, "u:zoe"); err != nil {
		t.Error(err)
	}
}

func TestKeysActOnModerators(t *testing.T) {
	d := newDesk(t)
	d.arrive(t, mod, room)
	key := staffWith("k:1", &chat.Grant{Scopes: []chat.Scope{chat.SanctionsWrite}})
	if _, err := d.Sanction(t.Context(), chat.Order{By: key}, chat.SanctionOrder{Target: on(mod), Effect: chat.Mute, Duration: time.Hour}); err != nil {
		t.Error(err)
	}
}

// Whoever asks may hang up: what is asked for is done.
func TestAnActOutlivesWhoAsked(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := d.LockDown(ctx, byStaff, chat.Lockdown{Level: chat.LockReadOnly, Until: d.clock().Add(time.Hour)})
	if err != nil || len(out.Lockdowns) != 1 {
		t.Fatalf("LockDown: %+v, %v", out, err)
	}
	_, err = d.Post(t.Context(), ann, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "room_read_only")
}

func TestARepeatedOrderActsOnce(t *testing.T) {
	d := newDesk(t)
	asked := 0
	o := chat.Order{
		By: staff, Keep: &chat.Keep{Caller: staff.ID, Key: "one", Fingerprint: []byte("a")},
		Reply: func(out chat.Outcome) (chat.KeptReply, error) {
			asked++
			return chat.KeptReply{Status: 200 + out.Impact.Sessions, Act: out.Act.ID, Body: []byte("sealed")}, nil
		},
	}
	d.arrive(t, ann, room)
	first, err := d.Sanction(t.Context(), o, chat.SanctionOrder{Target: on(ann), Effect: chat.Mute})
	if err != nil || first.Kept != nil {
		t.Fatalf("the first: %+v, %v", first, err)
	}
	again, err := d.Sanction(t.Context(), o, chat.SanctionOrder{Target: on(ann), Effect: chat.Mute})
	if err != nil || again.Kept == nil || again.Kept.Status != 201 || again.Kept.Act != first.Act.ID {
		t.Errorf("the repetition got %+v, %v, want the reply of the first", again.Kept, err)
	}
	o.Keep = &chat.Keep{Caller: staff.ID, Key: "one", Fingerprint: []byte("b")}
	_, err = d.Sanction(t.Context(), o, chat.SanctionOrder{Target: on(bob), Effect: chat.Mute})
	wantCode(t, err, "idempotency_mismatch")
	acts, err := d.ListActs(t.Context(), staff, chat.ActQuery{Limit: 10})
	if err != nil || len(acts) != 1 || asked != 1 {
		t.Errorf("%d acts, asked %d times, %v, want one", len(acts), asked, err)
	}
	if n := len(d.controls()); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
}

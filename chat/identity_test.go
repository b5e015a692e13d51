package chat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestRevokedTokens(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	old, silent, fresh := ann, ann, ann
	old.Issued, fresh.Issued = w.clock().Add(-time.Minute), w.clock().Add(time.Minute)
	if _, err := w.SignIn(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if _, err := w.RevokeTokens(t.Context(), byStaff, ann.ID, w.clock()); err != nil {
		t.Fatal(err)
	}
	for name, by := range map[string]chat.Actor{"issued before": old, "without iat": silent} {
		_, err := w.SignIn(t.Context(), by)
		if e := wantCode(t, err, "token_revoked"); e.Kind != chat.Unauthenticated {
			t.Errorf("%s: kind %d, want Unauthenticated", name, e.Kind)
		}
		_, err = w.Post(t.Context(), by, room, chat.Draft{Text: "hi"})
		wantCode(t, err, "token_revoked")
	}
	w.mustPost(t, fresh, "with a new token")
	w.mustPost(t, bob, "others")

	again, err := chat.New(t.Context(), w.Config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = again.SignIn(t.Context(), old)
	wantCode(t, err, "token_revoked")
}

func TestAGuestTakesSanctionsAlong(t *testing.T) {
	user := chat.Actor{ID: "u:gus", Name: "Gus", Role: chat.RoleUser, Was: guest.ID}
	asMod := user
	asMod.Role = chat.RoleModerator
	tests := map[string]struct {
		so   chat.SanctionOrder
		by   chat.Actor
		want string // of the sign-in, then of a post
	}{
		"a ban":             {chat.SanctionOrder{Target: on(guest), Effect: chat.Ban}, user, "banned"},
		"a mute":            {chat.SanctionOrder{Target: on(guest), Effect: chat.Mute}, user, "muted"},
		"must sign in":      {chat.SanctionOrder{Target: on(guest), Effect: chat.SignIn}, user, ""},
		"of another guest":  {chat.SanctionOrder{Target: &chat.Target{User: "g:other"}, Effect: chat.Ban}, user, ""},
		"never a moderator": {chat.SanctionOrder{Target: on(guest), Effect: chat.Ban}, asMod, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			x := w.sanction(t, tt.so)
			by, err := w.SignIn(t.Context(), tt.by)
			if err == nil {
				_, err = w.Post(t.Context(), by, room, chat.Draft{Text: "hi"})
			}
			wantCode(t, err, tt.want)
			by = tt.by
			by.Was = ""
			_, err = w.Post(t.Context(), by, room, chat.Draft{Text: "without the guest"})
			wantCode(t, err, tt.want)
			if _, err := w.Lift(t.Context(), byStaff, []chat.SanctionID{x.ID}); err != nil {
				t.Fatal(err)
			}
			w.mustPost(t, by, "lifted for both")
		})
	}
}

func TestWhatIsCarriedIsRecordedOnce(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Mute})
	user := chat.Actor{ID: "u:gus", Name: "Gus", Role: chat.RoleUser, Was: guest.ID}
	for range 3 {
		if _, err := w.SignIn(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	acts, err := w.Ledger.Acts(t.Context(), chat.ActQuery{Limit: 10, Kind: chat.ActCarry})
	if err != nil || len(acts) != 1 {
		t.Fatalf("%d acts, %v, want 1", len(acts), err)
	}
	if a := acts[0]; a.By != chat.System || a.Via != chat.ViaRule || !slices.Contains(a.Users, user.ID) {
		t.Errorf("the act is %+v", a)
	}
	again, err := chat.New(t.Context(), w.Config)
	if err != nil {
		t.Fatal(err)
	}
	user.Was = ""
	_, err = again.Post(t.Context(), user, room, chat.Draft{Text: "after a restart"})
	wantCode(t, err, "muted")
}

func TestFirstSeen(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	start := w.clock()
	g := guest
	g.Issued = start
	in, err := w.SignIn(t.Context(), g)
	if err != nil || !in.FirstSeen.Equal(start.Truncate(time.Millisecond)) && !in.FirstSeen.Equal(start) {
		t.Errorf("a new guest was first seen at %s, %v, want %s", in.FirstSeen, err, start)
	}
	u, err := w.SignIn(t.Context(), ann)
	if err != nil || u.FirstSeen.IsZero() {
		t.Fatalf("a new user was first seen at %s, %v", u.FirstSeen, err)
	}
	if err := w.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	g.Issued = w.clock() // a new name makes a new token
	again, err := w.SignIn(t.Context(), g)
	if err != nil || again.FirstSeen.Sub(start).Abs() > time.Second {
		t.Errorf("the guest was first seen at %s, %v, want %s", again.FirstSeen, err, start)
	}
	uAgain, err := w.SignIn(t.Context(), ann)
	if err != nil || !uAgain.FirstSeen.Equal(u.FirstSeen) {
		t.Errorf("the user was first seen at %s, %v, want %s", uAgain.FirstSeen, err, u.FirstSeen)
	}
}

func TestSightingsAreWrittenInBatches(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	g := guest
	g.Agent = "Browser/1"
	for range 3 {
		if _, err := w.SignIn(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
	}
	if err := w.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	w.SignOut(chat.Actor{ID: g.ID, Name: g.Name, Role: g.Role, Addr: g.Addr, Alias: w.Alias(g.Addr), Agent: g.Agent})
	w.SignOut(staff)
	if err := w.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := w.Directory.Sightings(t.Context(), g.ID, 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d sightings, %v, want one way", len(all), err)
	}
	x := all[0]
	if x.Alias != w.Alias(g.Addr) || x.Addr != g.Addr || x.Agent != g.Agent || x.AgentHash == "" {
		t.Errorf("the sighting is %+v", x)
	}
	if d := x.Last.Sub(x.First); d < time.Hour {
		t.Errorf("the last sighting is %s after the first, want more than an hour", d)
	}
}

// Another node hears by the bell what this one decided.
func TestAnotherNodeEnforcesWhatItHears(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.mustPost(t, bob, "the room is stored")
	other, err := chat.New(t.Context(), w.Config)
	if err != nil {
		t.Fatal(err)
	}
	w.runBeside(t, other)
	if _, err := other.Post(t.Context(), guest, room, chat.Draft{Text: "hi"}); err != nil {
		t.Fatal(err)
	}
	x := w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Mute})
	_, err = other.Post(t.Context(), guest, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "muted")
	if _, err := w.Lift(t.Context(), byStaff, []chat.SanctionID{x.ID}); err != nil {
		t.Fatal(err)
	}
	l := w.lock(t, chat.Lockdown{Room: room, Level: chat.LockReadOnly})
	_, err = other.Post(t.Context(), guest, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "room_read_only")
	if _, err := w.Unlock(t.Context(), byStaff, l.ID); err != nil {
		t.Fatal(err)
	}
	w.set(t, chat.SettingsPatch{Guests: ref(chat.GuestsRead)})
	_, err = other.Post(t.Context(), guest, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "guests_read_only")
}

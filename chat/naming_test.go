package chat_test

import (
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// Who may not take another name gets none by connecting again with one, with the same guest's token or without it.
func TestNobodyIsRenamedByConnectingAgain(t *testing.T) {
	lock := func(room chat.RoomID, level chat.Level) func(*testing.T, *world, chat.Actor) {
		return func(t *testing.T, w *world, in chat.Actor) {
			t.Helper()
			l := chat.Lockdown{Room: room, Level: level, Until: w.clock().Add(time.Hour)}
			if level == chat.LockKnown || level == chat.LockSlow {
				l.Interval = time.Hour
			}
			_, err := w.LockDown(t.Context(), byStaff, l)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	against := func(so chat.SanctionOrder) func(*testing.T, *world, chat.Actor) {
		return func(t *testing.T, w *world, in chat.Actor) {
			t.Helper()
			if so.Target.User == "" {
				so.Target = &chat.Target{Alias: in.Alias}
			}
			w.sanction(t, so)
		}
	}
	nothing := func(*testing.T, *world, chat.Actor) {}
	tests := map[string]struct {
		act      func(*testing.T, *world, chat.Actor)
		code     string // of a rename
		newcomer bool   // who has just come chooses a name
	}{
		"nothing":                   {nothing, "", true},
		"a mute":                    {against(chat.SanctionOrder{Target: on(guest), Effect: chat.Mute}), "muted", true},
		"a mute in some room":       {against(chat.SanctionOrder{Target: on(guest), Effect: chat.Mute, Rooms: "other"}), "muted", true},
		"a hold":                    {against(chat.SanctionOrder{Target: on(guest), Effect: chat.Review}), "under_review", true},
		"a read-only server":        {lock("", chat.LockReadOnly), "room_read_only", false},
		"who is known may write":    {lock("", chat.LockKnown), "not_known_yet", false},
		"who has signed in, too":    {lock("", chat.LockSignedIn), "guests_read_only", false},
		"a read-only room":          {lock(room, chat.LockReadOnly), "room_read_only", true},
		"a slow room":               {lock(room, chat.LockSlow), "", true},
		"a mute of all from there":  {against(chat.SanctionOrder{Target: new(chat.Target), Effect: chat.Mute}), "muted", false},
		"a shadow, which says none": {against(chat.SanctionOrder{Target: on(guest), Effect: chat.Shadow}), "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, written := range []bool{false, true} {
				w := newWorld(t, chat.Limits{})
				in := guest
				in.Name = "Gus"
				in, err := w.SignIn(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				if written {
					if err := w.WriteSightings(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				tt.act(t, w, in)
				_, err = w.Rename(t.Context(), in, "Abuse")
				wantCode(t, err, tt.code)
				again := guest
				again.Name = "Insult"
				again, err = w.SignIn(t.Context(), again)
				if want := map[bool]string{true: "Insult", false: "Gus"}[tt.code == ""]; err != nil || again.Name != want {
					t.Errorf("written %t: who connects again is called %q, %v, want %q", written, again.Name, err, want)
				}
				other := chat.Actor{ID: "g:new", Name: "Insult", Role: chat.RoleGuest, Addr: guest.Addr}
				other, err = w.SignIn(t.Context(), other)
				if err != nil || (other.Name == "Insult") != tt.newcomer {
					t.Errorf("a newcomer is called %q, %v", other.Name, err)
				}
			}
		})
	}
}

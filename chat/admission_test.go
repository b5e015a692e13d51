package chat_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/chatd/chatd/chat"
)

// senders are users of a name each, who write until they are refused.
func senders(n int) []chat.Actor {
	var all []chat.Actor
	for i := range n {
		all = append(all, chat.Actor{ID: chat.UserID(fmt.Sprintf("u:sender%d", i)), Name: fmt.Sprintf("Sender %d", i), Role: chat.RoleUser})
	}
	return all
}

// under has every one of them write, four at a time each, until they are refused, and calls act when all have been
// heard. It returns the codes that ended them.
func (w *world) under(t *testing.T, all []chat.Actor, act func()) []string {
	t.Helper()
	var heard, over sync.WaitGroup
	codes := make(chan string, 4*len(all))
	for _, by := range all {
		for n := range 4 {
			var once sync.Once
			heard.Add(1)
			over.Go(func() {
				for i := 0; ; i++ {
					d := chat.Draft{Text: "hi"}
					if n%2 == 0 {
						d.Nonce = fmt.Sprintf("%d-%d", n, i)
					}
					c, err := w.Post(t.Context(), by, room, d)
					if err != nil || c.Held != nil || c.Event.Only != "" {
						if chat.CodeOf(err) == "busy" { // decided meanwhile: repeated, it hears why
							_, err = w.Post(t.Context(), by, room, d)
						}
						codes <- chat.CodeOf(err)
						return
					}
					if i == 5 {
						once.Do(heard.Done)
					}
				}
			})
		}
	}
	heard.Wait()
	act()
	over.Wait()
	close(codes)
	var got []string
	for c := range codes {
		got = append(got, c)
	}
	return got
}

// What waited behind an act, admitted before it, isn't stored as if there were none.
func TestWhatWaitsBehindAnAct(t *testing.T) {
	snapshot := func(w *world) chat.Snapshot {
		s, err := w.Log.Snapshot(t.Context(), room, chat.SnapshotQuery{Messages: 200})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	four := senders(4)
	impose := func(w *world, so chat.SanctionOrder) error {
		for _, by := range four {
			so.Target = on(by)
			if _, err := w.Sanction(t.Context(), byStaff, so); err != nil {
				return err
			}
		}
		return nil
	}
	readOnly := true
	tests := map[string]struct {
		act  func(w *world) error
		code string
		// gone says that nothing may be left to be seen; else nothing that came after the act.
		gone bool
	}{
		"a ban with a purge": {
			func(w *world) error {
				return impose(w, chat.SanctionOrder{Effect: chat.Ban, Purge: chat.PurgeAll, AddressFor: -1})
			}, "banned", true,
		},
		"a mute":  {func(w *world) error { return impose(w, chat.SanctionOrder{Effect: chat.Mute}) }, "muted", false},
		"shadows": {func(w *world) error { return impose(w, chat.SanctionOrder{Effect: chat.Shadow}) }, "", false},
		"holds":   {func(w *world) error { return impose(w, chat.SanctionOrder{Effect: chat.Review}) }, "", false},
		"an archive": {
			func(w *world) error { _, err := w.Archive(t.Context(), byStaff, room, true); return err }, "room_archived", false,
		},
		"read only": {
			func(w *world) error {
				_, err := w.Configure(t.Context(), byStaff, chat.SetStep{Room: room, Patch: chat.SettingsPatch{ReadOnly: &readOnly}})
				return err
			}, "room_read_only", false,
		},
		"a lock-down": {
			func(w *world) error {
				_, err := w.LockDown(t.Context(), byStaff, chat.Lockdown{Room: room, Level: chat.LockReadOnly, Until: w.clock().Add(1e12)})
				return err
			}, "room_read_only", false,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			var after chat.Snapshot
			codes := w.under(t, four, func() {
				if err := tt.act(w); err != nil {
					t.Errorf("act: %v", err)
				}
				after = snapshot(w)
			})
			for _, c := range codes {
				if c != tt.code {
					t.Errorf("a sender ended with code %q, want %q", c, tt.code)
				}
			}
			last := snapshot(w)
			if tt.gone && len(last.Messages) > 0 {
				t.Errorf("%d messages are to be seen, want 0", len(last.Messages))
			}
			if last.Room.Shown != after.Room.Shown {
				t.Errorf("the room went on from %d to %d, want nothing more", after.Room.Shown, last.Room.Shown)
			}
		})
	}
}

// A room that is removed under its writers doesn't come back by what waited behind that; nor by their having been there.
func TestARemovedRoomStaysAway(t *testing.T) {
	w := newWorld(t, chat.Limits{RoomsByStaff: true})
	signedIn := chat.AccessSignedIn
	if _, err := w.Configure(t.Context(), byStaff, chat.SetStep{Room: room, New: true, Patch: chat.SettingsPatch{Access: &signedIn}}); err != nil {
		t.Fatal(err)
	}
	four := senders(4)
	for _, by := range four {
		if _, err := w.Join(t.Context(), by, "s-"+chat.SessionID(by.ID), room, nil); err != nil {
			t.Fatal(err)
		}
	}
	codes := w.under(t, four, func() {
		if _, err := w.RemoveRoom(t.Context(), byStaff, room); err != nil {
			t.Errorf("RemoveRoom: %v", err)
		}
	})
	for _, c := range codes {
		if c != "room_unknown" {
			t.Errorf("a sender ended with code %q, want room_unknown", c)
		}
	}
	snap, err := w.Log.Snapshot(t.Context(), room, chat.SnapshotQuery{Messages: 10})
	if err != nil && chat.CodeOf(err) != "room_unknown" { // while it is being deleted
		t.Fatal(err)
	}
	if snap.Room.Stored {
		t.Errorf("the room is back, with %d messages", len(snap.Messages))
	}
	if _, err := w.Join(t.Context(), bob, "s-bob", room, nil); chat.CodeOf(err) != "room_unknown" {
		t.Errorf("Join: %v, want room_unknown", err)
	}
}

package chat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func (w *world) join(t *testing.T, by chat.Actor, s chat.SessionID, since *chat.Position) (chat.Joined, error) {
	t.Helper()
	return w.Join(t.Context(), by, s, room, since)
}

func TestJoinRefuses(t *testing.T) {
	elsewhere := ann
	elsewhere.Rooms = []string{"other"}
	tests := map[string]struct {
		by     chat.Actor
		set    chat.SettingsPatch
		limits chat.Limits
		want   string
	}{
		"closed":               {by: ann, set: chat.SettingsPatch{Closed: ref(true)}, want: "room_closed"},
		"no guests":            {by: guest, set: chat.SettingsPatch{Guests: ref(chat.GuestsNone)}, want: "guests_forbidden"},
		"another room's token": {by: elsewhere, want: "room_forbidden"},
		"a moderator may":      {by: mod, set: chat.SettingsPatch{Closed: ref(true)}},
		"readers may":          {by: guest, set: chat.SettingsPatch{Guests: ref(chat.GuestsRead)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tt.limits)
			w.set(t, tt.set)
			_, err := w.join(t, tt.by, "1", nil)
			wantCode(t, err, tt.want)
			if _, n, _ := w.bell.Members(t.Context(), room, 0); (n == 1) != (tt.want == "") {
				t.Errorf("%d members present", n)
			}
		})
	}
}

func TestRoomsOnFirstUse(t *testing.T) {
	t.Run("by staff only", func(t *testing.T) {
		w := newWorld(t, chat.Limits{RoomsByStaff: true})
		_, err := w.join(t, ann, "1", nil)
		wantCode(t, err, "room_unknown")
		_, err = w.Post(t.Context(), ann, room, chat.Draft{Text: "hi"})
		wantCode(t, err, "room_unknown")
		w.set(t, chat.SettingsPatch{Title: ref("General")})
		if _, err := w.join(t, ann, "1", nil); err != nil {
			t.Errorf("join of the room that staff made: %v", err)
		}
	})
	t.Run("bounded", func(t *testing.T) {
		w := newWorld(t, chat.Limits{RoomsMax: 2})
		w.mustPost(t, ann, "stored")
		if _, err := w.Join(t.Context(), ann, "1", "second", nil); err != nil {
			t.Fatal(err)
		}
		_, err := w.Join(t.Context(), ann, "1", "third", nil)
		wantCode(t, err, "too_many_rooms")
		if _, err := w.Join(t.Context(), bob, "2", "second", nil); err != nil {
			t.Errorf("join of an occupied room: %v", err)
		}
	})
	t.Run("by address", func(t *testing.T) {
		w := newWorld(t, chat.Limits{NewRoomsPerAddr: chat.Rate{Limit: 1, Period: time.Hour}})
		if _, err := w.Join(t.Context(), ann, "1", "first", nil); err != nil {
			t.Fatal(err)
		}
		_, err := w.Join(t.Context(), ann, "1", "second", nil)
		wantCode(t, err, "rate_limited")
	})
	t.Run("a join leaves no row", func(t *testing.T) {
		w := newWorld(t, chat.Limits{})
		if _, err := w.join(t, ann, "1", nil); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Directory.CountRooms(t.Context()); n != 0 || err != nil {
			t.Errorf("%d rooms stored (%v), want none", n, err)
		}
	})
}

func TestMembersLimitCountsUsers(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.set(t, chat.SettingsPatch{MembersLimit: ref(1)})
	for _, s := range []chat.SessionID{"1", "2"} { // two tabs are one member
		if _, err := w.join(t, ann, s, nil); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.join(t, bob, "3", nil)
	wantCode(t, err, "room_full")
	if _, err := w.join(t, mod, "4", nil); err != nil {
		t.Errorf("a moderator can't enter a full room: %v", err)
	}
	w.Leave(t.Context(), "1", room)
	w.Leave(t.Context(), "2", room)
	w.Leave(t.Context(), "4", room)
	if _, err := w.join(t, bob, "3", nil); err != nil {
		t.Errorf("the place that was left isn't free: %v", err)
	}
}

func TestJoinStartsWhereItSays(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	j, err := w.join(t, ann, "1", nil)
	if err != nil {
		t.Fatal(err)
	}
	empty := chat.Position{Epoch: j.Room.Epoch, Seq: j.Room.Seq}
	var ids []chat.MessageID
	for i := range 5 {
		ids = append(ids, w.mustPost(t, ann, fmt.Sprint(i)).ID)
	}
	if _, err := w.DeleteOwn(t.Context(), ann, room, ids[1:2]); err != nil {
		t.Fatal(err)
	}

	j, err = w.join(t, bob, "2", &empty)

	if err != nil || !j.Recovered {
		t.Fatalf("recovery of an empty room's reader: recovered %t, %v", j.Recovered, err)
	}
	var got []string
	for _, e := range j.Events {
		s := string(e.Kind)
		if e.Message != nil {
			s += " " + e.Message.Text
		}
		got = append(got, s)
	}
	want := []string{"message 0", "message 2", "message 3", "message 4", "deleted"}
	if !slices.Equal(got, want) {
		t.Errorf("replayed %q, want %q", got, want)
	}
	j, err = w.join(t, bob, "2", &chat.Position{Epoch: "another", Seq: 1})
	if err != nil || j.Recovered || len(j.Messages) != 4 {
		t.Errorf("another epoch: recovered %t with %d messages, %v, want a fresh state of 4", j.Recovered, len(j.Messages), err)
	}
}

// blindLog can't be read while it is broken.
type blindLog struct {
	chat.Log
	broken bool
}

func (l *blindLog) Look(ctx context.Context, r chat.RoomID, q chat.LookQuery) (chat.Look, error) {
	if l.broken {
		return chat.Look{}, errors.New("broken")
	}
	return l.Log.Look(ctx, r, q)
}

func TestFailedJoinUndoesOnlyItself(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.mustPost(t, bob, "the room is stored")
	l := &blindLog{Log: w.Log}
	w.Log = l
	if _, err := w.join(t, ann, "1", nil); err != nil {
		t.Fatal(err)
	}
	l.broken = true
	for _, s := range []chat.SessionID{"1", "2"} { // one that is there, one that isn't
		_, err := w.join(t, ann, s, nil)
		wantCode(t, err, "internal")
	}
	_, err := w.join(t, bob, "3", nil)
	wantCode(t, err, "internal")
	if m, n, err := w.bell.Members(t.Context(), room, 10); n != 1 || err != nil || m[0].ID != ann.ID {
		t.Errorf("present are %v, %v, want Ann alone", m, err)
	}
}

func TestGuestsNames(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	if _, err := w.SignIn(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ann", "ANN", "Аnn", "A n n", "Ａnn"} {
		_, err := w.Rename(t.Context(), guest, name)
		wantCode(t, err, "name_taken")
	}
	_, err := w.Rename(t.Context(), guest, "spam")
	wantCode(t, err, "name_prohibited")
	_, err = w.Rename(t.Context(), guest, "\u200b")
	wantCode(t, err, "name_empty")
	_, err = w.Rename(t.Context(), ann, "Queen Ann")
	wantCode(t, err, "name_fixed")
	if g, err := w.Rename(t.Context(), guest, " Annika "); err != nil || g.Name != "Annika" {
		t.Errorf("a free name: got %q, %v, want Annika", g.Name, err)
	}
	squatter := guest
	squatter.Name = "Ann" // kept from before the real one came
	if g, err := w.SignIn(t.Context(), squatter); err != nil || g.Name == "Ann" || g.Name == "" {
		t.Errorf("a guest with a name that is taken now: got %q, %v, want another name", g.Name, err)
	}
}

func TestMentionsFindPresentAndKnownUsers(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	if _, err := w.SignIn(t.Context(), bob); err != nil { // known, not present
		t.Fatal(err)
	}
	if _, err := w.join(t, chat.Actor{ID: "g:2", Name: "Guest Two", Role: chat.RoleGuest}, "1", nil); err != nil {
		t.Fatal(err)
	}
	m := w.mustPost(t, ann, "@bob and @guest two, mail me@example.org or @nobody")
	if want := []chat.UserID{"u:bob", "g:2"}; !slices.Equal(m.Mentions, want) {
		t.Errorf("mentions %q, want %q", m.Mentions, want)
	}
}

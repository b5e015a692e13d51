package chat_test

import (
	"context"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// readers are those of one room: whether they can be told more, and how often that was asked.
type readers struct {
	busy  bool
	asked int
}

func (r *readers) WaitBacklog(_ context.Context, _ chat.RoomID, most time.Duration) bool {
	if most <= 0 {
		panic("a wait without a bound")
	}
	r.asked++
	return !r.busy
}

func TestABusyRoomRefusesAtNoCost(t *testing.T) {
	w := newWorld(t, chat.Limits{PostsPerUser: chat.Rate{Limit: 2, Period: time.Hour}})
	w.set(t, chat.SettingsPatch{SlowMode: ref(time.Hour)})
	r, late := &readers{}, new(chat.LateBacklog)
	w.Backlog = late
	first, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "first", Nonce: "1"})
	if err != nil {
		t.Fatal(err)
	}
	late.Bind(r)
	r.busy = true
	for range 3 {
		_, err = w.Post(t.Context(), bob, room, chat.Draft{Text: "hello"})
		if e := wantCode(t, err, "room_busy"); e.Kind != chat.Unavailable || e.RetryAfter <= 0 {
			t.Errorf("refused with %+v, want Unavailable with a time to wait", e)
		}
		_, err = w.Edit(t.Context(), ann, room, first.Event.Message.ID, "other")
		wantCode(t, err, "room_busy")
	}
	again, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "first", Nonce: "1"})
	if err != nil || !again.Duplicate {
		t.Errorf("a retry of what is stored: got %+v and %v, want the message", again, err)
	}
	r.busy = false
	w.mustPost(t, bob, "hello")
	if _, err := w.Edit(t.Context(), ann, room, first.Event.Message.ID, "other"); err != nil {
		t.Errorf("Edit once the readers can be told more: %v", err)
	}
}

func TestWhoMayNotWriteDoesNotWait(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.set(t, chat.SettingsPatch{ReadOnly: ref(true)})
	r := &readers{busy: true}
	w.Backlog = r
	_, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "hello"})
	wantCode(t, err, "room_read_only")
	_, err = w.Post(t.Context(), mod, room, chat.Draft{Text: "hello", Nonce: "not one"})
	wantCode(t, err, "nonce_invalid")
	if r.asked != 0 {
		t.Errorf("the readers were asked for %d times before what costs nothing", r.asked)
	}
}

package ws_test

import (
	"testing"

	"github.com/chatd/chatd/chat"
)

// TestWhatTheBellLoses is read from the log, in its order, before what comes after.
func TestWhatTheBellLoses(t *testing.T) {
	w := newWorld(t)
	v1, plain := w.in(t, "", "general"), w.dial(t, "/ws/chat/general", nil)
	w.post(t, "general", text(0))
	w.bell.lose(true)
	for i := 1; i < 20; i++ {
		w.post(t, "general", text(i))
	}
	w.bell.lose(false)
	for i := 20; i < 25; i++ {
		w.post(t, "general", text(i))
	}
	for i := range 25 {
		if f := v1.expect("message"); f.at("message", "text") != text(i) {
			t.Fatalf("got %s, want %q", f, text(i))
		}
		if f := plain.frame(); f["message"] != text(i) {
			t.Fatalf("got %s, want %q", f, text(i))
		}
	}
}

// TestTooMuchLost ends those who can't be told, with a code that says reconnect; who comes
// after is served.
func TestTooMuchLost(t *testing.T) {
	w := newWorld(t)
	p := w.in(t, "", "general")
	w.post(t, "general", text(0))
	p.expect("message")
	w.bell.lose(true)
	for i := range chat.RecoverWindow + 200 {
		done := make(chan error, 1)
		w.Submit(t.Context(), speaker, "general", chat.Draft{Text: text(i)}, func(_ chat.Committed, err error) { done <- err })
		if i == chat.RecoverWindow+199 {
			must(t, <-done)
		}
	}
	w.bell.lose(false)
	w.post(t, "general", "one more")
	p.end(4000)

	q := w.in(t, "", "general")
	w.post(t, "general", "after")
	for {
		if f := q.expect("message"); f.at("message", "text") == "after" {
			return
		}
	}
}

// TestAnEventThatShowsNothing sends the readers to the log for what came before it, and
// they go on after it: it is how the store tells of what it can't render.
func TestAnEventThatShowsNothing(t *testing.T) {
	w := newWorld(t)
	p := w.in(t, "", "general")
	w.post(t, "general", text(0))
	w.bell.lose(true)
	w.post(t, "general", text(1))
	w.bell.lose(false)
	room, err := w.Log.Snapshot(t.Context(), "general", chat.SnapshotQuery{})
	must(t, err)
	at, epoch := room.Room.Seq, room.Room.Epoch
	for range 2 {
		w.bell.Memory.Announce(t.Context(), []chat.Event{{Room: "general", Epoch: epoch, Seq: at, Prev: at}})
	}
	w.post(t, "general", text(2))
	for i := range 3 {
		if f := p.expect("message"); f.at("message", "text") != text(i) {
			t.Fatalf("got %s, want %q", f, text(i))
		}
	}
}

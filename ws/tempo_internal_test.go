package ws

import (
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// TestTempo: what is to be expected is what was said lately, or what is being said.
func TestTempo(t *testing.T) {
	var p tempo
	now := time.UnixMilli(1_000_000)
	p.from = now
	for _, step := range []struct {
		after time.Duration
		said  int
		want  float64 // a second
	}{
		{25 * time.Millisecond, 1, 20}, // no more than that is known yet
		{75 * time.Millisecond, 3, 40},
		{10 * time.Millisecond, 10, 200}, // a raid begins
		{90 * time.Millisecond, 10, 200},
		{10 * time.Second, 1, 200}, // it is over, as the next time will know
		{10 * time.Second, 1, 0.1},
	} {
		now = now.Add(step.after)
		if got := p.note(step.said, now); got != step.want {
			t.Errorf("%d more after %s: got %g a second, want %g", step.said, step.after, got, step.want)
		}
	}
}

// TestRestEndsEarly: a room that has heard enough for one write doesn't rest on.
func TestRestEndsEarly(t *testing.T) {
	s := &Server{}
	s.delivery.init()
	rm := newRoom(s, "r")
	rm.busy = true
	rm.restFor(time.Hour)
	events := func(n int) { rm.Events(make([]chat.Event, n)) }
	events(manyTold - 1)
	if !rm.busy || rm.resting == nil || len(s.delivery.ready) != 0 {
		t.Fatal("the room doesn't rest")
	}
	events(1)
	if rm.resting != nil || len(s.delivery.ready) != 1 {
		t.Error("the room rests on")
	}
	events(1)
	if len(s.delivery.ready) != 1 {
		t.Error("the room was handed over twice")
	}
	rm.restFor(time.Hour)
	if rm.resting != nil || len(s.delivery.ready) != 2 {
		t.Error("a room that has much to tell rests")
	}
}

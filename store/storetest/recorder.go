package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// recorder is a bell that keeps what it is told. Its other methods are never called.
type recorder struct {
	chat.Bell

	mu     sync.Mutex
	events []chat.Event
	more   chan struct{} // closed and made anew with every announcement
	hook   func([]chat.Event)
}

func newRecorder() *recorder { return &recorder{more: make(chan struct{})} }

// Announce implements chat.Bell.
func (r *recorder) Announce(_ context.Context, events []chat.Event) {
	r.mu.Lock()
	r.events = append(r.events, events...)
	close(r.more)
	r.more = make(chan struct{})
	hook := r.hook
	r.mu.Unlock()
	if hook != nil {
		hook(events)
	}
}

// call has f called after each announcement from now on.
func (r *recorder) call(f func([]chat.Event)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hook = f
}

// heard waits until n events were announced and returns all.
func (r *recorder) heard(t testing.TB, n int) []chat.Event {
	t.Helper()
	deadline := time.After(patience)
	for {
		r.mu.Lock()
		events, more := r.events[:len(r.events):len(r.events)], r.more
		r.mu.Unlock()
		if len(events) >= n {
			return events
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("got %d events announced, want %d", len(events), n)
		}
	}
}

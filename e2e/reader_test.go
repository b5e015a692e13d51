package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/client"
)

// reader follows a room as a person's page would, and notes whatever is not as promised.
type reader struct {
	c    *client.Client
	room string

	mu     sync.Mutex
	view   client.View
	times  map[string]int // how often each message was posted before our eyes
	fresh  int            // how often the state came anew after the first
	last   int64          // the seq of the last event
	first  int64          // where the first join stood
	closes []error        // why connections ended
	wrong  []string
	reason error // why there are no more events
}

// follow joins a room and reads it until the client is closed, which ends with the test.
func follow(t *testing.T, c *client.Client, room string) *reader {
	t.Helper()
	j := join(t, c, room)
	r := &reader{c: c, room: room, first: j.Seq, view: client.View{Room: room}, times: map[string]int{}, fresh: -1}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for e := range c.Events(context.Background()) {
			r.take(e)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.reason = c.Err()
	}()
	t.Cleanup(func() {
		c.Close()
		<-ended
		for _, w := range r.wrong {
			t.Errorf("reader: %s", w)
		}
	})
	return r
}

func (r *reader) take(e client.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := e.(type) {
	case client.Disconnected:
		r.closes = append(r.closes, e.Err)
	case client.Joined:
		if !e.Recovered {
			r.fresh++
			r.last = e.Seq
		}
	case client.Logged:
		_, seq := e.Position()
		if seq <= r.last {
			r.notLocked("event %d came after %d", seq, r.last)
		}
		r.last = seq
		if p, ok := e.(client.Posted); ok {
			if r.times[p.Message.ID]++; r.times[p.Message.ID] > 1 {
				r.notLocked("message %s came twice", p.Message.ID)
			}
		}
	}
	r.view.Apply(e)
}

func (r *reader) notLocked(format string, args ...any) {
	if len(r.wrong) < 5 {
		r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
	}
}

// at reports the seq of the last event, and why there are no more.
func (r *reader) at() (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last, r.reason
}

// reaches waits until the reader has seen everything up to seq.
func (r *reader) reaches(t *testing.T, seq int64) {
	t.Helper()
	eventually(t, 30*time.Second, fmt.Sprintf("a reader of %s stands at %d", r.room, seq), func() bool {
		at, err := r.at()
		if err != nil && !errors.Is(err, client.ErrClosed) {
			t.Fatalf("a reader ended at %d: %v", at, err)
		}
		return at >= seq
	})
}

// fullView reads a room's whole state with a connection of its own.
func fullView(t *testing.T, p *program, room string) *client.View {
	return fullViewOf(t, p, room, "auditor")
}

// fullViewOf is what a user finds who comes now.
func fullViewOf(t *testing.T, p *program, room, name string) *client.View {
	t.Helper()
	c := p.dial(t, client.Options{Token: user(t, name)})
	defer c.Close()
	j := join(t, c, room)
	v := &client.View{Room: room}
	v.Apply(j)
	before := j.Seq + 1
	if len(j.History) > 0 {
		before = j.History[0].Seq
	}
	for more := before > 1; more; {
		page, err := c.History(within(t, 20*time.Second), room, client.HistoryQuery{Before: before, Limit: 200})
		if err != nil {
			t.Fatalf("history before %d: %v", before, err)
		}
		v.Add(page)
		more = page.MoreBefore && len(page.Messages) > 0
		if len(page.Messages) > 0 {
			before = page.Messages[0].Seq
		}
	}
	return v
}

// sameView compares what a reader has gathered with what a newcomer sees.
func (r *reader) sameView(t *testing.T, fresh *client.View) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	opt := cmpopts.EquateEmpty()
	if d := cmp.Diff(fresh.Messages(), r.view.Messages(), opt); d != "" {
		t.Errorf("a reader's view (+) is not what a newcomer sees (-):\n%.4000s", d)
	}
	if d := cmp.Diff(fresh.Settings, r.view.Settings, opt); d != "" {
		t.Errorf("a reader's settings (+) are not what a newcomer sees (-):\n%s", d)
	}
	if d := cmp.Diff(fresh.Pins, r.view.Pins, opt); d != "" {
		t.Errorf("a reader's pins (+) are not what a newcomer sees (-):\n%s", d)
	}
}

// saw checks that each of these messages was posted before the reader's eyes, but for
// those that are gone: what is deleted while a reader is away is never shown to it.
func (r *reader) saw(t *testing.T, acks map[string]client.Ack, gone map[string]bool) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	missing := 0
	for id := range acks {
		if r.times[id] == 0 && !gone[id] {
			missing++
		}
	}
	if missing > 0 || r.fresh > 0 {
		t.Errorf("a reader missed %d of %d acknowledged messages, and started anew %d times, want none", missing, len(acks), r.fresh)
	}
}

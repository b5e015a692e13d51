package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chatd/chatd/chat"
)

// pending is a queued change, or a deed, and whom to tell.
type pending struct {
	change chat.Change
	done   func(chat.Committed, error)

	deed    *chat.Deed // nil: it is a change
	enacted func(chat.Enacted, error)
}

// queue holds the changes that wait for the committer: at most cap(slots).
type queue struct {
	slots chan struct{} // one for each waiting change
	ready chan struct{} // a hint that something waits
	ended chan struct{} // closed when nothing more is taken in
	wait  time.Duration // for a slot
	away  atomic.Bool   // the database is: refuse at once

	mu sync.Mutex
	// under mu:
	waits  []pending
	closed bool
}

func newQueue(size int, wait time.Duration) *queue {
	return &queue{
		slots: make(chan struct{}, size),
		ready: make(chan struct{}, 1),
		ended: make(chan struct{}),
		wait:  wait,
	}
}

// put queues p, after waiting for a slot where none is free. An error means that p
// isn't queued and never will be.
func (q *queue) put(ctx context.Context, p pending) error {
	if q.away.Load() {
		return errAway
	}
	if err := q.acquire(ctx); err != nil {
		return err
	}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		<-q.slots
		return errStopping
	}
	q.waits = append(q.waits, p)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
	return nil
}

func (q *queue) acquire(ctx context.Context) error {
	select {
	case q.slots <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(q.wait)
	defer t.Stop()
	select {
	case q.slots <- struct{}{}:
		return nil
	case <-q.ended:
		return errStopping
	case <-t.C:
		return errBusy
	case <-ctx.Done():
		return fmt.Errorf("%w (%w)", errBusy, context.Cause(ctx))
	}
}

// some waits until something is queued. When ctx has ended it closes the queue, and reports false once nothing is left.
func (q *queue) some(ctx context.Context) bool {
	for {
		if ctx.Err() != nil {
			q.close()
		}
		if q.holds() {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
		}
	}
}

func (q *queue) holds() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waits) > 0
}

// pop removes up to n changes, oldest first; n of 0: all.
func (q *queue) pop(n int) []pending {
	q.mu.Lock()
	if n <= 0 || n > len(q.waits) {
		n = len(q.waits)
	}
	got := q.waits[:n:n]
	q.waits = q.waits[n:]
	if len(q.waits) == 0 {
		q.waits = nil
	}
	q.mu.Unlock()
	for range got {
		<-q.slots
	}
	return got
}

// length is how many changes wait, those included that are about to be queued.
func (q *queue) length() int { return len(q.slots) }

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.ended)
	}
}

package client

import (
	"context"
	"sync"
)

// reserve is how many events beside the log (a ban, a notice) fit above the bound of
// the queue: there is no asking for them again.
const reserve = 64

// queue holds what waits for Next. It is bounded; nobody waits for space in it.
type queue struct {
	limit int
	space func() // called when a queue that somebody found too full has half emptied

	mu      sync.Mutex
	events  []Event
	head    int  // events[:head] have been taken
	starved bool // space is to be called once the queue is half empty
	dropped int  // events beside the log that found no space, not yet told
	err     error
	ready   chan struct{} // of capacity 1: something to take, or err
}

func newQueue(limit int, space func()) *queue {
	return &queue{limit: limit, space: space, ready: make(chan struct{}, 1)}
}

// put adds an event that can be asked for again; false: there is no space.
func (q *queue) put(e Event) bool { return q.add(e, q.limit) }

// tell adds an event that can't be asked for again. What doesn't fit is counted, and
// told as Dropped.
func (q *queue) tell(e Event) {
	if q.add(e, q.limit+reserve) {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped++
}

func (q *queue) add(e Event, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events)-q.head >= limit {
		q.starved = true
		return false
	}
	q.events = append(q.events, e)
	q.wakeLocked()
	return true
}

// wantSpace reports whether it is worth asking for what was missed; if it is not yet,
// space is called once it is.
func (q *queue) wantSpace() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	roomy := len(q.events)-q.head <= q.limit/2
	q.starved = q.starved || !roomy
	return roomy
}

// end makes next return err once everything that waits has been taken.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = err
	q.wakeLocked()
}

func (q *queue) next(ctx context.Context) (Event, error) {
	for {
		e, err, ok := q.take()
		if ok {
			return e, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-q.ready:
		}
	}
}

func (q *queue) take() (e Event, err error, ok bool) {
	q.mu.Lock()
	space := false
	defer func() {
		q.mu.Unlock()
		if space {
			q.space()
		}
	}()
	switch waiting := len(q.events) - q.head; {
	case waiting > 0:
		e = q.popLocked()
		space = q.starved && waiting-1 <= q.limit/2
		q.starved = q.starved && !space
		q.wakeLocked() // for another caller of next, if there is more
		return e, nil, true
	case q.dropped > 0:
		e, q.dropped = Dropped{Count: q.dropped}, 0
		q.wakeLocked()
		return e, nil, true
	case q.err != nil:
		q.wakeLocked()
		return nil, q.err, true
	}
	return nil, nil, false
}

func (q *queue) popLocked() Event {
	e := q.events[q.head]
	q.events[q.head] = nil
	q.head++
	if q.head == len(q.events) {
		q.events, q.head = q.events[:0], 0
	} else if q.head > q.limit {
		q.events = append(q.events[:0], q.events[q.head:]...)
		q.head = 0
	}
	return e
}

func (q *queue) wakeLocked() {
	if len(q.events) == q.head && q.dropped == 0 && q.err == nil {
		return
	}
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

package load

import (
	"context"
	"fmt"
	"time"
)

// Dial connects all of conns, at most atOnce at a time, and returns when all are in their
// rooms. It fails when a server refuses one.
func (e *Engine) Dial(ctx context.Context, conns []*Conn, atOnce int, limit time.Duration) error {
	next, ended := 0, e.ended
	return e.Until(ctx, limit, fmt.Sprintf("%d readers in their rooms", len(conns)), func() bool {
		for next < len(conns) && e.dialing < atOnce {
			if err := conns[next].dial(); err != nil {
				e.err = fmt.Errorf("dial: %w", err)
				return false
			}
			next++
		}
		if e.ended > ended {
			e.err = fmt.Errorf("the server ended connections while they joined: %v", e.Closed)
		}
		return next == len(conns) && e.dialing == 0
	})
}

// Hangup drops connections, and keeps what is known of them for a return.
func (e *Engine) Hangup(conns []*Conn) {
	for _, c := range conns {
		c.drop()
	}
}

// Schedule calls post with the times of a fixed rate of so many a second from now on, for d.
// A time that has passed is posted at once: nothing is left out.
func (e *Engine) Schedule(ctx context.Context, rate float64, d time.Duration, post func(i int, at int64)) error {
	begin := e.Now()
	for i, n := 0, int(rate*d.Seconds()); i < n; {
		if err := ctx.Err(); err != nil {
			return err
		}
		due := begin + int64(float64(i)/rate*float64(time.Second))
		if due > e.Now() {
			if err := e.Step(due); err != nil {
				return err
			}
			continue
		}
		post(i, due)
		i++
		if i%64 == 0 { // late ones must not keep it from reading
			if err := e.Step(0); err != nil {
				return err
			}
		}
	}
	return e.err
}

// Saturate keeps so many messages on their way for d: the next is sent when all readers
// have got one. done is called at each turn with the time since the beginning.
func (e *Engine) Saturate(ctx context.Context, r *Room, outstanding int64, d time.Duration, authors []*Conn) error {
	begin, moved := e.Now(), e.Now()
	end := begin + int64(d)
	least, next := int64(-1), 0
	for e.Now() < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		for r.Sent-r.Least < outstanding {
			e.Post(authors[next%len(authors)], e.Now())
			next++
		}
		if r.Least != least {
			least, moved = r.Least, e.Now()
		}
		if e.Now()-moved > int64(stuck) {
			return fmt.Errorf("nothing has come for %s: %d of %d messages at all readers, refused %v, ended %v", stuck, r.Least, r.Sent, e.Refused, e.Closed)
		}
		if err := e.Step(min(end, e.Now()+int64(20*time.Millisecond))); err != nil {
			return err
		}
	}
	return nil
}

// stuck is how long a saturated server may need for anything at all.
const stuck = 10 * time.Second

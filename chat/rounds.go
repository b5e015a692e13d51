package chat

import (
	"context"
	"fmt"
	"time"
)

// rounds lets many ask for one reading: those who ask while one is under way share the next. What an asker gets was read
// after they had asked.
//
// Readings follow one another, each in the goroutine of one of its askers; none is left behind.
type rounds[Q, A any] struct {
	turn chan struct{} // of one: who has it reads
	next chan *round[Q, A]
}

// round is those who share a reading.
type round[Q, A any] struct {
	asked []Q
	done  chan struct{} // closed when what follows is set
	got   A
	err   error
}

func newRounds[Q, A any]() *rounds[Q, A] {
	r := &rounds[Q, A]{turn: make(chan struct{}, 1), next: make(chan *round[Q, A], 1)}
	r.next <- &round[Q, A]{done: make(chan struct{})}
	return r
}

// readWithin bounds a reading that many wait for.
const readWithin = 30 * time.Second

// ask waits for a reading that begins after the call. read is called with what all of its askers want to know. Cancelling ctx ends
// the waiting, never a reading that others wait for. pause, which may be nil, is asked how long the reading has to wait; whoever
// asks meanwhile shares it.
func (r *rounds[Q, A]) ask(ctx context.Context, q Q, pause func() time.Duration, read func(ctx context.Context, asked []Q) (A, error)) (A, error) {
	mine := <-r.next
	mine.asked = append(mine.asked, q)
	r.next <- mine
	select {
	case <-mine.done:
	case <-ctx.Done():
		var none A
		return none, fmt.Errorf("wait for a reading: %w", ctx.Err())
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
		select {
		case <-mine.done: // somebody read for this round before the turn came
		default:
			if err := rest(ctx, pause); err != nil {
				var none A
				return none, err
			}
			r.lead(ctx, mine, read)
		}
	}
	return mine.got, mine.err
}

// rest waits as long as pause says.
func rest(ctx context.Context, pause func() time.Duration) error {
	if pause == nil {
		return nil
	}
	d := pause()
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a reading: %w", ctx.Err())
	}
}

// lead reads for a round, which nobody joins from now on.
func (r *rounds[Q, A]) lead(ctx context.Context, mine *round[Q, A], read func(ctx context.Context, asked []Q) (A, error)) {
	<-r.next
	r.next <- &round[Q, A]{done: make(chan struct{})}
	mine.err = errNotRead // where read panics
	defer close(mine.done)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readWithin)
	defer cancel()
	mine.got, mine.err = read(ctx, mine.asked)
}

var errNotRead = fmt.Errorf("what others were reading broke off")

package store

import (
	"context"
	"fmt"
	"sync"
)

// group commits small writes of many callers together: while one transaction runs, the
// writes that come in wait for the next. The first of them to get its turn runs it for all.
type group struct {
	turn chan struct{} // held by whoever runs a transaction

	mu    sync.Mutex
	waits []groupWrite // under mu
}

type groupWrite struct {
	write func(ctx context.Context, q querier) error
	done  chan error // buffered
}

func newGroup() *group { return &group{turn: make(chan struct{}, 1)} }

// inGroup runs write in a transaction with others; an error of one is everybody's, so
// it is for writes that only fail with the database. Where ctx ends first, write may
// still happen.
func (s *Store) inGroup(ctx context.Context, write func(ctx context.Context, q querier) error) error {
	w := groupWrite{write: write, done: make(chan error, 1)}
	s.group.mu.Lock()
	s.group.waits = append(s.group.waits, w)
	s.group.mu.Unlock()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for others' writes: %w", context.Cause(ctx))
	case s.group.turn <- struct{}{}:
	}
	s.runGroup(ctx)
	<-s.group.turn
	return <-w.done
}

// runGroup writes all that waits, which may be nothing any more.
func (s *Store) runGroup(ctx context.Context) {
	s.group.mu.Lock()
	waits := s.group.waits
	s.group.waits = nil
	s.group.mu.Unlock()
	if len(waits) == 0 {
		return
	}
	// The caller who happens to run it must not take the others down with it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.CommitTimeout)
	defer cancel()
	err := s.inWrite(ctx, func(q querier) error {
		for _, w := range waits {
			if err := w.write(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	for _, w := range waits {
		w.done <- err
	}
}

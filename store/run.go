package store

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// Run stores what is appended, indexes it, keeps house and renews this node's lease,
// until ctx has ended; then it commits what is queued and returns. It can run once. It
// ends early, with an error, only where another node has taken this one's place.
func (s *Store) Run(ctx context.Context) error {
	if s.running.Swap(true) {
		return errors.New("store: Run was called before")
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		s.commitLoop(ctx)
		return nil
	})
	g.Go(func() error {
		s.searchLoop(ctx)
		return nil
	})
	g.Go(func() error {
		s.housekeepingLoop(ctx)
		return nil
	})
	g.Go(func() error { return s.db.run(ctx) })
	if s.node != nil {
		g.Go(func() error { return s.leaseLoop(ctx) })
	}
	return g.Wait()
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// part is something that works until its context ends, and has then ended all it started.
// One that has nothing to do may return nil at once.
type part struct {
	name string
	run  func(context.Context) error
}

// runParts runs the parts until ctx ends or one of them fails, then stops them one by one
// in the reverse order. When that takes longer than bound it gives up waiting: the process
// is to end.
func runParts(ctx context.Context, parts []part, bound time.Duration, log *slog.Logger) error {
	// Ending ctx must not end all parts at once.
	group, failed := errgroup.WithContext(context.WithoutCancel(ctx))
	stops := make([]func(), 0, len(parts))
	for _, p := range parts {
		partCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		ended := make(chan struct{})
		group.Go(func() error {
			defer close(ended)
			if err := p.run(partCtx); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return nil
		})
		stops = append(stops, func() {
			cancel()
			<-ended
			log.Debug("stopped", "part", p.name)
		})
	}
	stopping := make(chan struct{})
	group.Go(func() error {
		select {
		case <-ctx.Done():
		case <-failed.Done():
		}
		close(stopping)
		for _, stop := range slices.Backward(stops) {
			stop()
		}
		return nil
	})
	return waitWithin(group.Wait, stopping, bound)
}

// waitWithin waits as long as it takes until stopping is closed, and from then for bound.
func waitWithin(wait func() error, stopping <-chan struct{}, bound time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- wait() }()
	select {
	case err := <-done:
		return err
	case <-stopping:
	}
	timer := time.NewTimer(bound)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("did not stop within %s", bound)
	}
}

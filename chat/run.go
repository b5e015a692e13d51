package chat

import (
	"context"
	"fmt"
	"time"
)

const (
	pruneEvery = time.Minute
	// roomIdle is how long settings stay remembered of a room that nobody uses.
	roomIdle = 10 * time.Minute
	// lastWrite bounds the writing of what waits when the service ends.
	lastWrite = 5 * time.Second
)

// Run keeps the service's memory of what holds in step with what other nodes announce, and small, and writes what it has
// gathered. It returns when ctx has ended.
func (s *Service) Run(ctx context.Context) error {
	stop, err := s.Bell.ListenAll(ctx, controlListener{s})
	if err != nil {
		return fmt.Errorf("listen for acts: %w", err)
	}
	defer stop()
	tick, write := time.NewTicker(pruneEvery), time.NewTicker(sightEvery)
	defer tick.Stop()
	defer write.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			s.writeSightings(last)
			return nil
		case <-tick.C:
			s.prune()
		case <-write.C:
			s.writeSightings(ctx)
		}
	}
}

func (s *Service) writeSightings(ctx context.Context) {
	if err := s.WriteSightings(ctx); err != nil {
		s.Logger.WarnContext(ctx, "note who has come", "error", err)
	}
}

// prune forgets what is over.
func (s *Service) prune() {
	now := s.now()
	s.sanctions.prune(now)
	s.locks.prune(now)
	s.rooms.prune(now.Add(-roomIdle))
	s.payments.prune(now)
	s.departures.prune(now)
	s.waiting.prune(now)
	s.views.prune(now.Add(-viewIdle))
	s.free.prune(now)
}

// controlListener puts in force what another node decided; for this node's own it changes nothing.
type controlListener struct{ s *Service }

func (controlListener) Events([]Event) {}

func (l controlListener) Signal(sig Signal) {
	switch {
	case sig.Control != nil:
		l.s.apply(*sig.Control)
	case sig.Held != nil && sig.Held.State != HeldPending:
		l.s.waiting.leave(sig.Held.Message.ID)
	}
}

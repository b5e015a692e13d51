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
)

// Run keeps the service's memory of sanctions and settings in step with what other nodes announce, and
// small. It returns when ctx has ended.
func (s *Service) Run(ctx context.Context) error {
	stop, err := s.Bell.ListenAll(ctx, controlListener{s})
	if err != nil {
		return fmt.Errorf("listen for sanctions: %w", err)
	}
	defer stop()
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			now := s.now()
			s.sanctions.prune(now)
			s.rooms.prune(now.Add(-roomIdle))
			s.payments.prune(now)
		}
	}
}

// controlListener puts in force what another node decided; for this node's own it changes nothing.
type controlListener struct{ s *Service }

func (controlListener) Event(Event) {}

func (l controlListener) Signal(sig Signal) {
	switch {
	case sig.Sanction == nil:
	case sig.Sanction.Lifted:
		id := sig.Sanction.Sanction.ID
		l.s.sanctions.remove(sig.Sanction.Sanction.User, func(x Sanction) bool { return x.ID == id })
	default:
		l.s.sanctions.add(sig.Sanction.Sanction)
	}
}

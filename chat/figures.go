package chat

import (
	"context"
	"fmt"
)

// Figures are how much there is of what is stored.
type Figures struct {
	Rooms     int // stored
	Held      int // messages that wait
	Sanctions int // standing
}

// Figures counts what is stored. Needs stats:read.
func (s *Service) Figures(ctx context.Context, by Actor) (Figures, error) {
	if err := s.mayRead(by, StatsRead); err != nil {
		return Figures{}, err
	}
	var f Figures
	var err error
	if f.Rooms, err = s.Directory.CountRooms(ctx); err != nil {
		return f, fmt.Errorf("count rooms: %w", err)
	}
	if f.Held, err = s.Directory.CountHeld(ctx); err != nil {
		return f, fmt.Errorf("count held messages: %w", err)
	}
	f.Sanctions = s.sanctions.count()
	return f, nil
}

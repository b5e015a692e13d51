package chat

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/chatd/chatd/policies"
)

// Config is what a Service needs.
type Config struct {
	Log       Log
	Directory Directory
	Bell      Bell
	Presence  Presence
	Limiter   Limiter
	Judge     Judge
	Limits    Limits
	Now       func() time.Time
	NewID     func() string // UUID version 7
	Logger    *slog.Logger
}

// Judge decides about texts; policies.Set is one.
type Judge interface {
	Check(in policies.Input) policies.Verdict
}

// Limits bound what one user, one address and all together may do. A zero Rate means unlimited.
type Limits struct {
	PostsPerUser    Rate
	PostsPerAddr    Rate
	ActsPerUser     Rate // reactions, edits, deletions, settings: everything else that writes
	SignalsPerUser  Rate // typing, read markers
	ReadsPerUser    Rate // history, members
	JoinsPerAddr    Rate
	NewRoomsPerAddr Rate
	// RoomsByStaff lets only staff and moderators make rooms; else the first use makes one.
	RoomsByStaff bool
	// RoomsMax bounds the rooms that are stored or occupied.
	RoomsMax int
	// EditWindow is how long authors may edit their messages; zero: for ever.
	EditWindow time.Duration
}

// RecoverWindow is how many events back a reader can recover.
const RecoverWindow = 1000

// Service is the core: every request of every transport passes here. Safe for concurrent use.
type Service struct {
	Config
	sanctions *sanctionBook
	rooms     *roomBook
	payments  *payments
}

// New makes a Service and reads what stands against whom. It starts nothing.
func New(ctx context.Context, c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{Config: c, sanctions: newSanctionBook(), rooms: newRoomBook(), payments: newPayments()}
	standing, err := c.Directory.Standing(ctx, c.Now())
	if err != nil {
		return nil, fmt.Errorf("read standing sanctions: %w", err)
	}
	for _, x := range standing {
		s.sanctions.add(x)
	}
	return s, nil
}

// now is the present, as events carry it: UTC, whole milliseconds.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

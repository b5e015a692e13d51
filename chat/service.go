package chat

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/chatd/chatd/policies"
)

// Config is what a Service needs.
type Config struct {
	Log       Log
	Ledger    Ledger
	Directory Directory
	Accounts  Accounts
	Bell      Bell
	Presence  Presence
	Sessions  Sessions // LateSessions, where they are made after the Service
	Backlog   Backlog  // LateBacklog, where it is made after the Service; nil: nobody waits for readers
	Limiter   Limiter
	Judge     Judge
	Limits    Limits
	// Aliases is the secret behind aliases of addresses and hashes of agents; at least 16 bytes.
	Aliases []byte
	// TrustedProxies are never sanctioned unless somebody insists.
	TrustedProxies []netip.Prefix
	// SignInConfigured says that visitors can sign in here: else they are never told to.
	SignInConfigured bool
	Now              func() time.Time
	NewID            func() string // UUID version 7
	Logger           *slog.Logger
}

// Judge decides about texts; policies.Set is one.
type Judge interface {
	Check(in policies.Input) policies.Verdict
	// Names lists the policies that a room can choose.
	Names() []string
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
	sanctions  *sanctionBook
	locks      *lockBook
	revoked    *revocations
	rooms      *roomBook
	payments   *payments
	departures *departures
	sightings  *sightings
	waiting    *waiting
	free       *freeNames
	views      *viewBook
	openings   *rounds[RoomID, map[RoomID]opening]   // rooms that aren't remembered
	namings    *rounds[string, map[string]UserID]    // who has a name
	comings    *rounds[UserID, map[UserID]time.Time] // since when somebody comes
}

// New makes a Service and reads what holds: sanctions, lock-downs, revoked tokens. It starts nothing.
func New(ctx context.Context, c Config) (*Service, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Sessions == nil {
		c.Sessions = new(LateSessions)
	}
	s := &Service{
		Config: c, sanctions: newSanctionBook(), locks: newLockBook(), revoked: newRevocations(), rooms: newRoomBook(),
		payments: newPayments(), departures: newDepartures(), sightings: newSightings(), waiting: newWaiting(), views: newViewBook(),
		free: newFreeNames(), openings: newRounds[RoomID, map[RoomID]opening](), namings: newRounds[string, map[string]UserID](), comings: newRounds[UserID, map[UserID]time.Time](),
	}
	return s, s.load(ctx)
}

// load reads what holds now.
func (s *Service) load(ctx context.Context) error {
	now := s.now()
	err := s.Directory.Standing(ctx, now, func(x Sanction) error {
		s.sanctions.put(x)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read standing sanctions: %w", err)
	}
	locks, err := s.Directory.Lockdowns(ctx, now)
	if err != nil {
		return fmt.Errorf("read lock-downs: %w", err)
	}
	for _, l := range locks {
		s.locks.put(l, 0, false)
	}
	from, err := s.Directory.TokensFrom(ctx)
	if err != nil {
		return fmt.Errorf("read revoked tokens: %w", err)
	}
	for user, t := range from {
		s.revoked.put(user, t)
	}
	return nil
}

// now is the present, as events carry it: UTC, whole milliseconds.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

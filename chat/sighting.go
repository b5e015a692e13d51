package chat

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// sightEvery is how often sightings are written.
	sightEvery = 5 * time.Second
	// maxSightings bounds those that wait to be written: when so many strangers come at once, the rest isn't noted.
	maxSightings = 50_000
)

// sightings gather who comes, from where, until Run writes them: nobody waits for it.
type sightings struct {
	mu      sync.Mutex
	waiting map[sightKey]Sighting
	lost    int
}

type sightKey struct {
	user         UserID
	alias, agent string
}

func newSightings() *sightings { return &sightings{waiting: make(map[sightKey]Sighting)} }

// note remembers a sighting, or that a known one is still there.
func (b *sightings) note(x Sighting) {
	key := sightKey{x.User, x.Alias, x.AgentHash}
	b.mu.Lock()
	defer b.mu.Unlock()
	have, ok := b.waiting[key]
	switch {
	case ok:
		first := x.First
		if have.First.Before(first) {
			first = have.First
		}
		if have.Last.After(x.Last) {
			x = have
		}
		x.First = first
	case len(b.waiting) >= maxSightings:
		b.lost++
		return
	}
	b.waiting[key] = x
}

// first returns when a user was first seen, as far as it isn't written yet.
func (b *sightings) first(key sightKey) (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x, ok := b.waiting[key]
	return x.First, ok
}

// name returns what a user was called, as far as it isn't written yet.
func (b *sightings) name(key sightKey) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x, ok := b.waiting[key]
	return x.Name, ok
}

// takeAll returns what waits, and how many were left out since the last time.
func (b *sightings) takeAll() ([]Sighting, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all, lost := slices.Collect(maps.Values(b.waiting)), b.lost
	b.waiting, b.lost = make(map[sightKey]Sighting), 0
	return all, lost
}

// sight notes that an actor is here.
func (s *Service) sight(a Actor) {
	now := s.now()
	s.sightings.note(Sighting{
		User: a.ID, Name: a.Name, Role: a.Role, Alias: a.Alias, Addr: a.Addr, Agent: a.Agent, AgentHash: s.agentHash(a.Agent),
		Tokenless: a.Tokenless, First: now, Last: now,
	})
}

// SignOut notes when somebody was last there. It is called when a connection ends, and costs nothing.
func (s *Service) SignOut(a Actor) {
	if a.Role != RoleStaff && a.ID != "" {
		s.sight(a)
	}
}

// WriteSightings stores who has come since the last time. Run calls it every few seconds and at its end.
func (s *Service) WriteSightings(ctx context.Context) error {
	all, lost := s.sightings.takeAll()
	if lost > 0 {
		s.Logger.WarnContext(ctx, "too many came at once to note them all", "left_out", lost)
	}
	if len(all) == 0 {
		return nil
	}
	if err := s.Directory.Sight(ctx, all); err != nil {
		for _, x := range all {
			s.sightings.note(x) // for the next time, as far as there is room
		}
		return fmt.Errorf("note sightings: %w", err)
	}
	for _, x := range all {
		if !x.User.Guest() {
			s.free.take(Skeleton(x.Name)) // the store may have taken it back from an earlier time
		}
	}
	return nil
}

// guestSince returns when a guest was first seen: by what is stored of them, else by their token, else now.
func (s *Service) guestSince(ctx context.Context, a Actor) (time.Time, error) {
	now := s.now()
	first := now
	if !a.Issued.IsZero() && a.Issued.Before(now) {
		first = a.Issued
	}
	if now.Sub(first) >= MaxKnown || a.Tokenless {
		return first, nil // nobody asks further back
	}
	if at, ok := s.sightings.first(sightKey{a.ID, a.Alias, s.agentHash(a.Agent)}); ok && at.Before(first) {
		first = at
	}
	seen, err := s.comings.ask(ctx, a.ID, nil, s.Directory.FirstSeen)
	if err != nil {
		return time.Time{}, fmt.Errorf("find guest: %w", err)
	}
	if at, ok := seen[a.ID]; ok && at.Before(first) {
		first = at
	}
	return first, nil
}

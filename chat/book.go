package chat

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gaissmai/bart"
)

// sanctionBook holds every standing sanction: asked at each request, so in memory. What a look-up costs doesn't
// depend on how many there are.
type sanctionBook struct {
	mu       sync.RWMutex
	byID     map[SanctionID]*Sanction // immutable, as are the lists below
	byUser   map[UserID][]*Sanction
	byAlias  map[string][]*Sanction
	byPrefix bart.Table[[]*Sanction]
	// ended are the versions at which sanctions were lifted: word of an earlier one may come later (Bell.Signal has no order).
	ended map[SanctionID]ended
}

type ended struct {
	version int64
	at      time.Time
}

// endedFor is how long a lifted sanction is remembered, for word of it that is late.
const endedFor = 10 * time.Minute

func newSanctionBook() *sanctionBook {
	return &sanctionBook{
		byID:    make(map[SanctionID]*Sanction),
		byUser:  make(map[UserID][]*Sanction),
		byAlias: make(map[string][]*Sanction),
		ended:   make(map[SanctionID]ended),
	}
}

// put makes s hold as it is now, unless a later state of it is known. Putting it again changes nothing.
func (b *sanctionBook) put(s Sanction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.ended[s.ID]; ok && s.Version <= e.version {
		return
	}
	if have := b.byID[s.ID]; have != nil {
		if s.Version < have.Version {
			return
		}
		if s.Version == have.Version {
			s.Also = union(have.Also, s.Also)
		}
		b.dropLocked(have)
	}
	delete(b.ended, s.ID)
	b.byID[s.ID] = &s
	b.indexLocked(&s, func(list []*Sanction) []*Sanction { return append(slices.Clone(list), &s) })
}

func union(a, b []UserID) []UserID {
	all := slices.Clone(a)
	for _, u := range b {
		if !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all
}

// lift ends s.
func (b *sanctionBook) lift(s Sanction, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	have := b.byID[s.ID]
	if have != nil && have.Version > s.Version {
		return // lifted, and put back since
	}
	b.ended[s.ID] = ended{version: s.Version, at: now}
	if have != nil {
		b.dropLocked(have)
	}
}

func (b *sanctionBook) dropLocked(s *Sanction) {
	delete(b.byID, s.ID)
	b.indexLocked(s, func(list []*Sanction) []*Sanction {
		var kept []*Sanction
		for _, x := range list {
			if x.ID != s.ID {
				kept = append(kept, x)
			}
		}
		return kept
	})
}

// indexLocked changes every list that s stands in.
func (b *sanctionBook) indexLocked(s *Sanction, change func([]*Sanction) []*Sanction) {
	switch {
	case s.Target.Prefix.IsValid():
		b.byPrefix.Modify(plainPrefix(s.Target.Prefix), func(list []*Sanction, _ bool) ([]*Sanction, bool) {
			list = change(list)
			return list, len(list) == 0
		})
	case s.Target.Alias != "":
		changeList(b.byAlias, s.Target.Alias, change)
	default:
		changeList(b.byUser, s.Target.User, change)
	}
	for _, u := range s.Also {
		if u != s.Target.User {
			changeList(b.byUser, u, change)
		}
	}
}

func changeList[K comparable](m map[K][]*Sanction, key K, change func([]*Sanction) []*Sanction) {
	if list := change(m[key]); len(list) > 0 {
		m[key] = list
	} else {
		delete(m, key)
	}
}

// against returns what holds against an actor in a room; the empty room is every one of them. Nothing is held against staff,
// and against moderators only what is held against them by name.
func (b *sanctionBook) against(a Actor, room RoomID, now time.Time) standing {
	return b.matching(a, func(s *Sanction) bool { return s.InForce(room, now) })
}

// anywhere returns what holds against an actor in some room.
func (b *sanctionBook) anywhere(a Actor, now time.Time) standing {
	return b.matching(a, func(s *Sanction) bool { return s.Standing(now) && !now.Before(s.Starts) })
}

func (b *sanctionBook) matching(a Actor, holds func(*Sanction) bool) standing {
	var st standing
	if a.Role == RoleStaff {
		return st
	}
	add := func(list []*Sanction) {
		for _, s := range list {
			if s.Target.hits(a) && holds(s) {
				st.add(s, a)
			}
		}
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	add(b.byUser[a.ID])
	if a.Role == RoleModerator {
		return st
	}
	for _, s := range b.byUser[a.Was] {
		if s.follows(a) && holds(s) {
			st.add(s, a)
		}
	}
	if a.Alias != "" {
		add(b.byAlias[a.Alias])
	}
	if a.Addr.IsValid() {
		addr := a.Addr.Unmap().WithZone("")
		for _, list := range b.byPrefix.Supernets(netip.PrefixFrom(addr, addr.BitLen())) {
			add(list)
		}
	}
	return st
}

// hits reports whether a is among those of the target's address that are meant.
func (t Target) hits(a Actor) bool {
	switch t.Only {
	case Guests:
		return a.Guest()
	case Tokenless:
		return a.Tokenless
	default:
		return true
	}
}

// ofUser lists what stands against a user by name, started or not.
func (b *sanctionBook) ofUser(id UserID, now time.Time) []Sanction {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []Sanction
	for _, s := range b.byUser[id] {
		if s.Standing(now) {
			all = append(all, *s)
		}
	}
	return all
}

// known reports whether a sanction is known, standing or lifted a short time ago, and in which version.
func (b *sanctionBook) known(id SanctionID) (yes bool, version int64) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	e, over := b.ended[id]
	if s := b.byID[id]; s != nil {
		return true, s.Version
	}
	return over, e.version
}

// count is how many are known, the few that are over and not yet forgotten included.
func (b *sanctionBook) count() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.byID)
}

// prune forgets what has expired. It looks without stopping the others.
func (b *sanctionBook) prune(now time.Time) {
	over := b.over(now)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range over {
		if b.byID[s.ID] == s { // not changed since
			b.dropLocked(s)
		}
	}
	for id, e := range b.ended {
		if now.Sub(e.at) > endedFor {
			delete(b.ended, id)
		}
	}
}

func (b *sanctionBook) over(now time.Time) []*Sanction {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var over []*Sanction
	for _, s := range b.byID {
		if !s.Standing(now) {
			over = append(over, s)
		}
	}
	return over
}

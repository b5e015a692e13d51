package chat

import (
	"sync"
	"time"
)

// lockBook holds the lock-downs in force, by room; those of all rooms under the empty one.
type lockBook struct {
	mu     sync.RWMutex
	byRoom map[RoomID]map[LockdownID]lockEntry
}

// lockEntry is a lock-down as an act left it: lifted ones stay until their time is over, for word of them that is late.
type lockEntry struct {
	Lockdown
	pos    Pos // of the act
	lifted bool
}

func newLockBook() *lockBook {
	return &lockBook{byRoom: make(map[RoomID]map[LockdownID]lockEntry)}
}

// put notes what the act at pos made of a lock-down, unless what a later one made of it is known.
func (b *lockBook) put(l Lockdown, pos Pos, lifted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	of := b.byRoom[l.Room]
	if of == nil {
		of = make(map[LockdownID]lockEntry)
		b.byRoom[l.Room] = of
	}
	if have, ok := of[l.ID]; ok && have.pos > pos {
		return
	}
	of[l.ID] = lockEntry{Lockdown: l, pos: pos, lifted: lifted}
}

// find returns a lock-down that is known.
func (b *lockBook) find(id LockdownID) (lockEntry, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, of := range b.byRoom {
		if l, ok := of[id]; ok {
			return l, true
		}
	}
	return lockEntry{}, false
}

// in lists the lock-downs that hold in room.
func (b *lockBook) in(room RoomID, now time.Time) []Lockdown {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []Lockdown
	for _, of := range [...]map[LockdownID]lockEntry{b.byRoom[""], b.byRoom[room]} {
		for _, l := range of {
			if !l.lifted && l.InForce(room, now) {
				all = append(all, l.Lockdown)
			}
		}
		if room == "" {
			break // both are the same
		}
	}
	return all
}

// all lists the lock-downs in force.
func (b *lockBook) all(now time.Time) []Lockdown {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []Lockdown
	for room, of := range b.byRoom {
		for _, l := range of {
			if !l.lifted && l.InForce(room, now) {
				all = append(all, l.Lockdown)
			}
		}
	}
	return all
}

// prune forgets those whose time is over.
func (b *lockBook) prune(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for room, of := range b.byRoom {
		for id, l := range of {
			if !now.Before(l.Until) {
				delete(of, id)
			}
		}
		if len(of) == 0 {
			delete(b.byRoom, room)
		}
	}
}

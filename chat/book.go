package chat

import (
	"sync"
	"time"
)

// sanctionBook holds every standing sanction by user: asked at each request, so in memory.
type sanctionBook struct {
	mu     sync.RWMutex
	byUser map[UserID][]Sanction
}

func newSanctionBook() *sanctionBook {
	return &sanctionBook{byUser: make(map[UserID][]Sanction)}
}

// add puts s in force. Adding it again changes nothing.
func (b *sanctionBook) add(s Sanction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, have := range b.byUser[s.User] {
		if have.ID == s.ID {
			return
		}
	}
	b.byUser[s.User] = append(b.byUser[s.User], s)
}

// remove ends the sanctions of user that drop tells.
func (b *sanctionBook) remove(user UserID, drop func(Sanction) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keepLocked(user, drop)
}

func (b *sanctionBook) keepLocked(user UserID, drop func(Sanction) bool) {
	// A new slice: readers may hold the old one.
	var kept []Sanction
	for _, s := range b.byUser[user] {
		if !drop(s) {
			kept = append(kept, s)
		}
	}
	if kept == nil {
		delete(b.byUser, user)
		return
	}
	b.byUser[user] = kept
}

// find returns the sanction with effect e that holds longest against user in room.
func (b *sanctionBook) find(user UserID, room RoomID, e Effect, now time.Time) (Sanction, bool) {
	b.mu.RLock()
	standing := b.byUser[user]
	b.mu.RUnlock()
	var longest Sanction
	found := false
	for _, s := range standing {
		if s.Effect != e || !s.InForce(room, now) {
			continue
		}
		if !found || s.outlasts(longest) {
			longest, found = s, true
		}
	}
	return longest, found
}

// prune forgets what has expired.
func (b *sanctionBook) prune(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for user := range b.byUser {
		b.keepLocked(user, func(s Sanction) bool { return !s.Expires.IsZero() && !now.Before(s.Expires) })
	}
}

func (s Sanction) outlasts(other Sanction) bool {
	return !other.Expires.IsZero() && (s.Expires.IsZero() || s.Expires.After(other.Expires))
}

// roomBook remembers the rooms in use, so that a post reads no settings from the store.
type roomBook struct {
	mu    sync.Mutex
	rooms map[RoomID]*cachedRoom
}

type cachedRoom struct {
	room Room
	used time.Time
}

func newRoomBook() *roomBook {
	return &roomBook{rooms: make(map[RoomID]*cachedRoom)}
}

func (b *roomBook) room(id RoomID, now time.Time) (Room, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.rooms[id]
	if !ok {
		return Room{}, false
	}
	c.used = now
	return c.room, true
}

// put remembers r unless a later state of the room is known.
func (b *roomBook) put(r Room, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.rooms[r.ID]; ok && c.room.Epoch == r.Epoch && c.room.Seq > r.Seq {
		return
	}
	b.rooms[r.ID] = &cachedRoom{room: r, used: now}
}

// configure applies what an event changed to the room if it is remembered.
func (b *roomBook) configure(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.rooms[e.Room]
	if !ok || c.room.Epoch == e.Epoch && c.room.Seq >= e.Seq {
		return
	}
	c.room.Settings = e.Settings.Apply(c.room.Settings)
	c.room.Seq, c.room.Epoch, c.room.Stored = e.Seq, e.Epoch, true
}

// stored notes that a room has its row.
func (b *roomBook) stored(id RoomID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.rooms[id]; ok {
		c.room.Stored = true
	}
}

// prune forgets the rooms that nobody used since then.
func (b *roomBook) prune(then time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, c := range b.rooms {
		if c.used.Before(then) {
			delete(b.rooms, id)
		}
	}
}

package chat

import (
	"sync"
	"time"
)

// roomBook remembers the rooms in use, so that a post reads no settings from the store.
type roomBook struct {
	mu      sync.Mutex
	rooms   map[RoomID]*cachedRoom
	forgets int // rises when a room is forgotten: what was read before is not remembered after
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

// asOf is to be asked before a room is read, and given to put.
func (b *roomBook) asOf() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.forgets
}

// put remembers r, which was read after asOf, unless a later state of the room is known.
func (b *roomBook) put(r Room, asOf int, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if asOf != b.forgets {
		return
	}
	if c, ok := b.rooms[r.ID]; ok && c.room.Epoch == r.Epoch && c.room.Seq > r.Seq {
		return
	}
	b.rooms[r.ID] = &cachedRoom{room: r, used: now}
}

// change replaces a room that is remembered, unless a later state of it is known.
func (b *roomBook) change(r Room) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.rooms[r.ID]; ok && (c.room.Epoch != r.Epoch || c.room.Seq <= r.Seq) {
		c.room = shared(r)
	}
}

// stored notes that a room has its row.
func (b *roomBook) stored(id RoomID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.rooms[id]; ok {
		c.room.Stored = true
	}
}

// forget lets a room be read again.
func (b *roomBook) forget(id RoomID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.rooms, id)
	b.forgets++
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

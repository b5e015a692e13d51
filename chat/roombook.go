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
	losses  map[RoomID]loss
}

// loss is what a room's readers before it know nothing of any more: it was removed, or changed while it wasn't remembered.
type loss struct {
	asOf int // forgets since then
	pos  Pos // of the act
	gone bool
	at   time.Time
}

type cachedRoom struct {
	room Room
	used time.Time
}

func newRoomBook() *roomBook {
	return &roomBook{rooms: make(map[RoomID]*cachedRoom), losses: make(map[RoomID]loss)}
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

// still is what a room is that was read after asOf, or why nobody knows.
func (b *roomBook) still(was Room, asOf int) (Room, *Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lost := b.losses[was.ID]
	c, remembered := b.rooms[was.ID]
	switch {
	case lost.asOf > asOf && lost.gone:
		return Room{}, errRoomUnknown()
	case remembered:
		return c.room, nil
	case lost.asOf > asOf:
		return Room{}, errOvertaken()
	}
	return was, nil
}

// change replaces a room that is remembered by what the act at pos made of it, unless a later state of it is known. What is
// being read of one that isn't remembered may be its state before the act.
func (b *roomBook) change(r Room, pos Pos, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.rooms[r.ID]
	switch {
	case !ok:
		b.loseLocked(r.ID, loss{pos: pos, at: now})
	case c.room.Epoch != r.Epoch || c.room.Seq <= r.Seq:
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

// forget lets a room be read again, which the act at pos removed (gone) or gave another epoch.
func (b *roomBook) forget(id RoomID, pos Pos, gone bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loseLocked(id, loss{pos: pos, gone: gone, at: now})
}

// loseLocked notes a loss, once: word of an act may come again.
func (b *roomBook) loseLocked(id RoomID, l loss) {
	if pos := b.losses[id].pos; l.pos <= pos && pos > 0 {
		return
	}
	delete(b.rooms, id)
	b.forgets++
	l.asOf = b.forgets
	b.losses[id] = l
}

// removed reports whether a room was removed a short time ago: who was in it may still be leaving.
func (b *roomBook) removed(id RoomID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.losses[id].gone
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
	for id, l := range b.losses {
		if l.at.Before(then) {
			delete(b.losses, id)
		}
	}
}

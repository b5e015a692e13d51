package chat

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// maxWaiting is how many messages of one author may wait for a moderator.
	maxWaiting = 20
	// maxWaitingFrom is how many may wait of all who come from one address (AddrKey): guests are free to make. It is counted
	// where they are connected, from the start of the node on.
	maxWaitingFrom = 100
)

// waiting counts the messages that wait for a moderator, those included that are on their way to the store.
type waiting struct {
	mu       sync.Mutex
	all      map[HeldID]waiter
	byAuthor map[UserID]int
	byAddr   map[string]int
}

type waiter struct {
	room   RoomID
	author UserID
	addr   string // empty: none
	since  time.Time
}

func newWaiting() *waiting {
	return &waiting{all: make(map[HeldID]waiter), byAuthor: make(map[UserID]int), byAddr: make(map[string]int)}
}

// enter counts a message, unless too many wait already. stored is how many of the author's the store knows.
func (b *waiting) enter(id HeldID, x waiter, stored int) *Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case max(stored, b.byAuthor[x.author]) >= maxWaiting:
		return Refuse(Forbidden, "under_review", "%d messages of yours wait for a moderator. Write again when they have been looked at.", maxWaiting)
	case x.addr != "" && b.byAddr[x.addr] >= maxWaitingFrom:
		return Refuse(Forbidden, "under_review",
			"%d messages from your address wait for a moderator. Write again when they have been looked at.", maxWaitingFrom)
	}
	b.addLocked(id, x)
	return nil
}

// note counts a message that waits, as it turned out.
func (b *waiting) note(id HeldID, x waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.all[id]; !ok {
		b.addLocked(id, x)
	}
}

func (b *waiting) addLocked(id HeldID, x waiter) {
	b.all[id] = x
	b.byAuthor[x.author]++
	if x.addr != "" {
		b.byAddr[x.addr]++
	}
}

// leave counts a message no more.
func (b *waiting) leave(id HeldID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leaveLocked(id)
}

func (b *waiting) leaveLocked(id HeldID) {
	x, ok := b.all[id]
	if !ok {
		return
	}
	delete(b.all, id)
	if b.byAuthor[x.author]--; b.byAuthor[x.author] == 0 {
		delete(b.byAuthor, x.author)
	}
	if b.byAddr[x.addr]--; b.byAddr[x.addr] <= 0 {
		delete(b.byAddr, x.addr)
	}
}

// leaveRoom counts what waited in a room no more.
func (b *waiting) leaveRoom(room RoomID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, x := range b.all {
		if x.room == room {
			b.leaveLocked(id)
		}
	}
}

// prune forgets what has expired: the store ends it without a word.
func (b *waiting) prune(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, x := range b.all {
		if now.Sub(x.since) >= HeldFor {
			b.leaveLocked(id)
		}
	}
}

// mayWait counts a message that is to wait for a moderator, or refuses it: under_review.
func (s *Service) mayWait(ctx context.Context, by Actor, m *Message) error {
	stored, err := s.Directory.CountHeldOf(ctx, by.ID)
	if err != nil {
		return fmt.Errorf("count held messages: %w", err)
	}
	if e := s.waiting.enter(m.ID, s.waiterOf(by, m), stored); e != nil {
		return e
	}
	return nil
}

func (s *Service) waiterOf(by Actor, m *Message) waiter {
	x := waiter{room: m.Room, author: by.ID, since: m.At}
	if by.Addr.IsValid() {
		x.addr = AddrKey(by.Addr)
	}
	return x
}

// waits notes what became of a message: whether it waits.
func (s *Service) waits(by Actor, m *Message, c Committed, err error) {
	if err == nil && c.Held != nil && c.Held.Message.ID == m.ID {
		s.waiting.note(m.ID, s.waiterOf(by, m))
	} else {
		s.waiting.leave(m.ID)
	}
}

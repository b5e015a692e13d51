package chat

import (
	"sync"
	"time"
)

// revocations say from when on a user's tokens hold.
type revocations struct {
	mu   sync.RWMutex
	from map[UserID]time.Time
}

func newRevocations() *revocations { return &revocations{from: make(map[UserID]time.Time)} }

// put never goes back.
func (b *revocations) put(user UserID, from time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if from.After(b.from[user]) {
		b.from[user] = from
	}
}

// holds reports whether the actor's token was issued before that. One that doesn't say when counts as old.
func (b *revocations) holds(a Actor) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	from, ok := b.from[a.ID]
	return ok && a.Issued.Before(from)
}

// unknown returns those of all that are later than what is known.
func (b *revocations) unknown(all map[UserID]time.Time) map[UserID]time.Time {
	b.mu.RLock()
	defer b.mu.RUnlock()
	later := make(map[UserID]time.Time)
	for user, from := range all {
		if from.After(b.from[user]) {
			later[user] = from
		}
	}
	return later
}

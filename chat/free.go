package chat

import (
	"sync"
	"time"
)

// freeNames remember which names no signed-in user has, by skeleton, so that not every post of a guest asks the
// store. A name that a user takes on this node is no longer free from then on; of one who takes it on another node
// guests here hear freeFor later, at most.
type freeNames struct {
	mu    sync.Mutex
	until map[string]time.Time
	taken int // rises when a name is taken: what was asked before isn't remembered after
}

const (
	// freeFor is how long a name is free without asking again.
	freeFor = 30 * time.Second
	// maxFree bounds the names that are remembered; of more guests the rest is asked for each time.
	maxFree = 50_000
)

func newFreeNames() *freeNames { return &freeNames{until: make(map[string]time.Time)} }

// free reports whether a name is known to be free. asOf is to be asked for before the store is, and given to note.
func (b *freeNames) free(skeleton string, now time.Time) (yes bool, asOf int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Before(b.until[skeleton]), b.taken
}

// note remembers that a name was free.
func (b *freeNames) note(skeleton string, asOf int, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.until[skeleton]; asOf == b.taken && (known || len(b.until) < maxFree) {
		b.until[skeleton] = now.Add(freeFor)
	}
}

// take notes that a name is a signed-in user's: when it is stored.
func (b *freeNames) take(skeleton string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken++
	delete(b.until, skeleton)
}

func (b *freeNames) prune(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for skeleton, until := range b.until {
		if !now.Before(until) {
			delete(b.until, skeleton)
		}
	}
}

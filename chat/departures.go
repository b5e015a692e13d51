package chat

import (
	"sync"
	"time"
)

// departures remember who has just left a room: when nobody may come in, they may come back. A page that is
// reloaded, a phone that changes networks has left and comes. Other nodes' departures aren't known.
type departures struct {
	mu sync.Mutex
	at map[visit]time.Time
}

type visit struct {
	room RoomID
	user UserID
}

const (
	// backWithin is how long after leaving one may come back into a room that lets nobody in.
	backWithin = 2 * time.Minute
	// maxDepartures bounds those that are remembered; of a rush beyond it the rest counts as new.
	maxDepartures = 200_000
)

func newDepartures() *departures { return &departures{at: make(map[visit]time.Time)} }

func (d *departures) note(v visit, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.at[v]; ok || len(d.at) < maxDepartures {
		d.at[v] = now
	}
}

func (d *departures) recent(v visit, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.at[v]
	return ok && now.Sub(at) < backWithin
}

func (d *departures) prune(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for v, at := range d.at {
		if now.Sub(at) >= backWithin {
			delete(d.at, v)
		}
	}
}

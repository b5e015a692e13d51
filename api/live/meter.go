package live

import (
	"context"
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

// Config is what a Meter asks.
type Config struct {
	// Sockets reads what the WebSockets count. It is asked once a second and must be quick.
	Sockets  func() Sockets
	Presence chat.Presence
	Now      func() time.Time
}

// Sockets are the counters of the WebSockets; all but what is open only rise.
type Sockets struct {
	Plain, V1 int64 // open sessions
	People    People
	BytesOut  int64
	Refusals  map[string]int64 // by code
}

// Window is how far back figures go.
type Window string

// The windows, and in what steps they come.
const (
	FiveMinutes Window = "5m"  // 5 s
	Hour        Window = "1h"  // 30 s
	Day         Window = "24h" // 5 min
)

// Meter measures. Announced and Snapshot may be called at any time; Run samples.
type Meter struct {
	cfg     Config
	started time.Time

	mu       sync.Mutex // guards what follows
	rings    map[Window]*ring
	talk     talk
	sockets  Sockets // as sampled last
	occupied map[chat.RoomID]int
}

// People are who is connected: a user with two connections is one.
type People struct{ Guests, SignedIn int }

// New makes a Meter. It starts nothing.
func New(c Config) *Meter {
	return &Meter{cfg: c, started: c.Now(), rings: map[Window]*ring{
		FiveMinutes: newRing(5*time.Second, 5*time.Minute),
		Hour:        newRing(30*time.Second, time.Hour),
		Day:         newRing(5*time.Minute, 24*time.Hour),
	}}
}

// Announced counts events that are about to be announced: how many messages, and how long they took from the post to
// here.
func (m *Meter) Announced(events []chat.Event) {
	now := m.cfg.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range events {
		e := &events[i]
		if e.Kind != chat.EventMessage {
			continue
		}
		m.talk.add(now, string(e.By))
		for _, r := range m.rings {
			b := r.at(now)
			b.messages++
			b.latency.add(max(now.Sub(e.At), 0))
		}
	}
}

const sampleEvery = time.Second

// Run samples until ctx has ended.
func (m *Meter) Run(ctx context.Context) error {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		m.sample(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (m *Meter) sample(ctx context.Context) {
	sockets := m.cfg.Sockets()
	occupied, err := m.cfg.Presence.Occupied(ctx)
	now := m.cfg.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.occupied = occupied
	}
	refused := sum(sockets.Refusals) - sum(m.sockets.Refusals)
	sent := sockets.BytesOut - m.sockets.BytesOut
	m.sockets = sockets
	for _, r := range m.rings {
		b := r.at(now)
		b.ticks++
		b.connections = max(b.connections, sockets.Plain+sockets.V1) // a spike that is over shows too
		b.users = max(b.users, sockets.People.Guests+sockets.People.SignedIn)
		b.rooms = max(b.rooms, len(m.occupied))
		b.refusals += refused
		b.bytes += sent
	}
}

func sum(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

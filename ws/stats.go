package ws

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats count what a Server has done since it was made, and what it has at the moment.
type Stats struct {
	Connections int64            // open now, those that are being closed included
	Sessions    map[string]int64 // open now, by protocol
	Guests      int              // who have them; somebody with two is one
	SignedIn    int
	Rooms       int64 // with readers on this node now
	FramesIn    int64
	FramesOut   int64
	BytesOut    int64
	SlowReaders int64            // closed because they didn't read
	Panics      int64            // sessions and rooms ended by a fault of ours
	Refusals    map[string]int64 // by code, at the handshake and after
}

// stats is where Stats come from.
type stats struct {
	connections, framesIn, framesOut, bytesOut, slowReaders, panics atomic.Int64

	mu       sync.Mutex
	refusals map[string]int64 // guarded by mu; codes are few and ours
}

func newStats() *stats { return &stats{refusals: map[string]int64{}} }

func (s *stats) refused(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[code]++
}

// Stats reads the counters.
func (s *Server) Stats() Stats {
	st := Stats{
		Connections: s.stats.connections.Load(),
		FramesIn:    s.stats.framesIn.Load(),
		FramesOut:   s.stats.framesOut.Load(),
		BytesOut:    s.stats.bytesOut.Load(),
		SlowReaders: s.stats.slowReaders.Load(),
		Panics:      s.stats.panics.Load(),
		Rooms:       s.rooms.count(),
	}
	s.index.count(&st)
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	st.Refusals = maps.Clone(s.stats.refusals)
	return st
}

package ws

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// gate keeps writers back while it is shut. Its zero value is open.
type gate struct {
	shut atomic.Bool

	mu   sync.Mutex
	free chan struct{} // closed when it opens; nil: nobody waits
}

// open lets all who wait go on, if it may.
func (g *gate) open(may func() bool) {
	if !g.shut.Load() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !may() {
		return
	}
	g.shut.Store(false)
	if g.free != nil {
		close(g.free)
		g.free = nil
	}
}

// wait waits while the gate is shut; false: it still is, after most or when ctx has ended.
func (g *gate) wait(ctx context.Context, most time.Duration) bool {
	free := g.whenFree()
	if free == nil {
		return true
	}
	bound := time.NewTimer(most)
	defer bound.Stop()
	select {
	case <-free:
		return true
	case <-bound.C:
	case <-ctx.Done():
	}
	return false
}

// whenFree returns what is closed when the gate opens; nil: it is open.
func (g *gate) whenFree() <-chan struct{} {
	if !g.shut.Load() {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut.Load() {
		return nil
	}
	if g.free == nil {
		g.free = make(chan struct{})
	}
	return g.free
}

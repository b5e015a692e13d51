package ws

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chatd/chatd/chat"
)

// The bounds of a backlog, in bytes: above the first who writes waits, until it is down to the second. Between the two nothing
// changes, so that those who wait are woken once, and all of them: nobody overtakes them.
const (
	backlogFull  = 256 << 10
	backlogClear = backlogFull / 2
)

// backlog is what waits for the readers of one room. Its zero value is empty.
type backlog struct {
	bytes atomic.Int64
	full  atomic.Bool // writers are to wait

	mu   sync.Mutex
	free chan struct{} // closed when writers may go on; nil: nobody waits
}

// add notes that n more bytes wait.
func (b *backlog) add(n int) {
	if b.bytes.Add(int64(n)) > backlogFull && b.full.CompareAndSwap(false, true) && b.bytes.Load() <= backlogClear {
		b.open() // they were taken off in between, when it wasn't full
	}
}

// sub notes that n bytes wait no more. Whoever adds bytes takes all of them off again, also when the readers are gone.
func (b *backlog) sub(n int) {
	if b.bytes.Add(-int64(n)) <= backlogClear && b.full.Load() {
		b.open()
	}
}

// open lets the writers go on, unless more has come.
func (b *backlog) open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bytes.Load() > backlogClear {
		return
	}
	b.full.Store(false)
	if b.free != nil {
		close(b.free)
		b.free = nil
	}
}

// wait waits while the backlog is full; false: it still is, after most or when ctx has ended.
func (b *backlog) wait(ctx context.Context, most time.Duration) bool {
	free := b.whenFree()
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

// whenFree returns what is closed when writers may go on; nil: they may.
func (b *backlog) whenFree() <-chan struct{} {
	if !b.full.Load() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.full.Load() {
		return nil
	}
	if b.free == nil {
		b.free = make(chan struct{})
	}
	return b.free
}

// WaitBacklog implements chat.Backlog. A room without readers here never makes anybody wait.
func (s *Server) WaitBacklog(ctx context.Context, room chat.RoomID, most time.Duration) bool {
	rm := s.rooms.find(room)
	return rm == nil || rm.backlog.wait(ctx, most)
}

var _ chat.Backlog = (*Server)(nil)

package ws

import (
	"context"
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
	gate

	bytes atomic.Int64
}

// add notes that n more bytes wait.
func (b *backlog) add(n int) {
	if b.bytes.Add(int64(n)) > backlogFull && b.shut.CompareAndSwap(false, true) {
		b.open(b.clear) // they may have been taken off in between, when it wasn't shut
	}
}

// sub notes that n bytes wait no more. Whoever adds bytes takes all of them off again, also when the readers are gone.
func (b *backlog) sub(n int) {
	if b.bytes.Add(-int64(n)) <= backlogClear {
		b.open(b.clear)
	}
}

func (b *backlog) clear() bool { return b.bytes.Load() <= backlogClear }

// WaitBacklog implements chat.Backlog. A room without readers here never makes anybody wait.
func (s *Server) WaitBacklog(ctx context.Context, room chat.RoomID, most time.Duration) bool {
	rm := s.rooms.find(room)
	if rm == nil {
		return true
	}
	end := time.Now().Add(most)
	if !rm.backlog.wait(ctx, most) {
		return false
	}
	rm.jam.wait(ctx, min(time.Until(end), jamWait))
	return ctx.Err() == nil
}

var _ chat.Backlog = (*Server)(nil)

package chat

import (
	"context"
	"sync/atomic"
	"time"
)

// Backlog knows how much waits for the readers of rooms. It is asked before a message is stored, so that a room never
// gets more to tell than its readers take. ws implements it.
type Backlog interface {
	// WaitBacklog returns true when the readers of a room that are connected here can be told more: at once, as long as
	// little waits for them or there are none. It waits for that at most so long, and at most until ctx ends; false: in vain.
	// A few readers who are slower than the others never make anybody wait; many do for a moment, but nobody is refused for it.
	WaitBacklog(ctx context.Context, room RoomID, most time.Duration) bool
}

// LateBacklog stands for a Backlog that is made after the Service that asks it, as LateSessions does for Sessions.
// Until Bind nothing waits.
type LateBacklog struct{ to atomic.Pointer[Backlog] }

// Bind says who tells the readers.
func (l *LateBacklog) Bind(b Backlog) { l.to.Store(&b) }

// WaitBacklog implements Backlog.
func (l *LateBacklog) WaitBacklog(ctx context.Context, room RoomID, most time.Duration) bool {
	b := l.to.Load()
	return b == nil || (*b).WaitBacklog(ctx, room, most)
}

const (
	// busyAfter is how long a writer waits for the readers of a room, and busyFor how long one who has waited in vain is to
	// leave it.
	busyAfter = 2 * time.Second
	busyFor   = time.Second
)

var errRoomBusy = Refuse(Unavailable, "room_busy",
	"This room has more to tell than its readers can take. Try again in a moment.").After(busyFor)

// awaitReaders makes whoever writes wait for the readers of a room, in their own goroutine. It comes after what refuses
// at no cost and before an allowance is spent. Refusal: room_busy.
func (s *Service) awaitReaders(ctx context.Context, room RoomID) error {
	if s.Backlog == nil || s.Backlog.WaitBacklog(ctx, room, busyAfter) {
		return nil
	}
	return errRoomBusy
}

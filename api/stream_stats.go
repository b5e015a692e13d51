package api

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/chat"
)

// figuresWithin bounds how long the figures may take that all streams wait for.
const figuresWithin = 5 * time.Second

// figures are how the node is doing, as all streams share it: they are counted once a second, however many follow.
// Safe for concurrent use.
type figures struct {
	one singleflight.Group

	mu   sync.Mutex
	last counted // guarded by mu
}

// counted is what was counted at one moment.
type counted struct {
	stored chat.Figures
	now    live.Snapshot
}

// of returns what was counted within the last second, or counts. Everybody hears the same, so that who asks doesn't matter;
// that by may know it has been asked before.
func (f *figures) of(ctx context.Context, h *handler, by chat.Actor) (counted, error) {
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()
	if age := h.chat.Now().Sub(last.now.At); age >= 0 && age < statsEvery {
		return last, nil
	}
	fresh, err, _ := f.one.Do("", func() (any, error) {
		// Without ctx's end: it is one follower's, and the others wait, too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), figuresWithin)
		defer cancel()
		c, err := h.count(ctx, by)
		if err == nil {
			f.mu.Lock()
			f.last = c
			f.mu.Unlock()
		}
		return c, err
	})
	if err != nil {
		return counted{}, fmt.Errorf("count for streams: %w", err)
	}
	c, _ := fresh.(counted)
	return c, nil
}

package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

// writeUsesEvery is how often it is written when keys were last used.
const writeUsesEvery = time.Minute

// lastUses gathers when keys were used, so that it costs a write a minute and not one a request.
type lastUses struct {
	mu sync.Mutex
	at map[string]time.Time // by the key's id: as many as there are keys
}

func newLastUses() *lastUses { return &lastUses{at: make(map[string]time.Time)} }

func (l *lastUses) note(key string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[key] = at
}

// write stores what was gathered. What can't be stored is tried again with what comes next.
func (l *lastUses) write(ctx context.Context, keys chat.Keys) error {
	l.mu.Lock()
	at := l.at
	l.at = make(map[string]time.Time)
	l.mu.Unlock()
	if len(at) == 0 {
		return nil
	}
	err := keys.TouchKeys(ctx, at)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		for key, t := range at {
			if l.at[key].Before(t) {
				l.at[key] = t
			}
		}
	}
	return err
}

// run writes once a minute until ctx ends, and what is left then.
func (l *lastUses) run(ctx context.Context, keys chat.Keys, log *slog.Logger) {
	tick := time.NewTicker(writeUsesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		if err := l.write(bounded, keys); err != nil {
			log.Warn("it can't be stored when keys were last used", "error", err)
		}
		cancel()
		if ctx.Err() != nil {
			return
		}
	}
}

package broker

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/ulule/limiter/v3/drivers/store/memory"

	"github.com/chatd/chatd/chat"
)

const (
	defaultMaxKeys = 1_000_000
	// sweepEvery is the least number of Takes between two sweeps of a part.
	sweepEvery = 1024
)

// limits implements chat.Limiter over the counters of ulule/limiter's memory store.
//
// It uses the store's Cache and not the Store itself for two reasons (limiter
// v3.11.2, drivers/store/memory/cache.go): a Store with a clean-up interval starts a
// goroutine that only the garbage collector stops, and one without never forgets a
// key; and Get counts what it refuses. So each part has a Cache without a cleaner and
// is swept by the Takes themselves, and a lock makes "look, then spend" one step.
type limits struct {
	seed    maphash.Seed
	maxKeys int // of one part
	parts   [shardCount]limitPart
}

type limitPart struct {
	mu    sync.Mutex
	cache *memory.CacheWrapper
	keys  int // in cache, the expired ones included
	due   int // Takes until the next sweep
}

func (l *limits) init(maxKeys int) {
	if maxKeys <= 0 {
		maxKeys = defaultMaxKeys
	}
	l.seed = maphash.MakeSeed()
	l.maxKeys = max(1, maxKeys/shardCount)
	for i := range l.parts {
		l.parts[i].cache = memory.NewCache(0)
		l.parts[i].due = sweepEvery
	}
}

// Take spends one of key's allowance. The window of a key starts at its first Take
// and all its allowance returns at the window's end; use one Rate with one key.
//
// Expired keys are forgotten by later Takes, at a constant cost each. When the table
// is full even so, arbitrary keys are forgotten, and with them what they had spent:
// whoever can fill it with addresses of their own isn't held by limits on addresses.
func (l *limits) Take(ctx context.Context, key string, r chat.Rate) (wait time.Duration, err error) {
	a, err := l.Spend(ctx, key, r)
	if err != nil || !a.Refused {
		return 0, err
	}
	return a.Reset, nil
}

// Spend implements chat.Meter.
func (l *limits) Spend(_ context.Context, key string, r chat.Rate) (chat.Allowance, error) {
	if r.Limit == 0 {
		return chat.Allowance{}, nil
	}
	if r.Limit < 0 || r.Period <= 0 {
		return chat.Allowance{}, fmt.Errorf("take %q: no rate: %d in %s", key, r.Limit, r.Period)
	}
	p := &l.parts[maphash.String(l.seed, key)%shardCount]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweepWhenDue(l.maxKeys)

	c, known := p.cache.Load(key)
	if !known {
		p.keys++
		p.cache.Increment(key, 1, r.Period)
		return chat.Allowance{Left: r.Limit - 1, Reset: r.Period + 1}, nil
	}
	now := time.Now().UnixNano()
	spent, ends := c.Value(), c.Expiration()
	if now > ends {
		spent, ends = 0, now+int64(r.Period)
	}
	// One nanosecond more: at its very end a window isn't over yet.
	reset := time.Duration(ends-now) + 1
	if spent >= r.Limit {
		return chat.Allowance{Reset: reset, Refused: true}, nil
	}
	c.Increment(1, now+int64(r.Period))
	return chat.Allowance{Left: r.Limit - spent - 1, Reset: reset}, nil
}

func (p *limitPart) sweepWhenDue(maxKeys int) {
	if p.due--; p.due > 0 && p.keys < maxKeys {
		return
	}
	p.keys = 0
	p.cache.Range(func(key string, c *memory.Counter) {
		if c.Expired() {
			p.cache.Delete(key)
			return
		}
		p.keys++
	})
	if p.keys >= maxKeys {
		p.forget(p.keys - maxKeys/2)
	}
	// The next sweep costs what stands now and is spread over as many Takes.
	p.due = p.keys + sweepEvery
}

// forget drops n keys, whichever come first.
func (p *limitPart) forget(n int) {
	p.cache.Range(func(key string, _ *memory.Counter) {
		if n > 0 {
			p.cache.Delete(key)
			p.keys--
			n--
		}
	})
}

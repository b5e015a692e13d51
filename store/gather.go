package store

import (
	"context"
	"time"
)

// A commit costs as much as a dozen messages, so that where they come fast it is worth waiting for some more of them.
const (
	gatherMost  = 3 * time.Millisecond   // how long the first one waits, at most
	gatherQuiet = 200 * time.Microsecond // who hasn't come by then doesn't belong to the burst
	gatherWorth = 2                      // how many have to be expected while it waits
	gatherOver  = 50 * time.Millisecond  // how long arrivals are counted to know what to expect
	gatherVain  = 3                      // so many times in vain in a row: who comes waits for the answer before
	gatherSkips = 64                     // how seldom it is tried again then
)

// gatherer lets changes come together before a commit. It waits only where their rate promises several, no longer than a burst lasts, and hardly
// ever where none comes: each of those who wait for the last one's answer before they send the next loses by it.
type gatherer struct {
	queue *queue
	most  int // how many make one commit

	from time.Time // of the arrivals that are being counted
	came int
	gap  time.Duration // between two, on average, when they were counted last; 0: never yet

	vain, skip int
}

// more waits for more than what is queued already.
func (g *gatherer) more(ctx context.Context) {
	if g.gap == 0 || gatherWorth*g.gap > gatherMost {
		return
	}
	if g.skip > 0 {
		g.skip--
		return
	}
	had := g.queue.length()
	if had >= g.most || ctx.Err() != nil {
		return
	}
	g.burst(ctx, had)
	if g.queue.length() > had {
		g.vain = 0
		return
	}
	if g.vain++; g.vain >= gatherVain {
		g.skip = gatherSkips
	}
}

// burst waits until nothing more comes for a while.
func (g *gatherer) burst(ctx context.Context, had int) {
	start := time.Now()
	quiet := max(2*g.gap, gatherQuiet)
	t := time.NewTimer(quiet)
	defer t.Stop()
	for n := had; n < g.most; {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			return
		case <-g.queue.ready:
		}
		if now := g.queue.length(); now > n {
			n = now
			passed := time.Since(start)
			quiet = max(4*passed/time.Duration(n-had), gatherQuiet)
			t.Reset(min(quiet, gatherMost-passed))
		}
	}
}

// took counts what is committed.
func (g *gatherer) took(n int) {
	g.came += n
	if now := time.Now(); now.Sub(g.from) >= gatherOver {
		g.gap = now.Sub(g.from) / time.Duration(g.came)
		g.from, g.came = now, 0
	}
}

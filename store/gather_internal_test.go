package store

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestGather shows how long a commit waits for more, where posts have lately come at a rate.
func TestGather(t *testing.T) {
	const us = time.Microsecond
	for name, tt := range map[string]struct {
		gap   time.Duration   // between those of before
		later []time.Duration // when others come, after the first
		vain  int             // how often nobody came before
		want  int             // how many are stored together
		most  time.Duration   // how long the first one may wait
	}{
		"few":       {gap: 25 * time.Millisecond, later: []time.Duration{100 * us}, want: 1},
		"burst":     {gap: 500 * us, later: []time.Duration{30 * us, 60 * us, 90 * us, 120 * us}, want: 5, most: 400 * us},
		"alone":     {gap: 500 * us, want: 1, most: time.Millisecond},
		"steady":    {gap: 500 * us, later: []time.Duration{500 * us, 1000 * us, 1500 * us, 2000 * us, 2500 * us, 3500 * us}, want: 6, most: gatherMost},
		"answering": {gap: 500 * us, later: []time.Duration{100 * us}, vain: gatherVain, want: 1},
		"never yet": {later: []time.Duration{100 * us}, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(100, time.Second)
				g := gatherer{queue: q, most: 50, gap: tt.gap, from: time.Now()}
				put := func() {
					if err := q.put(t.Context(), pending{}); err != nil {
						t.Error(err)
					}
				}
				for range tt.vain {
					put()
					g.more(t.Context())
					q.pop(0)
				}
				put()
				start := time.Now()
				for _, d := range tt.later {
					go func() {
						time.Sleep(d)
						put()
					}()
				}
				g.more(t.Context())
				if got := time.Since(start); got > tt.most {
					t.Errorf("waited %s, want at most %s", got, tt.most)
				}
				if got := len(q.pop(0)); got != tt.want {
					t.Errorf("got %d together, want %d", got, tt.want)
				}
				synctest.Wait()
				time.Sleep(time.Second) // those who come too late have come
			})
		})
	}
}

// TestGatherEnds: neither a full commit nor the end waits.
func TestGatherEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(100, time.Second)
		g := gatherer{queue: q, most: 2, gap: 100 * time.Microsecond}
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		for range 2 {
			if err := q.put(ctx, pending{}); err != nil {
				t.Fatal(err)
			}
		}
		g.more(ctx)
		q.pop(1)
		cancel()
		g.more(ctx)
		if waited := time.Since(start); waited > 0 {
			t.Errorf("waited %s, want nothing", waited)
		}
	})
}

// TestGatherRate: the rate is that of the last while.
func TestGatherRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gatherer{from: time.Now()}
		for _, tt := range []struct {
			n     int
			after time.Duration
			want  time.Duration
		}{
			{10, 20 * time.Millisecond, 0},
			{90, 30 * time.Millisecond, 500 * time.Microsecond},
			{1, 10 * time.Second, 10 * time.Second},
		} {
			time.Sleep(tt.after)
			if g.took(tt.n); g.gap != tt.want {
				t.Errorf("%d more after %s: the gap is %s, want %s", tt.n, tt.after, g.gap, tt.want)
			}
		}
	})
}

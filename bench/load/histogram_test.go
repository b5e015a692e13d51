package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h Histogram
	if got := h.Quantile(0.99); got != 0 {
		t.Errorf("an empty one says %s, want 0", got)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var all []time.Duration
	for range 100_000 {
		d := time.Duration(random.ExpFloat64() * float64(20*time.Millisecond))
		all = append(all, d)
		h.Add(d)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999} {
		exact := all[int(q*float64(len(all)))]
		if got := h.Quantile(q); got < exact || got > exact+exact/32+1 {
			t.Errorf("quantile %g: got %s, want %s or at most 1/32 more", q, got, exact)
		}
	}
	if h.Max() != all[len(all)-1] || h.Total() != int64(len(all)) {
		t.Errorf("got max %s of %d, want %s of %d", h.Max(), h.Total(), all[len(all)-1], len(all))
	}
}

func TestBucketsHoldWhatTheySay(t *testing.T) {
	for _, n := range []uint64{0, 1, 31, 32, 33, 63, 64, 65, 127, 128, 1 << 20, 1<<20 + 1, 1<<62 + 5} {
		b := bucket(n)
		if top(b) < n || b > 0 && top(b-1) >= n {
			t.Errorf("%d is in bucket %d, which ends at %d after %d", n, b, top(b), top(max(b-1, 0)))
		}
	}
}

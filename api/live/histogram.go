package live

import (
	"math"
	"time"
)

// histogram counts durations in buckets that grow by a fifth: a quantile is at most that much too large.
type histogram [96]uint32

const (
	smallest = 50 * time.Microsecond
	growth   = 1.2
)

func (h *histogram) add(d time.Duration) {
	n := 0
	if d > smallest {
		n = int(math.Ceil(math.Log(float64(d)/float64(smallest)) / math.Log(growth)))
	}
	h[min(n, len(h)-1)]++
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other {
		h[i] += n
	}
}

// quantile returns the duration that this share of all is at most as long as; false where nothing was counted.
func (h *histogram) quantile(share float64) (time.Duration, bool) {
	var all uint64
	for _, n := range h {
		all += uint64(n)
	}
	if all == 0 {
		return 0, false
	}
	rank, sum := uint64(math.Ceil(share*float64(all))), uint64(0)
	for i, n := range h {
		if sum += uint64(n); sum >= max(rank, 1) {
			return time.Duration(float64(smallest) * math.Pow(growth, float64(i))), true
		}
	}
	return 0, false
}

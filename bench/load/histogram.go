package load

import (
	"math/bits"
	"time"
)

// Histogram counts times in buckets at most 1/32 apart. The zero value is empty.
type Histogram struct {
	counts [64 * 32]int64
	total  int64
	most   time.Duration
}

// bucket has the first 32 numbers one by one, then 32 buckets for each power of two.
func bucket(n uint64) int {
	if n < 32 {
		return int(n)
	}
	exponent := bits.Len64(n) - 6 // n>>exponent is 32 to 63
	return exponent*32 + int(n>>exponent)
}

// top is the largest number in a bucket.
func top(bucket int) uint64 {
	if bucket < 64 {
		return uint64(bucket)
	}
	exponent := bucket/32 - 1
	return (uint64(bucket%32)+33)<<exponent - 1
}

// Add counts d; a negative one counts as zero.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	h.total++
	h.most = max(h.most, d)
}

// Total is how many were counted, Max the longest of them.
func (h *Histogram) Total() int64       { return h.total }
func (h *Histogram) Max() time.Duration { return h.most }

// Quantile is the time that the share q of all stays within, at most 1/32 too long; zero
// when nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	rest := int64(q * float64(h.total))
	for i, n := range h.counts {
		if rest -= n; rest < 0 {
			return min(time.Duration(top(i)), h.most)
		}
	}
	return h.most
}

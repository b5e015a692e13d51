package live

import "time"

// bucket is what happened in one step of a ring.
type bucket struct {
	ticks       int // how often it was sampled; 0: the node didn't run, or slept
	connections int64
	users       int
	rooms       int
	messages    int64
	refusals    int64
	bytes       int64
	latency     histogram
}

// ring keeps the last steps of one window.
type ring struct {
	step    time.Duration
	buckets []bucket
	last    int64 // which step the newest bucket is, in steps since 1970
}

func newRing(step, window time.Duration) *ring {
	return &ring{step: step, buckets: make([]bucket, window/step)}
}

// at returns the bucket of a moment that is not before the newest; those between are empty.
func (r *ring) at(now time.Time) *bucket {
	n := now.UnixNano() / int64(r.step)
	if n > r.last {
		from := max(r.last+1, n-int64(len(r.buckets))+1)
		for i := from; i <= n; i++ {
			r.buckets[r.place(i)] = bucket{}
		}
		r.last = n
	}
	return &r.buckets[r.place(r.last)]
}

func (r *ring) place(n int64) int { return int(n % int64(len(r.buckets))) }

// each calls f for the buckets of the window that ends now, the oldest first.
func (r *ring) each(now time.Time, f func(start time.Time, b *bucket)) {
	r.at(now)
	for n := r.last - int64(len(r.buckets)) + 1; n <= r.last; n++ {
		f(time.Unix(0, n*int64(r.step)).UTC(), &r.buckets[r.place(n)])
	}
}

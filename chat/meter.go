package chat

import (
	"context"
	"time"
)

// Meter is a Limiter that also tells what is left, for who is told in advance.
type Meter interface {
	Limiter
	// Spend is Take that tells the rest. A zero Limit means unlimited: it says nothing.
	Spend(ctx context.Context, key string, r Rate) (Allowance, error)
}

// Allowance is what is left of a Rate in its present window.
type Allowance struct {
	Left    int64
	Reset   time.Duration // until all of it is there again
	Refused bool          // there was nothing left to spend
}

package chat

import (
	"sync"
	"time"
)

// payments remember which posts have spent their allowance (rates, a turn in slow mode) and
// aren't stored yet, so that a retry with the same nonce doesn't spend it again: the first
// one may still be on its way, or the store may have been away. A nonce is stored
// once, so that one payment never buys two messages.
type payments struct {
	mu   sync.Mutex
	made map[payment]*paid
}

type payment struct {
	room   RoomID
	author UserID
	nonce  string
}

type paid struct {
	waiting int       // posts that the log hasn't answered
	until   time.Time // how long it is remembered when none waits
}

// paidFor is how long a post that could not be stored may be repeated at no cost.
const paidFor = 2 * time.Minute

func newPayments() *payments { return &payments{made: make(map[payment]*paid)} }

func (b *payments) has(p payment, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.made[p]
	return x != nil && (x.waiting > 0 || now.Before(x.until))
}

// begin notes that a paid post is on its way to the log. One without a nonce can't be repeated.
func (b *payments) begin(p payment) {
	if p.nonce == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.made[p]
	if x == nil {
		x = &paid{}
		b.made[p] = x
	}
	x.waiting++
}

// end notes the log's answer.
func (b *payments) end(p payment, err error, now time.Time) {
	if p.nonce == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.made[p]
	if x == nil {
		return
	}
	x.waiting--
	if x.until = (time.Time{}); IsKind(err, Unavailable) {
		x.until = now.Add(paidFor)
	} else if x.waiting == 0 {
		delete(b.made, p)
	}
}

func (b *payments) prune(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p, x := range b.made {
		if x.waiting == 0 && !now.Before(x.until) {
			delete(b.made, p)
		}
	}
}

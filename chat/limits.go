package chat

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// AddrKey is what limits count an address under: an IPv4 address alone, an IPv6 address with
// its whole /64, which one subscriber usually has.
func AddrKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// take spends one of an allowance, or refuses with rate_limited. Staff and local callers
// (without an address) are counted like everyone else where they have a key.
func (s *Service) take(ctx context.Context, key string, r Rate, what string) error {
	if r.Limit == 0 {
		return nil
	}
	wait, err := s.Limiter.Take(ctx, key, r)
	if err != nil {
		return fmt.Errorf("limit %s: %w", what, err)
	}
	if wait > 0 {
		return Refuse(RateLimited, "rate_limited",
			"You %s too fast: %d in %s are allowed.", what, r.Limit, span(r.Period)).After(wait)
	}
	return nil
}

// takePost spends what a post or an edit costs its author.
func (s *Service) takePost(ctx context.Context, by Actor) error {
	if by.Role == RoleStaff {
		return nil
	}
	if err := s.take(ctx, "post:u:"+string(by.ID), s.Limits.PostsPerUser, "write"); err != nil {
		return err
	}
	return s.take(ctx, "post:a:"+AddrKey(by.Addr), s.Limits.PostsPerAddr, "write")
}

// addrShare is how many users' allowances one address has, where it has no setting of its
// own: a guest is made by opening a connection, so an allowance for each of them bounds nothing.
const addrShare = 5

// takeShared spends one of a user's allowance, and one of their address's.
func (s *Service) takeShared(ctx context.Context, kind string, by Actor, r Rate, what string) error {
	if err := s.take(ctx, kind+":u:"+string(by.ID), r, what); err != nil || !by.Addr.IsValid() {
		return err
	}
	r.Limit *= addrShare
	return s.take(ctx, kind+":a:"+AddrKey(by.Addr), r, what)
}

// TakeAct spends one of the actor's allowance of acts, for what a transport does by itself.
func (s *Service) TakeAct(ctx context.Context, by Actor) error {
	return s.takeShared(ctx, "act", by, s.Limits.ActsPerUser, "act")
}

func (s *Service) takeSignal(ctx context.Context, by Actor) error {
	return s.takeShared(ctx, "sig", by, s.Limits.SignalsPerUser, "signal")
}

func (s *Service) takeRead(ctx context.Context, by Actor) error {
	return s.takeShared(ctx, "read", by, s.Limits.ReadsPerUser, "read")
}

// roomInterval is the least time between two messages of an actor in a room, by its settings and lock-downs; zero: none.
func (s *Service) roomInterval(by Actor, r Room) time.Duration {
	if by.Moderates(r.ID) || by.Role == RoleStaff {
		return 0
	}
	d := r.Settings.SlowMode
	for _, l := range s.locks.in(r.ID, s.now()) {
		if l.Level == LockSlow {
			d = max(d, l.Interval)
		}
	}
	return d
}

// takeSlowMode enforces the least time between two messages of one user: that of the room, and their own. It comes
// last: what is refused for another reason must not cost a turn.
func (s *Service) takeSlowMode(ctx context.Context, by Actor, r Room, st standing) error {
	// The duration is in the key: a changed setting counts anew.
	d := s.roomInterval(by, r)
	if d == 0 && st.slow == nil {
		return nil
	}
	ofRoom := turn{fmt.Sprintf("slow:%s:%d:%s", r.ID, d/time.Second, by.ID), d}
	turns := []turn{ofRoom}
	if st.slow != nil {
		own := turn{slowKey(*st.slow, by), st.slow.Interval}
		// The longer one first: where it refuses, the shorter one isn't spent.
		if turns = append(turns, own); own.every > d {
			turns = []turn{own, ofRoom}
		}
	}
	for _, t := range turns {
		if err := s.takeOneTurn(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// turn is one message in a time.
type turn struct {
	key   string
	every time.Duration
}

func (s *Service) takeOneTurn(ctx context.Context, t turn) error {
	if t.every == 0 {
		return nil
	}
	wait, err := s.Limiter.Take(ctx, t.key, Rate{Limit: 1, Period: t.every})
	if err != nil {
		return fmt.Errorf("slow mode: %w", err)
	}
	if wait > 0 {
		return Refuse(RateLimited, "slow_mode", "Slow mode: one message every %s.", span(t.every)).After(wait)
	}
	return nil
}

// slowKey is what counts the turns of a sanction: in all rooms where it holds, and of an address together, since
// guests are free to make.
func slowKey(x Sanction, by Actor) string {
	key := fmt.Sprintf("slow:s:%s:%d", x.ID, x.Interval/time.Second)
	if x.Target.User == "" && by.Addr.IsValid() {
		key += ":" + AddrKey(by.Addr)
	}
	return key
}

// span writes a duration for people, without the zeros of its String ("1m0s").
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

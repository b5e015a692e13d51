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

// takeSlowMode enforces the least time between two messages of one user in a room. It comes
// last: what is refused for another reason must not cost a turn.
func (s *Service) takeSlowMode(ctx context.Context, by Actor, r Room) error {
	d := r.Settings.SlowMode
	if d == 0 || by.Moderates(r.ID) {
		return nil
	}
	// The duration is in the key: a changed setting counts anew.
	key := fmt.Sprintf("slow:%s:%d:%s", r.ID, d/time.Second, by.ID)
	wait, err := s.Limiter.Take(ctx, key, Rate{Limit: 1, Period: d})
	if err != nil {
		return fmt.Errorf("slow mode: %w", err)
	}
	if wait > 0 {
		return Refuse(RateLimited, "slow_mode", "Slow mode: one message every %s.", span(d)).After(wait)
	}
	return nil
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

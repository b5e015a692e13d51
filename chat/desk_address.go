package chat

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
)

// The widest prefixes that need no force.
const (
	widestV4 = 16
	widestV6 = 32
)

// loopbacks are the addresses of this machine (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3).
var loopbacks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// dangers are the warnings that stop a sanction against an address unless it is forced.
func (s *Service) dangers(t Target, live []LiveSession) []Warning {
	var all []Warning
	if s.hitsProxy(t, live) {
		all = append(all, Warning{"own_proxy", "That is a trusted proxy's address: every visitor comes from there."})
	}
	if s.hitsLoopback(t) {
		all = append(all, Warning{"loopback", "That is this machine itself."})
	}
	if p := t.Prefix; p.IsValid() && (p.Addr().Is4() && p.Bits() < widestV4 || p.Addr().Is6() && p.Bits() < widestV6) {
		all = append(all, Warning{"too_wide", fmt.Sprintf("%s is wider than /%d (IPv4) or /%d (IPv6).", p, widestV4, widestV6)})
	}
	return all
}

func (s *Service) hitsProxy(t Target, live []LiveSession) bool {
	if t.Alias != "" {
		// Networks of proxies can't be compared with an alias; those that connect can.
		return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.IsSingleIP() && s.Alias(p.Addr()) == t.Alias }) ||
			slices.ContainsFunc(live, func(l LiveSession) bool { return s.isProxy(l.addr()) && s.aliasOf(l) == t.Alias })
	}
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return t.Prefix.Overlaps(plainPrefix(p)) })
}

func (s *Service) isProxy(a netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return holdsAddr(plainPrefix(p), a) })
}

// hitsLoopback looks for the usual addresses where the target is an alias: 127.0.0.1 and ::1.
func (s *Service) hitsLoopback(t Target) bool {
	if t.Alias != "" {
		return t.Alias == s.Alias(netip.IPv6Loopback()) || t.Alias == s.Alias(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	return slices.ContainsFunc(loopbacks, t.Prefix.Overlaps)
}

// refuseDanger refuses what a danger warns of, unless the order forces it and says why. Code target_protected.
func refuseDanger(o Order, dangers []Warning) error {
	if len(dangers) == 0 || o.DryRun || o.Force && o.Reason != "" {
		return nil
	}
	if o.Force {
		return Refuse(Invalid, "target_protected", "%s To do it all the same, give a reason.", dangers[0].Message)
	}
	return Refuse(Invalid, "target_protected", "%s To do it all the same, use force and give a reason.", dangers[0].Message)
}

// addressWarnings warns of whom else a sanction against an address hits, and counts the staff among them.
func (s *Service) addressWarnings(ctx context.Context, by Actor, t Target) ([]Warning, int, error) {
	if t.User != "" {
		return nil, 0, nil
	}
	var all []Warning
	if s.concerns(t, by.Addr) {
		all = append(all, Warning{"your_address", "You are at that address yourself."})
	}
	staff, err := s.staffAt(ctx, t)
	if err != nil {
		return nil, 0, err
	}
	if staff > 0 {
		all = append(all, Warning{"hits_staff", fmt.Sprintf("%d of the staff are logged in from there.", staff)})
	}
	return all, staff, nil
}

// concerns reports whether a sanction against t would hold against an address.
func (s *Service) concerns(t Target, a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	return t.Prefix.IsValid() && holdsAddr(t.Prefix, a) || t.Alias != "" && s.Alias(a) == t.Alias
}

// staffAt counts the staff who are logged in to the dashboard from an address.
func (s *Service) staffAt(ctx context.Context, t Target) (int, error) {
	if s.Accounts == nil {
		return 0, nil
	}
	sessions, err := s.Accounts.SessionsOf(ctx, "", s.now())
	if err != nil {
		return 0, fmt.Errorf("list staff sessions: %w", err)
	}
	there := make(map[string]bool)
	for _, x := range sessions {
		if a, err := netip.ParseAddr(x.Addr); err == nil && s.concerns(t, a) {
			there[x.Staff] = true
		}
	}
	return len(there), nil
}

package chat

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

const (
	// maxAddresses bounds the addresses of one guest that a ban reaches, the latest first.
	maxAddresses = 20
	// maxImposed bounds the sanctions of one act.
	maxImposed = 4 * MaxSelected
)

// whereabouts are the addresses by which a guest is known.
type whereabouts struct {
	addrs     []netip.Prefix // the latest first; one subscriber each
	tokenless bool           // all their live connections, or, where there are none, all they have had, are tokenless
}

// accompany adds what a guest's ban puts on the addresses the guest is known by: they come back under another name at
// once otherwise. An address that many share is hit once, and one of a proxy or of this machine not at all.
func (s *Service) accompany(ctx context.Context, by Actor, so SanctionOrder, live []LiveSession, b *imposition) error {
	if so.Effect != Ban || so.AddressFor < 0 {
		return nil
	}
	if !slices.ContainsFunc(b.sanctions, func(x Sanction) bool { return x.Target.User.Guest() }) {
		return nil
	}
	byUser := make(map[UserID][]LiveSession)
	for _, l := range live {
		if l.Actor.Guest() {
			byUser[l.Actor.ID] = append(byUser[l.Actor.ID], l)
		}
	}
	have := make(map[Target]bool)
	for _, ban := range slices.Clone(b.sanctions) {
		if !ban.Target.User.Guest() {
			continue
		}
		w, err := s.whereabouts(ctx, ban.Target.User, byUser[ban.Target.User])
		if err != nil {
			return err
		}
		for _, p := range w.addrs {
			s.onAddress(by, so, ban, p, w.tokenless, have, b)
		}
	}
	if len(b.sanctions) > maxImposed {
		return Refuse(Invalid, "selection_too_wide", "That is more than %d sanctions in one act.", maxImposed)
	}
	return nil
}

// onAddress puts on one address what accompanies a ban.
func (s *Service) onAddress(by Actor, so SanctionOrder, ban Sanction, p netip.Prefix, tokenless bool, have map[Target]bool, b *imposition) {
	guests := Target{Prefix: p, Only: Guests}
	if have[guests] {
		return
	}
	if dangers := s.dangers(guests, nil); len(dangers) > 0 {
		have[guests] = true
		b.skipped = append(b.skipped, Skipped{
			What: "sanction_made", Subject: string(ban.ID), Code: dangers[0].Code,
			Message: "Nothing is put on the guest's address: " + dangers[0].Message,
		})
		return
	}
	with := func(t Target, e Effect) Sanction {
		have[t] = true
		x := ban
		x.ID, x.With, x.Target, x.Effect, x.Name = SanctionID(s.NewID()), ban.ID, t, e, ""
		return x
	}
	effect := SignIn
	if !s.SignInConfigured {
		effect = Review
	}
	x := with(guests, effect)
	x.Expires = x.Starts.Add(addressFor(by, so))
	b.sanctions = append(b.sanctions, x)
	if plain := (Target{Prefix: p, Only: Tokenless}); tokenless && !have[plain] {
		b.sanctions = append(b.sanctions, with(plain, Ban))
	}
}

// addressFor is how long a guest's ban holds on their addresses: no longer than the caller may sanction at all.
func addressFor(by Actor, so SanctionOrder) time.Duration {
	d := so.AddressFor
	if d == 0 {
		d = DefaultAddressFor
	}
	if by.Grant != nil && by.Grant.LongestBan > 0 {
		d = min(d, by.Grant.LongestBan)
	}
	return d
}

// whereabouts finds the addresses of a guest: of live connections, and of sightings that are still kept in clear.
func (s *Service) whereabouts(ctx context.Context, guest UserID, live []LiveSession) (whereabouts, error) {
	w := whereabouts{tokenless: true}
	add := func(a netip.Addr) {
		if !a.IsValid() || len(w.addrs) == maxAddresses {
			return
		}
		if p := ownPrefix(a); !slices.Contains(w.addrs, p) {
			w.addrs = append(w.addrs, p)
		}
	}
	for _, l := range live {
		add(l.addr())
		w.tokenless = w.tokenless && l.Actor.Tokenless
	}
	seen, err := s.Directory.Sightings(ctx, guest, maxAddresses)
	if err != nil {
		return w, fmt.Errorf("list a guest's addresses: %w", err)
	}
	for _, x := range seen {
		add(x.Addr)
		if len(live) == 0 {
			w.tokenless = w.tokenless && x.Tokenless
		}
	}
	return w, nil
}

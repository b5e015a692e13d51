package chat

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

const (
	// MaxSanction is the longest sanction that ends.
	MaxSanction = 10 * 365 * 24 * time.Hour
	// MaxStart is how far ahead a sanction may start.
	MaxStart = 365 * 24 * time.Hour
	// MaxAddressFor is the longest that a guest's ban may put something on their addresses.
	MaxAddressFor = 30 * 24 * time.Hour
	// MaxEvidence bounds SanctionOrder.Evidence.
	MaxEvidence = 50
)

// Sanction holds something against somebody, or against everybody whom a selection picks: one act. It is in force on
// return: requests are refused and sessions end. With an ID that is known it changes that sanction (its reason, note and end), or
// is refused where that one is of another target, scope or effect (sanction_exists).
//
// A guest's ban also puts sign_in (hold, where no sign-in is configured) on the addresses the guest is known by, and
// where all their connections are tokenless, the ban itself for tokenless connections.
//
// Codes: target_invalid, user_invalid, effect_invalid, duration_invalid, scope_invalid, reason_too_long, note_too_long,
// target_protected, scope_missing, bound_*, selection_*, sanction_exists.
func (s *Service) Sanction(ctx context.Context, o Order, so SanctionOrder) (Outcome, error) {
	if so.ID != "" {
		out, done, err := s.putSanction(ctx, o, so)
		if done || err != nil {
			return out, err
		}
	}
	live := s.Sessions.List()
	b, err := s.beginSanction(ctx, o, so, live)
	if err != nil {
		return Outcome{}, err
	}
	return s.impose(ctx, o, b, live)
}

// ImportSanctions makes many sanctions in one act. Those that can't be made are in Failed, by their ID or else their
// place in the list.
func (s *Service) ImportSanctions(ctx context.Context, o Order, all []SanctionOrder) (Outcome, error) {
	if len(all) == 0 || len(all) > MaxBulk {
		return Outcome{}, Refuse(Invalid, "bad_request", "sanctions holds 1 to %d of them.", MaxBulk)
	}
	if err := s.may(o.By, SanctionsWrite); err != nil {
		return Outcome{}, err
	}
	var sum imposition
	live := s.Sessions.List() // once: there may be many
	ids := make(map[SanctionID]bool)
	for i, so := range all {
		b, err := s.importable(ctx, o, so, ids, live)
		switch {
		case err == nil:
			sum.add(b)
		case CodeOf(err) == "internal":
			return Outcome{}, err
		default:
			id := string(so.ID)
			if id == "" {
				id = fmt.Sprint(i)
			}
			sum.failed = append(sum.failed, Failure{ID: id, Why: AsError(err)})
		}
	}
	if len(sum.sanctions) == 0 {
		return Outcome{DryRun: o.DryRun, Failed: sum.failed}, nil
	}
	return s.impose(ctx, o, sum, live)
}

// importable makes one of many. One whose ID is known is there already.
func (s *Service) importable(ctx context.Context, o Order, so SanctionOrder, ids map[SanctionID]bool, live []LiveSession) (imposition, error) {
	if so.Target == nil {
		return imposition{}, Refuse(Invalid, "target_invalid", "Each of them needs a target.")
	}
	if so.ID != "" {
		_, err := s.Directory.Sanction(ctx, so.ID)
		if err == nil || ids[so.ID] {
			return imposition{}, Refuse(Conflict, "sanction_exists", "A sanction of this id is there already.")
		}
		if !IsKind(err, NotFound) {
			return imposition{}, fmt.Errorf("find sanction: %w", err)
		}
	}
	b, err := s.beginSanction(ctx, o, so, live)
	if err == nil && so.ID != "" {
		ids[so.ID] = true
	}
	return b, err
}

// imposition is what an order to sanction comes to.
type imposition struct {
	sanctions []Sanction
	users     []UserID // against whom
	steps     []Step   // besides imposing
	warnings  []Warning
	staff     int
	wide      bool // it is held against an address, or whom a selection picked
	skipped   []Skipped
	failed    []Failure
}

func (b *imposition) add(more imposition) {
	b.sanctions = append(b.sanctions, more.sanctions...)
	b.users = append(b.users, more.users...)
	b.steps = append(b.steps, more.steps...)
	b.skipped = append(b.skipped, more.skipped...)
	for _, w := range more.warnings {
		if !slices.Contains(b.warnings, w) {
			b.warnings = append(b.warnings, w)
		}
	}
	b.staff = max(b.staff, more.staff)
	b.wide = b.wide || more.wide
}

// trace is the alias of a prefix that is one address; empty: it is more, or none.
func (s *Service) trace(p netip.Prefix) string {
	if !p.IsValid() || !p.IsSingleIP() && p != ownPrefix(p.Addr()) {
		return ""
	}
	return s.Alias(p.Addr())
}

// impose does it, in one act.
func (s *Service) impose(ctx context.Context, o Order, b imposition, live []LiveSession) (Outcome, error) {
	if o.Reason == "" {
		o.Reason = b.sanctions[0].Reason // what its targets read is why
	}
	id := ActID(s.NewID())
	for i := range b.sanctions {
		b.sanctions[i].Act, b.sanctions[i].Trace = id, s.trace(b.sanctions[i].Target.Prefix)
	}
	im := s.impactOfSanctionsOn(live, b.sanctions)
	im.Staff, im.Warnings = b.staff, b.warnings
	if b.wide && im.SignedIn > 0 {
		im.Warnings = append(im.Warnings, Warning{"hits_signed_in", fmt.Sprintf("%d signed-in users are hit.", im.SignedIn)})
	}
	slices.Sort(b.users)
	out, err := s.perform(ctx, o, Deed{
		Act:   Act{ID: id, Kind: ActSanction, Users: slices.Compact(b.users)},
		Steps: append([]Step{ImposeStep{Sanctions: b.sanctions}}, b.steps...),
	}, work{impact: im, failed: b.failed, impacted: countMessages})
	out.Skipped = append(out.Skipped, b.skipped...)
	return out, err
}

// beginSanction checks an order and makes its sanctions.
func (s *Service) beginSanction(ctx context.Context, o Order, so SanctionOrder, live []LiveSession) (imposition, error) {
	so, err := s.cleanSanction(o.By, so)
	if err != nil {
		return imposition{}, err
	}
	var b imposition
	if so.Selection != nil {
		people, err := s.selectFrom(ctx, o.By, *so.Selection, SanctionsWrite, live)
		if err != nil {
			return imposition{}, err
		}
		b.wide = true
		for _, p := range people {
			b.sanctions = append(b.sanctions, s.sanctionOf(o.By, so, Target{User: p.id}, p.name))
		}
	} else if err := s.beginTarget(ctx, o, so, live, &b); err != nil {
		return imposition{}, err
	}
	for _, x := range b.sanctions {
		if x.Target.User != "" {
			b.users = append(b.users, x.Target.User)
		}
	}
	if so.Purge != 0 && len(b.users) > 0 {
		b.steps = append(b.steps, s.purgeStep(so, b.users))
	}
	return b, s.accompany(ctx, o.By, so, live, &b)
}

func (s *Service) beginTarget(ctx context.Context, o Order, so SanctionOrder, live []LiveSession, b *imposition) error {
	name := ""
	if t := so.Target; t.User != "" {
		p, err := s.known(ctx, t.User, live)
		if err != nil {
			return err
		}
		if err := protect(o.By, p); err != nil {
			return err
		}
		name = p.name
	} else {
		b.wide = true
		dangers := s.dangers(*t, live)
		if err := refuseDanger(o, dangers); err != nil {
			return err
		}
		more, staff, err := s.addressWarnings(ctx, o.By, *t)
		if err != nil {
			return err
		}
		b.warnings, b.staff = append(dangers, more...), staff
	}
	x := s.sanctionOf(o.By, so, *so.Target, name)
	if so.ID != "" {
		x.ID = so.ID
	}
	b.sanctions = []Sanction{x}
	return nil
}

func (s *Service) sanctionOf(by Actor, so SanctionOrder, t Target, name string) Sanction {
	x := Sanction{
		ID: SanctionID(s.NewID()), Target: t, Name: name, Rooms: so.Rooms, Effect: so.Effect, Interval: so.Interval,
		Reason: so.Reason, Note: so.Note, By: by.ID, Via: by.via(), Evidence: so.Evidence,
		At: s.now(), Starts: so.Starts, Version: 1,
	}
	if x.Starts.Before(x.At) {
		x.Starts = x.At
	}
	if so.Duration > 0 {
		x.Expires = x.Starts.Add(so.Duration)
	}
	return x
}

func (s *Service) purgeStep(so SanctionOrder, users []UserID) PurgeStep {
	p := PurgeStep{Authors: users}
	if so.Rooms != "" {
		p.Rooms = []string{so.Rooms}
	}
	if so.Purge != PurgeAll {
		p.Since = s.now().Add(-so.Purge)
	}
	return p
}

package chat

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
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
	b, err := s.beginSanction(ctx, o, so)
	if err != nil {
		return Outcome{}, err
	}
	return s.impose(ctx, o, b)
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
	ids := make(map[SanctionID]bool)
	for i, so := range all {
		b, err := s.importable(ctx, o, so, ids)
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
	return s.impose(ctx, o, sum)
}

// importable makes one of many. One whose ID is known is there already.
func (s *Service) importable(ctx context.Context, o Order, so SanctionOrder, ids map[SanctionID]bool) (imposition, error) {
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
	b, err := s.beginSanction(ctx, o, so)
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

// impose does it, in one act.
func (s *Service) impose(ctx context.Context, o Order, b imposition) (Outcome, error) {
	id := ActID(s.NewID())
	for i := range b.sanctions {
		b.sanctions[i].Act = id
	}
	im := s.impactOfSanctions(b.sanctions)
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
func (s *Service) beginSanction(ctx context.Context, o Order, so SanctionOrder) (imposition, error) {
	so, err := s.cleanSanction(o.By, so)
	if err != nil {
		return imposition{}, err
	}
	live := s.Sessions.List()
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
		dangers := s.dangers(*t)
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
		Reason: so.Reason, Note: so.Note, By: by.ID, Via: by.Via, Evidence: so.Evidence,
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

// cleanSanction checks everything about an order that needs nobody else, and who may ask for it.
func (s *Service) cleanSanction(by Actor, so SanctionOrder) (SanctionOrder, error) {
	if err := s.mayOver(by, SanctionsWrite, so.Rooms); err != nil {
		return so, err
	}
	if (so.Target == nil) == (so.Selection == nil) {
		return so, Refuse(Invalid, "target_invalid", "Either target or selection, not both.")
	}
	if so.Target != nil {
		t, err := cleanTarget(*so.Target)
		if err != nil {
			return so, err
		}
		so.Target = &t
	} else if so.ID != "" {
		return so, Refuse(Invalid, "target_invalid", "A sanction of a chosen id needs a target.")
	}
	if err := checkEffect(by, so); err != nil {
		return so, err
	}
	if so.Purge != 0 {
		if err := s.mayOver(by, MessagesModerate, so.Rooms); err != nil {
			return so, err
		}
	}
	if err := s.checkSpan(by, so); err != nil {
		return so, err
	}
	return cleanSanctionTexts(so)
}

func cleanSanctionTexts(so SanctionOrder) (SanctionOrder, error) {
	var ok bool
	if so.Reason, ok = CleanLine(so.Reason, MaxReason); !ok {
		return so, Refuse(Invalid, "reason_too_long", "A reason has at most %d characters.", MaxReason)
	}
	if so.Note, ok = cleanNote(so.Note); !ok {
		return so, Refuse(Invalid, "note_too_long", "A note has at most %d characters.", MaxNote)
	}
	if len(so.ID) > maxIDLength {
		return so, Refuse(Invalid, "bad_request", "An id has at most %d characters.", maxIDLength)
	}
	if len(so.Evidence) > MaxEvidence || slices.ContainsFunc(so.Evidence, func(m MessageID) bool { return len(m) > maxIDLength }) {
		return so, Refuse(Invalid, "bad_request", "evidence holds at most %d ids of messages.", MaxEvidence)
	}
	return so, nil
}

// maxIDLength bounds the ids that callers choose or name, in bytes.
const maxIDLength = 64

// cleanNote makes a note storable; false: it is too long.
func cleanNote(text string) (string, bool) {
	if len(text) > 4*utf8.UTFMax*MaxNote {
		return "", false
	}
	text = CleanText(text)
	return text, utf8.RuneCountInString(text) <= MaxNote
}

// checkEffect checks what is to be held against whom.
func checkEffect(by Actor, so SanctionOrder) error {
	if !slices.Contains(Effects(), so.Effect) {
		return Refuse(Invalid, "effect_invalid", "effect is ban, mute, shadow, slow, sign_in or hold.")
	}
	slow := so.Effect == Slow
	if slow != (so.Interval > 0) || so.Interval < 0 || so.Interval > MaxSlowMode {
		return Refuse(Invalid, "effect_invalid", "interval is 1 to %d seconds for slow, and nothing for others.", int64(MaxSlowMode/time.Second))
	}
	t := so.Target
	if so.Effect == SignIn && t != nil && t.User != "" && !t.User.Guest() {
		return Refuse(Invalid, "effect_invalid", "Who has signed in needn't be told to.")
	}
	if t != nil && t.Prefix.IsValid() && by.Role == RoleStaff && !by.Grant.Has(AddressesRead) {
		return Refuse(Forbidden, "scope_missing", "Sanctions against an address itself need the scope %s; use its hash.", AddressesRead)
	}
	if by.Role != RoleStaff && (t == nil || t.User == "" || so.Effect != Ban && so.Effect != Mute && !slow) {
		return Refuse(Forbidden, "scope_missing", "In the chat, moderators ban, mute and slow down users; everything else is for staff.")
	}
	return nil
}

// checkSpan checks from when and for how long it is to hold.
func (s *Service) checkSpan(by Actor, so SanctionOrder) error {
	if so.Duration < 0 || so.Duration > MaxSanction {
		return Refuse(Invalid, "duration_invalid", "A sanction holds for 1 to %d seconds, or for good.", int64(MaxSanction/time.Second))
	}
	if so.Starts.After(s.now().Add(MaxStart)) {
		return Refuse(Invalid, "duration_invalid", "A sanction starts within a year.")
	}
	if so.Purge < 0 || so.AddressFor > MaxAddressFor {
		return Refuse(Invalid, "duration_invalid", "What a ban puts on addresses holds for at most %d seconds.", int64(MaxAddressFor/time.Second))
	}
	if so.AddressFor > 0 {
		if err := boundDuration(by, so.AddressFor); err != nil {
			return err
		}
	}
	return boundDuration(by, so.Duration)
}

// putSanction changes a sanction of a chosen id that is there. False: there is none.
func (s *Service) putSanction(ctx context.Context, o Order, so SanctionOrder) (Outcome, bool, error) {
	so, err := s.cleanSanction(o.By, so)
	if err != nil {
		return Outcome{}, false, err
	}
	old, err := s.Directory.Sanction(ctx, so.ID)
	switch {
	case IsKind(err, NotFound) && so.IfVersion != 0:
		return Outcome{}, true, Refuse(Stale, "stale", "There is no such sanction any more.")
	case IsKind(err, NotFound):
		return Outcome{}, false, nil
	case err != nil:
		return Outcome{}, false, fmt.Errorf("find sanction: %w", err)
	case old.Target != *so.Target || old.Rooms != so.Rooms || old.Effect != so.Effect || old.Interval != so.Interval || !old.Standing(s.now()):
		return Outcome{}, true, Refuse(Conflict, "sanction_exists",
			"This id stands for another target, scope or effect, or for one that is over. Choose another id.")
	}
	expires := s.sanctionOf(o.By, so, *so.Target, "").Expires
	out, err := s.AlterSanction(ctx, o, AlterStep{
		ID: so.ID, Reason: &so.Reason, Note: &so.Note, Expires: &expires, IfVersion: so.IfVersion,
	})
	return out, true, err
}

// AlterSanction changes a standing sanction: its reason, its note, its end. Codes sanction_not_found, stale,
// duration_invalid, bound_duration.
func (s *Service) AlterSanction(ctx context.Context, o Order, a AlterStep) (Outcome, error) {
	x, err := s.standingSanction(ctx, o.By, a.ID)
	if err != nil {
		return Outcome{}, err
	}
	so := SanctionOrder{Reason: x.Reason, Note: x.Note}
	assign(&so.Reason, a.Reason)
	assign(&so.Note, a.Note)
	if so, err = cleanSanctionTexts(so); err != nil {
		return Outcome{}, err
	}
	if a.Reason != nil {
		a.Reason = &so.Reason
	}
	if a.Note != nil {
		a.Note = &so.Note
	}
	if a.Expires != nil {
		end := a.Expires.UTC().Truncate(time.Millisecond)
		if err := s.checkEnd(o.By, x, end); err != nil {
			return Outcome{}, err
		}
		a.Expires = &end
		x.Expires = end
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: ActAlter, Users: usersOf([]Sanction{x})}, Steps: []Step{a}},
		work{impact: s.impactOfSanctions([]Sanction{x})})
}

func (s *Service) checkEnd(by Actor, x Sanction, end time.Time) error {
	if end.IsZero() {
		return boundDuration(by, 0)
	}
	now := s.now()
	if !end.After(now) || !end.After(x.Starts) || end.Sub(now) > MaxSanction {
		return Refuse(Invalid, "duration_invalid", "It ends after now and after its start, within %d seconds; to end it now, lift it.", int64(MaxSanction/time.Second))
	}
	return boundDuration(by, end.Sub(x.Starts))
}

// standingSanction finds a sanction that its caller may change. Code sanction_not_found.
func (s *Service) standingSanction(ctx context.Context, by Actor, id SanctionID) (Sanction, error) {
	if err := s.may(by, SanctionsWrite); err != nil {
		return Sanction{}, err
	}
	x, err := s.Directory.Sanction(ctx, id)
	if err != nil {
		return Sanction{}, err
	}
	// Whether there is one that is none of the caller's business isn't told.
	if s.mayOver(by, SanctionsWrite, x.Rooms) != nil || !x.Standing(s.now()) {
		return Sanction{}, Refuse(NotFound, "sanction_not_found", "No such sanction stands.")
	}
	if x.Target.User == by.ID || slices.Contains(x.Also, by.ID) {
		return Sanction{}, Refuse(Forbidden, "target_protected", "You can't change what is held against yourself.")
	}
	return x, nil
}

// Lift ends sanctions before their time, and what accompanies them, in one act. Those that don't stand are in Failed; where
// there is but one, it is the refusal. Codes sanction_not_found, target_protected.
func (s *Service) Lift(ctx context.Context, o Order, ids []SanctionID) (Outcome, error) {
	if len(ids) == 0 || len(ids) > MaxBulk {
		return Outcome{}, Refuse(Invalid, "bad_request", "ids holds 1 to %d of them.", MaxBulk)
	}
	var (
		all    []Sanction
		failed []Failure
	)
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		x, err := s.standingSanction(ctx, o.By, id)
		switch {
		case err == nil:
			all = append(all, x)
		case len(ids) == 1 || !IsKind(err, NotFound) && CodeOf(err) != "target_protected":
			return Outcome{}, err
		default:
			failed = append(failed, Failure{ID: string(id), Why: AsError(err)})
		}
	}
	if len(all) == 0 {
		return Outcome{DryRun: o.DryRun, Failed: failed}, nil
	}
	with, err := s.accompanying(ctx, all)
	if err != nil {
		return Outcome{}, err
	}
	step := LiftStep{}
	for _, x := range append(slices.Clone(all), with...) {
		step.IDs = append(step.IDs, x.ID)
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: ActLift, Users: usersOf(all)}, Steps: []Step{step}},
		work{impact: s.impactOfSanctions(all), failed: failed})
}

// accompanying lists what stands only because of one of these: a lifted ban leaves nothing on the guest's addresses.
func (s *Service) accompanying(ctx context.Context, all []Sanction) ([]Sanction, error) {
	var with []Sanction
	ids, acts := make(map[SanctionID]bool), make(map[ActID]bool)
	for _, x := range all {
		ids[x.ID] = true
	}
	standing := true
	for _, x := range all {
		if acts[x.Act] || x.Effect != Ban || !x.Target.User.Guest() {
			continue
		}
		acts[x.Act] = true
		made, err := s.Directory.ListSanctions(ctx, SanctionQuery{Act: x.Act, Limit: maxImposed, Standing: &standing, Now: s.now()})
		if err != nil {
			return nil, fmt.Errorf("list what accompanies a sanction: %w", err)
		}
		for _, y := range made {
			if ids[y.With] && !ids[y.ID] {
				with = append(with, y)
			}
		}
	}
	return with, nil
}

func usersOf(all []Sanction) []UserID {
	var ids []UserID
	for _, x := range all {
		if x.Target.User != "" {
			ids = append(ids, x.Target.User)
			ids = append(ids, x.Also...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

package chat

import (
	"context"
	"fmt"
	"slices"
	"time"
)

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
	case s.mayOver(o.By, SanctionsWrite, old.Rooms) != nil:
		return Outcome{}, true, errNoSanction()
	case !so.asks(old) || !old.Standing(s.now()):
		return Outcome{}, true, Refuse(Conflict, "sanction_exists",
			"This id stands for another target, scope or effect, or for one that is over. Choose another id.")
	}
	a := AlterStep{ID: so.ID, Reason: &so.Reason, Note: &so.Note, IfVersion: so.IfVersion}
	now := s.sanctionOf(o.By, so, *so.Target, "")
	if so.Duration != old.duration() { // the same again stays as it is: a repetition changes nothing
		a.Expires = &now.Expires
	}
	out, err := s.alterSanction(ctx, o, a, now.Starts)
	return out, true, err
}

// asks reports whether an order is for a sanction like x, whatever its texts and its end.
func (so SanctionOrder) asks(x Sanction) bool {
	return x.Target == *so.Target && x.Rooms == so.Rooms && x.Effect == so.Effect && x.Interval == so.Interval
}

// AlterSanction changes a standing sanction: its reason, its note, its end; and, of a guest's ban, likewise the bans on the guest's
// addresses that accompany it. Codes sanction_not_found, stale, duration_invalid, bound_duration.
func (s *Service) AlterSanction(ctx context.Context, o Order, a AlterStep) (Outcome, error) {
	return s.alterSanction(ctx, o, a, time.Time{})
}

// alterSanction is AlterSanction; what bounds who asks is counted from since, or, where that is zero, from the sanction's start.
func (s *Service) alterSanction(ctx context.Context, o Order, a AlterStep, since time.Time) (Outcome, error) {
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
		if since.IsZero() {
			since = x.Starts
		}
		if err := s.checkEnd(o.By, x, since, end); err != nil {
			return Outcome{}, err
		}
		a.Expires = &end
	}
	steps, err := s.alterWith(ctx, x, a)
	if err != nil {
		return Outcome{}, err
	}
	assign(&x.Expires, a.Expires)
	return s.perform(ctx, o, Deed{Act: Act{Kind: ActAlter, Users: usersOf([]Sanction{x})}, Steps: steps},
		work{impact: s.impactOfSanctions([]Sanction{x})})
}

// alterWith alters x, and with it what accompanies it with the same effect and end.
func (s *Service) alterWith(ctx context.Context, x Sanction, a AlterStep) ([]Step, error) {
	with, err := s.accompanying(ctx, []Sanction{x})
	if err != nil {
		return nil, err
	}
	steps := []Step{a}
	for _, y := range with {
		if y.Effect == x.Effect && y.Expires.Equal(x.Expires) {
			more := a
			more.ID, more.IfVersion = y.ID, 0
			steps = append(steps, more)
		}
	}
	return steps, nil
}

// duration is how long a sanction holds in all; zero: for good.
func (s Sanction) duration() time.Duration {
	if s.Expires.IsZero() {
		return 0
	}
	return s.Expires.Sub(s.Starts)
}

func (s *Service) checkEnd(by Actor, x Sanction, since, end time.Time) error {
	if end.IsZero() {
		return boundDuration(by, 0)
	}
	now := s.now()
	if !end.After(now) || !end.After(x.Starts) || end.Sub(now) > MaxSanction {
		return Refuse(Invalid, "duration_invalid", "It ends after now and after its start, within %d seconds; to end it now, lift it.", int64(MaxSanction/time.Second))
	}
	return boundDuration(by, end.Sub(since))
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
	if s.mayOver(by, SanctionsWrite, x.Rooms) != nil || by.Role != RoleStaff && !inChat(x.Target, x.Effect) || !x.Standing(s.now()) {
		return Sanction{}, errNoSanction()
	}
	if x.Target.User == by.ID || slices.Contains(x.Also, by.ID) {
		return Sanction{}, Refuse(Invalid, "target_protected", "You can't change what is held against yourself.")
	}
	return x, nil
}

func errNoSanction() *Error {
	return Refuse(NotFound, "sanction_not_found", "No such sanction stands.")
}

// Lift ends sanctions before their time, and what accompanies them, in one act. Those that don't stand are in Failed; where
// there is but one, it is the refusal. Codes sanction_not_found, target_protected.
func (s *Service) Lift(ctx context.Context, o Order, ids []SanctionID) (Outcome, error) {
	return s.lift(ctx, o, ids, 0)
}

// LiftIf is Lift of one sanction, if it is at a version (0: any). Code stale.
func (s *Service) LiftIf(ctx context.Context, o Order, id SanctionID, version int64) (Outcome, error) {
	return s.lift(ctx, o, []SanctionID{id}, version)
}

func (s *Service) lift(ctx context.Context, o Order, ids []SanctionID, version int64) (Outcome, error) {
	all, failed, err := s.liftable(ctx, o.By, ids)
	if err != nil || len(all) == 0 {
		return Outcome{DryRun: o.DryRun, Failed: failed}, err
	}
	with, err := s.accompanying(ctx, all)
	if err != nil {
		return Outcome{}, err
	}
	steps := []Step{LiftStep{IDs: idsOfSanctions(all), IfVersion: version}}
	if len(with) > 0 {
		steps = append(steps, LiftStep{IDs: idsOfSanctions(with)})
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: ActLift, Users: usersOf(all)}, Steps: steps},
		work{impact: s.impactOfSanctions(all), failed: failed})
}

func idsOfSanctions(all []Sanction) []SanctionID {
	ids := make([]SanctionID, len(all))
	for i, x := range all {
		ids[i] = x.ID
	}
	return ids
}

func (s *Service) liftable(ctx context.Context, by Actor, ids []SanctionID) ([]Sanction, []Failure, error) {
	if len(ids) == 0 || len(ids) > MaxBulk {
		return nil, nil, Refuse(Invalid, "bad_request", "ids holds 1 to %d of them.", MaxBulk)
	}
	var (
		all    []Sanction
		failed []Failure
	)
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		x, err := s.standingSanction(ctx, by, id)
		switch {
		case err == nil:
			all = append(all, x)
		case len(ids) == 1 || !IsKind(err, NotFound) && CodeOf(err) != "target_protected":
			return nil, nil, err
		default:
			failed = append(failed, Failure{ID: string(id), Why: AsError(err)})
		}
	}
	return all, failed, nil
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

package chat

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// actWithin bounds how long an act may take to be stored.
const actWithin = 30 * time.Second

// enact does a Deed for an Order: it checks the bounds of who asks, stores everything in one act, puts it in force here
// before anyone is told, and tells the other nodes. It is for every act there is; what a kind of act asks
// for besides is checked before.
func (s *Service) enact(ctx context.Context, o Order, d Deed) (Outcome, error) {
	return s.perform(ctx, o, d, work{})
}

// work is what belongs to an act besides its Deed.
type work struct {
	impact Impact
	failed []Failure
	// impacted completes the impact by what was changed.
	impacted func(Enacted, *Impact)
	// tell is what is to be told besides what follows from what was changed.
	tell func(Enacted) []Signal
}

// perform is enact, with what the act hits and whom it tells.
func (s *Service) perform(ctx context.Context, o Order, d Deed, w work) (Outcome, error) {
	reason, ok := CleanLine(o.Reason, MaxReason)
	if !ok {
		return Outcome{}, Refuse(Invalid, "reason_too_long", "A reason has at most %d characters.", MaxReason)
	}
	if err := s.takeBounds(ctx, o); err != nil {
		return Outcome{}, err
	}
	d.Act.By, d.Act.Via, d.Act.Reason = o.By.ID, o.By.via(), reason
	if d.Act.ID == "" {
		d.Act.ID = ActID(s.NewID())
	}
	if d.Act.At.IsZero() {
		d.Act.At = s.now()
	}
	d.DryRun = o.DryRun
	outcome := func(en Enacted) Outcome {
		out := Outcome{Enacted: s.enactedFor(o.By, en), DryRun: o.DryRun, Impact: w.impact, Failed: w.failed}
		if w.impacted != nil {
			w.impacted(en, &out.Impact)
		}
		return out
	}
	d.Keep = nil
	if o.Keep != nil && !o.DryRun {
		keep := *o.Keep
		if reply := o.Reply; reply != nil {
			keep.Reply = func(en Enacted) (KeptReply, error) { return reply(outcome(en)) }
		}
		d.Keep = &keep
	}
	en, err := s.store(ctx, d, w.tell)
	if err == nil && en.Kept != nil {
		err = s.catchUp(ctx, en.Kept.Act)
	}
	if err != nil {
		return Outcome{}, err
	}
	return outcome(en), nil
}

// via is by which way an actor's acts come, where whoever let them in didn't say.
func (by Actor) via() Via {
	switch {
	case by.Via != "":
		return by.Via
	case by.ID == System:
		return ViaRule
	case by.key():
		return ViaAPI
	case by.Role == RoleStaff:
		return ViaDashboard
	}
	return ViaChat
}

// enactedFor is what an act came to, as who asked for it may see it.
func (s *Service) enactedFor(by Actor, en Enacted) Enacted {
	see := func(all []Sanction) []Sanction {
		seen := make([]Sanction, len(all))
		for i, x := range all {
			seen[i] = s.SanctionFor(by, x)
		}
		return seen
	}
	en.Sanctions, en.Lifted = see(en.Sanctions), see(en.Lifted)
	return en
}

// store hands a Deed to the ledger and waits. What it decides is in force before anyone is told, and whoever asked
// may hang up: it is told all the same.
func (s *Service) store(ctx context.Context, d Deed, more func(Enacted) []Signal) (Enacted, error) {
	// Without ctx's cancellation: what is stored must be told, whether somebody still waits or not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actWithin)
	defer cancel()
	type outcome struct {
		en  Enacted
		err error
	}
	var (
		ch   = make(chan outcome, 1)
		gone atomic.Bool
		once sync.Once
	)
	tell := func(o outcome) {
		if o.err == nil && !d.DryRun && o.en.Kept == nil {
			once.Do(func() { s.tellAct(context.WithoutCancel(ctx), d, o.en, more) })
		}
	}
	inForce := func(en Enacted) {
		if !d.DryRun && en.Kept == nil {
			s.apply(controlOf(d, en))
		}
	}
	d.Late = func(en Enacted) {
		inForce(en)
		tell(outcome{en: en})
	}
	s.Ledger.Enact(ctx, d, func(en Enacted, err error) {
		if err == nil {
			inForce(en)
		}
		ch <- outcome{en, err}
		if gone.Load() {
			tell(outcome{en, err})
		}
	})
	select {
	case o := <-ch:
		tell(o)
		return o.en, o.err
	case <-ctx.Done():
	}
	gone.Store(true)
	select {
	case o := <-ch:
		tell(o)
		return o.en, o.err
	default:
		return Enacted{}, ErrOutcomeUnknown
	}
}

// tellAct tells every node what an act changed.
func (s *Service) tellAct(ctx context.Context, d Deed, en Enacted, more func(Enacted) []Signal) {
	if c := controlOf(d, en); c.tellsAnything() {
		s.Bell.Signal(ctx, Signal{Control: &c})
	}
	for _, h := range en.Held {
		s.Bell.Signal(ctx, Signal{Room: h.Message.Room, Held: &h})
	}
	if more != nil {
		for _, sig := range more(en) {
			s.Bell.Signal(ctx, sig)
		}
	}
}

// controlOf sums up what holds from now on.
func controlOf(d Deed, en Enacted) ControlChange {
	c := ControlChange{
		Act: en.Act, Sanctions: en.Sanctions, Lifted: en.Lifted, Freed: en.Freed, Lockdowns: en.Lockdowns, Unlocked: en.Unlocked,
		Removed: en.Reset, Accounts: aboutAccounts(en.Act),
	}
	if en.Room != nil {
		c.Changed = []Room{*en.Room}
	}
	for _, st := range d.Steps {
		if st, ok := st.(RevokeTokensStep); ok {
			if c.TokensFrom == nil {
				c.TokensFrom = make(map[UserID]time.Time)
			}
			c.TokensFrom[st.User] = st.Before
		}
	}
	return c
}

func aboutAccounts(a Act) bool {
	if strings.HasPrefix(string(a.Kind), "staff.") || strings.HasPrefix(string(a.Kind), "key.") {
		return true
	}
	for _, e := range a.Effects {
		for _, p := range []string{"staff_", "invite_", "key_"} {
			if strings.HasPrefix(e.What, p) {
				return true
			}
		}
	}
	return false
}

func (c ControlChange) tellsAnything() bool {
	return len(c.Sanctions)+len(c.Lifted)+len(c.Lockdowns)+len(c.Unlocked)+len(c.TokensFrom)+len(c.Removed)+len(c.Changed) > 0 || c.Accounts
}

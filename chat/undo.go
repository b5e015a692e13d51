package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// undoable are the effects that an undo takes back, besides all of undoableKinds.
var undoable = []string{
	"messages_hidden", "messages_restored", "message_pinned", "message_unpinned", "message_released", "message_refused",
	"message_unrefused", "setting", "room_archived", "room_unarchived", "room_cleared", "room_uncleared",
	"staff_added", "staff_role", "staff_rooms", "staff_disabled", "invite_made",
	"key_made", "key_label", "key_scopes", "key_rooms", "key_longest_ban_seconds", "key_acts_per_hour", "key_dry_run_only", "key_expires_at",
}

var undoableKinds = []string{"sanction_", "lockdown_", "note_"}

// Undoable reports whether any of an act can be taken back. What the store finds changed since then is left all the same.
func (a Act) Undoable() bool {
	return a.UndoneBy == "" && slices.ContainsFunc(a.Effects, func(e ActEffect) bool {
		return slices.Contains(undoable, e.What) ||
			slices.ContainsFunc(undoableKinds, func(kind string) bool { return strings.HasPrefix(e.What, kind) })
	})
}

// Undo takes an act back: exactly what it changed and nothing has changed since. What is left is in Skipped. An undo is undone
// likewise. Admins undo anything but what is about staff (owners do), moderators what was done within their rooms; and everybody only
// what they could have done the other way round themselves. Codes act_not_found, already_undone, not_undoable, scope_missing,
// bound_*, target_protected.
func (s *Service) Undo(ctx context.Context, o Order, id ActID) (Outcome, error) {
	a, err := s.toUndo(ctx, o.By, id)
	if err != nil {
		return Outcome{}, err
	}
	if a.UndoneBy == "" && !a.Undoable() {
		return Outcome{}, errNotUndoable()
	}
	live := s.Sessions.List() // here: the impact is asked for within the transaction
	return s.perform(ctx, o, Deed{
		Act:   Act{Kind: ActUndo, Undoes: id, Users: a.Users},
		Steps: []Step{UndoStep{ID: id}},
	}, work{impacted: func(en Enacted, im *Impact) {
		*im = s.impactOfSanctionsOn(live, append(slices.Clone(en.Sanctions), en.Lifted...))
		im.Rooms = len(a.Rooms)
		countMessages(en, im)
	}})
}

func errNotUndoable() *Error {
	return Refuse(Conflict, "not_undoable", "What this act did can't be taken back.")
}

// toUndo finds an act that its caller may undo.
func (s *Service) toUndo(ctx context.Context, by Actor, id ActID) (Act, error) {
	if by.Role != RoleStaff || !by.Grant.Has(ActsUndo) {
		return Act{}, Refuse(Forbidden, "scope_missing", "This needs the scope %s, which you don't have.", ActsUndo)
	}
	a, err := s.Ledger.Act(ctx, id)
	if err != nil {
		return Act{}, err
	}
	if !by.sees(a) {
		return Act{}, Refuse(NotFound, "act_not_found", "There is no such act.")
	}
	root, err := s.rootOf(ctx, a)
	if err != nil {
		return Act{}, err
	}
	if err := mayUndoAccounts(by, root); err != nil || a.UndoneBy != "" {
		return a, err
	}
	return a, s.mayPutBack(ctx, by, a)
}

// mayUndoAccounts keeps who isn't an owner from undoing what is about staff, and keys from making themselves wider.
func mayUndoAccounts(by Actor, a Act) error {
	staff, key := strings.HasPrefix(string(a.Kind), "staff."), strings.HasPrefix(string(a.Kind), "key.")
	switch {
	case staff && by.Grant.Role != Owner:
		return Refuse(Forbidden, "scope_missing", "What is about staff is undone by owners only.")
	case key && by.Grant.Role != Owner && by.Grant.Role != Admin:
		return Refuse(Forbidden, "scope_missing", "What is about keys is undone by admins only.")
	}
	return nil
}

// maxUndos bounds how often an act is undone, redone, undone.
const maxUndos = 100

// rootOf finds what an undo, or the undo of an undo, is about in the end.
func (s *Service) rootOf(ctx context.Context, a Act) (Act, error) {
	for range maxUndos {
		if a.Kind != ActUndo {
			return a, nil
		}
		next, err := s.Ledger.Act(ctx, a.Undoes)
		if err != nil {
			return a, fmt.Errorf("find what was undone: %w", err)
		}
		a = next
	}
	return a, Refuse(Conflict, "already_undone", "That was done and undone %d times; do it anew.", maxUndos)
}

// undoPage is how many acts UndoSince reads at once.
const undoPage = 100

// UndoSince undoes what somebody has done since then, the latest first, one undo each, and returns the undos. progress hears after
// each act how many are done and what failed so far; where it returns false, or ctx has ended, the rest stays. What can't be undone
// is among what failed (not_undoable).
func (s *Service) UndoSince(ctx context.Context, o Order, by UserID, since time.Time, progress func(done int, failed []Failure) bool) ([]ActID, error) {
	o.Keep, o.Reply = nil, nil
	if err := s.may(o.By, ActsUndo); err != nil {
		return nil, err
	}
	since = since.Truncate(time.Millisecond) // as acts have it
	q := ActQuery{By: by, Since: since, Until: s.now().Add(time.Millisecond), Limit: undoPage, Within: o.By.within(), Self: o.By.ID}
	u := undoing{o: o, goes: func(a Act) bool { return a.By == by && !a.At.Before(since) }, progress: progress}
	for {
		acts, err := s.Ledger.Acts(ctx, q)
		if err != nil {
			return u.made, fmt.Errorf("list acts: %w", err)
		}
		for _, a := range acts {
			if on, err := s.undoNext(ctx, &u, a.ID); err != nil || !on {
				return u.made, err
			}
		}
		if len(acts) < undoPage {
			return u.made, nil
		}
		q.Before = acts[len(acts)-1].Pos
	}
}

// undoing is UndoSince under way.
type undoing struct {
	o        Order
	goes     func(Act) bool // what is to be undone
	progress func(done int, failed []Failure) bool
	done     int
	failed   []Failure
	made     []ActID
}

// undoNext undoes one of many; false: the others stay.
func (s *Service) undoNext(ctx context.Context, u *undoing, id ActID) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	made, err := s.undoOne(ctx, u.o, id, u.goes)
	switch {
	case IsKind(err, RateLimited), err != nil && ctx.Err() != nil:
		return false, err
	case err != nil:
		u.failed = append(u.failed, Failure{ID: string(id), Why: AsError(err)})
	case made != "":
		u.made = append(u.made, made)
	}
	u.done++
	return u.progress(u.done, u.failed), nil
}

// undoOne undoes one of the acts that are to go. An empty id: there is nothing to undo, because it was undone
// before, or because it is itself the undo of one of them.
func (s *Service) undoOne(ctx context.Context, o Order, id ActID, goes func(Act) bool) (ActID, error) {
	a, err := s.Ledger.Act(ctx, id)
	if err != nil || a.UndoneBy != "" {
		return "", err
	}
	back := false
	for u := a; u.Kind == ActUndo; back = !back {
		if u, err = s.Ledger.Act(ctx, u.Undoes); err != nil {
			return "", err
		}
		if !goes(u) {
			break
		}
	}
	if back {
		return "", nil
	}
	out, err := s.Undo(ctx, o, a.ID)
	if CodeOf(err) == "already_undone" {
		return "", nil
	}
	return out.Act.ID, err
}

// within are the globs that what an actor lists is within; nil: everything.
func (by Actor) within() []string {
	if by.Grant == nil {
		return []string{}
	}
	return by.Grant.Rooms
}

package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// undoable are the effects that an undo takes back.
var undoable = []string{
	"messages_hidden", "messages_restored", "message_pinned", "message_unpinned", "message_released", "message_refused",
	"sanction_made", "sanction_changed", "sanction_lifted", "sanction_unlifted", "sanction_carried",
	"setting", "room_created", "room_archived", "room_unarchived", "room_cleared", "lockdown_made", "lockdown_lifted",
	"note_added", "note_removed", "staff_changed", "key_changed",
}

// Undoable reports whether any of an act can be taken back. What the store finds changed since then is left all the same.
func (a Act) Undoable() bool {
	return a.UndoneBy == "" && slices.ContainsFunc(a.Effects, func(e ActEffect) bool { return slices.Contains(undoable, e.What) })
}

// Undo takes an act back: exactly what it changed and nothing has changed since. What is left is in Skipped. An undo is undone
// likewise. Admins undo anything but what is about staff (owners do), moderators what was done within their rooms.
// Codes act_not_found, already_undone, scope_missing.
func (s *Service) Undo(ctx context.Context, o Order, id ActID) (Outcome, error) {
	a, err := s.ShowUndoable(ctx, o.By, id)
	if err != nil {
		return Outcome{}, err
	}
	im := s.impactOn(nil)
	im.Messages = messagesOf(a)
	im.Rooms = len(a.Rooms)
	return s.perform(ctx, o, Deed{
		Act:   Act{Kind: ActUndo, Undoes: id, Users: a.Users},
		Steps: []Step{UndoStep{ID: id}},
	}, work{impact: im, impacted: func(en Enacted, im *Impact) {
		hit := s.impactOfSanctions(append(slices.Clone(en.Sanctions), en.Lifted...))
		hit.Rooms, hit.Messages = im.Rooms, 0
		*im = hit
		countMessages(en, im)
	}})
}

func messagesOf(a Act) int {
	var im Impact
	countMessages(Enacted{Act: a}, &im)
	return im.Messages
}

// ShowUndoable finds an act that its caller may undo.
func (s *Service) ShowUndoable(ctx context.Context, by Actor, id ActID) (Act, error) {
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
	return a, mayUndoAccounts(by, root)
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

// sees reports whether an act is the actor's business: who is limited to rooms sees what was done within them.
func (by Actor) sees(a Act) bool {
	if by.Grant.Everywhere() {
		return true
	}
	return by.Grant != nil && len(a.Rooms) > 0 && !slices.ContainsFunc(a.Rooms, func(r RoomID) bool { return !by.Grant.Covers(r) })
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
	q := ActQuery{By: by, Since: since, Until: s.now().Add(time.Millisecond), Limit: undoPage, Within: o.By.within()}
	var (
		made   []ActID
		failed []Failure
		done   int
	)
	for {
		acts, err := s.Ledger.Acts(ctx, q)
		if err != nil {
			return made, fmt.Errorf("list acts: %w", err)
		}
		for _, a := range acts {
			id, err := s.undoOne(ctx, o, a)
			if err != nil && (ctx.Err() != nil || IsKind(err, RateLimited)) {
				return made, err
			}
			switch {
			case err != nil:
				failed = append(failed, Failure{ID: string(a.ID), Why: AsError(err)})
			case id != "":
				made = append(made, id)
			}
			done++
			if !progress(done, failed) {
				return made, nil
			}
		}
		if len(acts) < undoPage {
			return made, nil
		}
		q.Before = acts[len(acts)-1].Pos
	}
}

// undoOne undoes an act of a list; an empty id: it was undone before.
func (s *Service) undoOne(ctx context.Context, o Order, a Act) (ActID, error) {
	// As it is now: undoing a later one may have brought it back.
	a, err := s.Ledger.Act(ctx, a.ID)
	switch {
	case err != nil:
		return "", err
	case a.UndoneBy != "":
		return "", nil
	case !a.Undoable():
		return "", Refuse(Conflict, "not_undoable", "What this act did can't be taken back.")
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

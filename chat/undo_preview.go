package chat

import (
	"context"
	"fmt"
	"time"
)

// undoPreviewed bounds the acts that PreviewUndoSince looks at.
const undoPreviewed = 10_000

// CheckUndoSince refuses an order that UndoSince couldn't carry out at all. Codes scope_missing, bound_dry_run.
func (s *Service) CheckUndoSince(o Order) error {
	if err := s.may(o.By, ActsUndo); err != nil {
		return err
	}
	if g := o.By.Grant; g != nil && g.DryRunOnly && !o.DryRun {
		return refuseDryRunOnly()
	}
	return nil
}

// PreviewUndoSince says what UndoSince would take back, and what it would leave.
func (s *Service) PreviewUndoSince(ctx context.Context, o Order, by UserID, since time.Time) (Outcome, error) {
	if err := s.CheckUndoSince(o); err != nil {
		return Outcome{}, err
	}
	out := Outcome{DryRun: true}
	rooms, users := make(map[RoomID]bool), make(map[UserID]bool)
	q := ActQuery{By: by, Since: since, Limit: undoPage, Within: o.By.within(), Self: o.By.ID}
	for seen := 0; seen < undoPreviewed; seen += undoPage {
		acts, err := s.Ledger.Acts(ctx, q)
		if err != nil {
			return Outcome{}, fmt.Errorf("list acts: %w", err)
		}
		for _, a := range acts {
			if a.UndoneBy != "" {
				continue
			}
			if why := s.undoRefusal(ctx, o.By, a); why != nil {
				out.Skipped = append(out.Skipped, Skipped{What: string(a.Kind), Subject: string(a.ID), Code: why.Code, Message: why.Message})
				continue
			}
			out.Impact.Messages += messagesOf(a)
			for _, r := range a.Rooms {
				rooms[r] = true
			}
			for _, u := range a.Users {
				users[u] = true
			}
		}
		if len(acts) < undoPage {
			break
		}
		q.Before = acts[len(acts)-1].Pos
	}
	out.Impact.Rooms, out.Impact.Users = len(rooms), len(users)
	for u := range users {
		if u.Guest() {
			out.Impact.Guests++
		} else {
			out.Impact.SignedIn++
		}
	}
	return out, nil
}

// undoRefusal is why an act wouldn't be taken back; nil: it would be.
func (s *Service) undoRefusal(ctx context.Context, by Actor, a Act) *Error {
	if !a.Undoable() {
		return errNotUndoable()
	}
	root, err := s.rootOf(ctx, a)
	if err == nil {
		err = mayUndoAccounts(by, root)
	}
	if err == nil {
		err = s.mayPutBack(ctx, by, a)
	}
	if err != nil {
		return AsError(err)
	}
	return nil
}

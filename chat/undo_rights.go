package chat

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// undoNeeds is what somebody must hold besides ActsUndo to take an effect back; empty: nothing takes it back.
func undoNeeds(what string) Scope {
	switch what {
	case "message_released", "message_refused", "message_unrefused":
		return HeldDecide
	case "setting":
		return RoomsWrite
	}
	word, _, _ := strings.Cut(what, "_")
	return map[string]Scope{
		"message": MessagesModerate, "messages": MessagesModerate, "sanction": SanctionsWrite, "room": RoomsWrite, "lockdown": RoomsWrite,
		"note": UsersWrite, "staff": StaffWrite, "invite": StaffWrite, "key": KeysWrite,
	}[word]
}

// mayPutBack checks that an actor could have done themselves what the undo of an act does. Codes scope_missing, bound_rooms,
// bound_duration, target_protected.
func (s *Service) mayPutBack(ctx context.Context, by Actor, a Act) error {
	checked := make(map[Scope]bool)
	for _, e := range a.Effects {
		scope := undoNeeds(e.What)
		if scope != "" && !checked[scope] {
			if err := s.may(by, scope); err != nil {
				return err
			}
			if (scope == StaffWrite || scope == KeysWrite) && !by.Grant.Everywhere() {
				return outOfRooms(by, "accounts and keys of all rooms")
			}
			checked[scope] = true
		}
		if err := s.mayHoldAgain(ctx, by, e); err != nil {
			return err
		}
	}
	return nil
}

// mayHoldAgain checks what would hold anew: for how long, and against whom.
func (s *Service) mayHoldAgain(ctx context.Context, by Actor, e ActEffect) error {
	if by.Grant.LongestBan == 0 && by.admin() {
		return nil
	}
	switch e.What {
	case "sanction_lifted", "sanction_uncarried":
		return s.maySanctionAgain(ctx, by, SanctionID(e.Subject))
	case "sanction_changed":
		if e.Before == "" {
			return nil
		}
		return s.boundEnd(by, e.Before)
	case "lockdown_lifted":
		return s.boundEnd(by, e.Before)
	}
	return nil
}

func (s *Service) maySanctionAgain(ctx context.Context, by Actor, id SanctionID) error {
	x, err := s.Directory.Sanction(ctx, id)
	switch {
	case IsKind(err, NotFound):
		return nil // nor is it put back
	case err != nil:
		return fmt.Errorf("find sanction: %w", err)
	}
	if x.Target.User != "" {
		p, err := s.known(ctx, x.Target.User, nil)
		if err != nil {
			return err
		}
		if err := protect(by, p); err != nil {
			return err
		}
	}
	return s.boundUntil(by, x.Expires)
}

// boundEnd is boundUntil of a time as effects have it: JSON; nothing and null are for good.
func (s *Service) boundEnd(by Actor, text string) error {
	var end time.Time
	if text != "" && text != "null" {
		var err error
		if end, err = time.Parse(time.RFC3339, strings.Trim(text, `"`)); err != nil {
			return fmt.Errorf("read end: %w", err)
		}
	}
	return s.boundUntil(by, end)
}

// boundUntil checks how long something may hold from now on; the zero time: for good.
func (s *Service) boundUntil(by Actor, end time.Time) error {
	if end.IsZero() {
		return boundDuration(by, 0)
	}
	if left := end.Sub(s.now()); left > 0 {
		return boundDuration(by, left)
	}
	return nil
}

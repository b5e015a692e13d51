package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chatd/chatd/chat"
)

// enactment is a Deed under way: one transaction, under the log's lock. Its statements
// are written once for both databases; what numbers events goes through ops.
type enactment struct {
	ctx   context.Context
	q     querier // the transaction
	ops   opRunner
	deed  *chat.Deed
	now   time.Time // the store's clock
	at    int64     // when the act is said to have happened, in milliseconds
	step  func() int64
	newID func() string

	done   chat.Enacted // what it comes to
	events []eventRow   // those that it made, in order
	hides  int          // how many messages it was to hide so far
	// undoes is the act that an UndoStep takes back, while its effects are.
	undoes *chat.Act
	// swept are what effects of undoes that say the same of a room were taken back together.
	swept map[string]bool
	// spans are the rooms, as names and globs, that what is under way may change messages in, seen or not; nil: it
	// says so itself.
	spans []string
}

// opRunner numbers, within the transaction of an enactment.
type opRunner interface {
	// op does what an append would do.
	op(o op) (result, error)
	// place takes the next pos.
	place() (int64, error)
	// end writes what the runner has kept for the end.
	end(outcome string) error
}

// effect notes something that the act changed.
func (e *enactment) effect(x chat.ActEffect) {
	if e.spans != nil && x.Within() == "" && strings.HasPrefix(x.What, "messages_") {
		return // spanned says where it might have been
	}
	e.done.Act.Effects = append(e.done.Act.Effects, x)
	if x.Room != "" && !slices.Contains(e.done.Act.Rooms, x.Room) {
		e.done.Act.Rooms = append(e.done.Act.Rooms, x.Room)
	}
}

// skip notes something that the act left alone.
func (e *enactment) skip(x chat.Skipped) { e.done.Skipped = append(e.done.Skipped, x) }

// hits notes somebody whom the act concerns.
func (e *enactment) hits(users ...chat.UserID) {
	for _, u := range users {
		if u != "" && !slices.Contains(e.done.Act.Users, u) {
			e.done.Act.Users = append(e.done.Act.Users, u)
		}
	}
}

// run does one step.
func (e *enactment) run(s chat.Step) error {
	if known, err := e.runOnRooms(s); known {
		return err
	}
	if known, err := e.runOnPeople(s); known {
		return err
	}
	if known, err := e.runOnAccounts(s); known {
		return err
	}
	if s, ok := s.(chat.UndoStep); ok {
		return e.undoStep(s)
	}
	return fmt.Errorf("enact: unknown step %T", s)
}

func (e *enactment) runOnRooms(s chat.Step) (known bool, err error) {
	switch s := s.(type) {
	case chat.HideStep:
		err = e.hideStep(s)
	case chat.PurgeStep:
		err = e.purge(s)
	case chat.RestoreStep:
		err = e.restoreStep(s)
	case chat.PinStep:
		err = e.pinStep(s)
	case chat.DecideStep:
		err = e.decideStep(s)
	case chat.SetStep:
		err = e.setStep(s)
	case chat.ArchiveStep:
		err = e.archiveStep(s)
	case chat.RemoveRoomStep:
		err = e.removeRoomStep(s)
	case chat.ClearStep:
		err = e.clearStep(s)
	default:
		return false, nil
	}
	return true, err
}

func (e *enactment) runOnPeople(s chat.Step) (known bool, err error) {
	switch s := s.(type) {
	case chat.LockStep:
		err = e.lockStep(s)
	case chat.UnlockStep:
		err = e.unlockStep(s)
	case chat.ImposeStep:
		err = e.imposeStep(s)
	case chat.AlterStep:
		err = e.alterStep(s)
	case chat.LiftStep:
		err = e.liftStep(s)
	case chat.CarryStep:
		err = e.carryStep(s)
	case chat.NoteStep:
		err = e.noteStep(s)
	case chat.UnnoteStep:
		err = e.unnoteStep(s)
	case chat.RevokeTokensStep:
		err = e.revokeTokensStep(s)
	default:
		return false, nil
	}
	return true, err
}

func (e *enactment) runOnAccounts(s chat.Step) (known bool, err error) {
	switch s := s.(type) {
	case chat.AddStaffStep:
		err = e.addStaffStep(s)
	case chat.ChangeStaffStep:
		err = e.changeStaffStep(s)
	case chat.RemoveStaffStep:
		err = e.removeStaffStep(s)
	case chat.EndStaffSessionsStep:
		err = e.endStaffSessionsStep(s)
	case chat.AddInviteStep:
		err = e.addInviteStep(s)
	case chat.RemoveInviteStep:
		err = e.removeInviteStep(s)
	case chat.AddKeyStep:
		err = e.addKeyStep(s)
	case chat.ChangeKeyStep:
		err = e.changeKeyStep(s)
	case chat.RotateKeyStep:
		err = e.rotateKeyStep(s)
	case chat.RevokeKeyStep:
		err = e.revokeKeyStep(s)
	default:
		return false, nil
	}
	return true, err
}

// undo takes one effect of e.undoes back, as far as no later act changed the same.
func (e *enactment) undo(x chat.ActEffect) error {
	switch x.What {
	case "setting":
		return e.undoSetting(x)
	case "room_archived", "room_unarchived":
		return e.undoArchived(x)
	case "room_cleared":
		return e.undoCleared(x)
	case "room_uncleared":
		return e.undoUncleared(x)
	}
	switch word, _, _ := strings.Cut(x.What, "_"); word {
	case "message", "messages":
		return e.undoMessages(x)
	case "sanction":
		return e.undoSanction(x)
	case "lockdown":
		return e.undoLockdown(x)
	case "note":
		return e.undoNote(x)
	case "staff", "invite", "key":
		return e.undoAccount(x)
	}
	e.notUndoable(x)
	return nil
}

// undoMessages takes back what an act did to messages.
func (e *enactment) undoMessages(x chat.ActEffect) error {
	switch x.What {
	case "messages_hidden":
		return e.spanning(e.spansOf(x.What), "messages_restored", func() error { return e.undoHidden(x) })
	case "messages_restored":
		return e.spanning(e.spansOf(x.What), "messages_hidden", func() error { return e.undoRestored(x) })
	case "message_pinned":
		return e.undoPinned(x)
	case "message_unpinned":
		return e.undoUnpinned(x)
	case "message_released":
		return e.undoReleased(x)
	case "message_refused":
		return e.undoRefused(x)
	case "message_unrefused":
		return e.undoUnrefused(x)
	}
	e.notUndoable(x)
	return nil
}

// notUndoable tells of an effect that can't be taken back.
func (e *enactment) notUndoable(x chat.ActEffect) {
	e.left(x, "not_undoable", "This can't be undone.")
}

// changedLater tells of an effect that a later act changed.
func (e *enactment) changedLater(x chat.ActEffect) {
	e.left(x, "changed_later", "It was changed again since, which stays.")
}

func (e *enactment) left(x chat.ActEffect, code, message string) {
	e.skip(chat.Skipped{What: x.What, Subject: x.Subject, Room: x.Room, Code: code, Message: message})
}

// exec runs a statement within the transaction and says how many rows it changed.
func (e *enactment) exec(query string, args ...any) (int64, error) {
	res, err := e.q.ExecContext(e.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

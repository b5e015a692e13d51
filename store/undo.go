package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/chatd/chatd/chat"
)

func (e *enactment) undoStep(s chat.UndoStep) error {
	a, err := loadAct(e.ctx, e.q, s.ID)
	if err != nil {
		return err
	}
	if a.UndoneBy != "" {
		return errAlreadyUndone
	}
	e.undoes, e.swept = &a, make(map[string]bool)
	e.done.Act.Undoes = a.ID
	e.hits(a.Users...)
	for _, x := range slices.Backward(a.Effects) {
		if err := e.undo(x); err != nil {
			return fmt.Errorf("undo %s: %w", x.What, err)
		}
	}
	if _, err := e.exec(`UPDATE acts SET undone_by = $2 WHERE id = $1`, string(a.ID), e.id()); err != nil {
		return fmt.Errorf("mark as undone: %w", err)
	}
	return nil
}

// sweep reports whether effects of this kind, which are taken back together, weren't yet.
func (e *enactment) sweep(what string) bool {
	first := !e.swept[what]
	e.swept[what] = true
	return first
}

// counted is how many messages effects of e.undoes speak of.
func (e *enactment) counted(what string) int {
	n := 0
	for _, x := range e.undoes.Effects {
		if x.What == what {
			n += x.Count
		}
	}
	return n
}

// undoHidden ends the hides of the act. Who was hidden by another act, too, stays so.
func (e *enactment) undoHidden(x chat.ActEffect) error {
	if !e.sweep(x.What) {
		return nil
	}
	if _, err := e.exec(`UPDATE message_hides SET ended_by = $2 WHERE ended_by = '' AND (act = $1 OR reopened = $1 AND reopened <> '')`,
		string(e.undoes.ID), e.id()); err != nil {
		return fmt.Errorf("end hides: %w", err)
	}
	if err := e.restored(x.Room); err != nil {
		return err
	}
	if err := e.leftMessages(x.What, "changed_later", "It was restored already.", `SELECT m.id, m.room FROM message_hides h
		JOIN messages m ON m.id = h.message WHERE`+hiddenBy+`AND h.ended_by NOT IN ('', $2) ORDER BY m.room, m.seq`,
		string(e.undoes.ID), e.id()); err != nil {
		return err
	}
	if err := e.leftMessages(x.What, "still_hidden", "Another act hides it, too.", `SELECT m.id, m.room FROM message_hides h
		JOIN messages m ON m.id = h.message WHERE h.ended_by = $1 AND h.ended_by <> '' AND m.hidden = 1 ORDER BY m.room, m.seq`,
		e.id()); err != nil {
		return err
	}
	return e.leftGone(x.What)
}

// leftGone notes that messages of the act's are no more, where some are.
func (e *enactment) leftGone(what string) error {
	var there int
	if err := e.q.QueryRowContext(e.ctx, `SELECT count(DISTINCT h.message) FROM message_hides h WHERE`+hiddenBy, string(e.undoes.ID)).Scan(&there); err != nil {
		return fmt.Errorf("count hides: %w", err)
	}
	if gone := e.counted(what) - there; gone > 0 {
		e.skip(chat.Skipped{What: what, Code: "gone", Message: fmt.Sprintf("%d messages are no longer kept.", gone)})
	}
	return nil
}

// restoredLater is that a message, restored by the act $1 at $2, has been restored by a later one, too.
const restoredLater = ` EXISTS (SELECT 1 FROM message_hides l JOIN acts a ON a.id = l.ended_by
	WHERE l.message = h.message AND l.ended_by <> '' AND a.pos > CAST($2 AS BIGINT)) `

// undoRestored hides again what the act restored: what hid it stands again, so that who
// undoes that as well finds it.
func (e *enactment) undoRestored(x chat.ActEffect) error {
	if !e.sweep(x.What) {
		return nil
	}
	undone, pos := string(e.undoes.ID), int64(e.undoes.Pos)
	if err := e.leftMessages(x.What, "changed_later", "It was restored again since.", `SELECT DISTINCT h.message, m.room
		FROM message_hides h JOIN messages m ON m.id = h.message WHERE h.ended_by = $1 AND h.ended_by <> '' AND`+restoredLater, undone, pos); err != nil {
		return err
	}
	if _, err := e.exec(`UPDATE message_hides AS h SET ended_by = '', reopened = $3
		WHERE h.ended_by = $1 AND h.ended_by <> '' AND NOT`+restoredLater, undone, pos, e.id()); err != nil {
		return fmt.Errorf("hide again: %w", err)
	}
	return e.hidden(x.Room)
}

// undoSetting puts settings back whose value is still the one that the act set.
func (e *enactment) undoSetting(x chat.ActEffect) error {
	if !e.sweep(x.What + " " + string(x.Room)) {
		return nil
	}
	r, err := e.undoneIn(x.Room)
	if err != nil {
		return err
	}
	_, inForce, err := e.settings(r)
	if err != nil {
		return err
	}
	back := make(map[string]json.RawMessage)
	for _, one := range e.undoes.Effects {
		switch {
		case one.What != x.What || one.Room != x.Room:
		case !r.Stored:
			e.left(one, "gone", "The room was deleted.")
		case string(inForce[one.Subject]) != one.After:
			e.changedLater(one)
		default:
			back[one.Subject] = json.RawMessage(one.Before)
		}
	}
	if len(back) == 0 {
		return nil
	}
	e.done.Room = &r.Room
	return e.set(r, back)
}

// undoneIn reads a room that an act changed; it isn't stored where it was deleted since.
func (e *enactment) undoneIn(id chat.RoomID) (roomRow, error) {
	r, err := loadRoom(e.ctx, e.q, id, "")
	if errors.Is(err, errRoomUnknown) {
		return roomRow{Room: chat.Room{ID: id}}, nil
	}
	return r, err
}

func (e *enactment) undoArchived(x chat.ActEffect) error {
	r, err := e.undoneIn(x.Room)
	switch {
	case err != nil:
		return err
	case !r.Stored:
		e.left(x, "gone", "The room was deleted.")
		return nil
	case r.ArchivedAt.IsZero() == (x.What == "room_archived"):
		e.changedLater(x)
		return nil
	}
	return e.archiveStep(chat.ArchiveStep{Room: x.Room, On: x.What == "room_unarchived"})
}

// undoCleared shows everything again, to readers who start afresh: no event could say all that came back.
func (e *enactment) undoCleared(x chat.ActEffect) error {
	if ok, err := e.freshStart(x); !ok || err != nil {
		return err
	}
	n, err := e.exec(`UPDATE message_hides SET ended_by = $1 WHERE act = $2 AND ended_by = ''
		AND EXISTS (SELECT 1 FROM messages m WHERE m.id = message_hides.message AND m.room = $3)`,
		e.id(), string(e.undoes.ID), string(x.Room))
	if err != nil {
		return fmt.Errorf("end hides: %w", err)
	}
	if _, err := e.reveal(); err != nil {
		return err
	}
	e.effect(chat.ActEffect{What: "room_uncleared", Room: x.Room, Count: int(n)})
	return nil
}

// undoUncleared clears again what was cleared, and not what was said since: that is no event cleared either.
func (e *enactment) undoUncleared(x chat.ActEffect) error {
	if ok, err := e.freshStart(x); !ok || err != nil {
		return err
	}
	if err := e.hide(`room = $1 AND id IN (SELECT h.message FROM message_hides h WHERE h.ended_by = $2 AND h.ended_by <> '')`,
		string(x.Room), string(e.undoes.ID)); err != nil {
		return err
	}
	if _, err := e.conceal(); err != nil {
		return err
	}
	n, err := e.hiddenIn(x.Room)
	if err != nil {
		return err
	}
	e.effect(chat.ActEffect{What: "room_cleared", Room: x.Room, Count: n})
	return nil
}

// freshStart gives a room its next epoch; false where it was deleted.
func (e *enactment) freshStart(x chat.ActEffect) (bool, error) {
	n, err := e.exec(`UPDATE rooms SET incarnation = incarnation + 1 WHERE id = $1 AND removed_at = 0`, string(x.Room))
	if err != nil {
		return false, fmt.Errorf("begin an epoch: %w", err)
	}
	if n == 0 {
		e.left(x, "gone", "The room was deleted.")
		return false, nil
	}
	e.reset(x.Room)
	return true, nil
}

package store

import (
	"fmt"

	"github.com/chatd/chatd/chat"
)

func (e *enactment) lockStep(s chat.LockStep) error {
	l, a := s.Lockdown, e.deed.Act
	l.Act = a.ID
	if l.By == "" {
		l.By = a.By
	}
	if l.At.IsZero() {
		l.At = instant(e.at)
	}
	if _, err := e.exec(`INSERT INTO lockdowns (`+lockdownColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		string(l.ID), string(l.Act), string(l.Room), string(l.Level), l.Interval.Milliseconds(), string(l.By), l.Reason,
		millis(l.At), millis(l.Until)); err != nil {
		return fmt.Errorf("lock down: %w", err)
	}
	e.effect(chat.ActEffect{What: "lockdown_made", Room: l.Room, Subject: string(l.ID)})
	e.done.Lockdowns = append(e.done.Lockdowns, l)
	return nil
}

func (e *enactment) unlockStep(s chat.UnlockStep) error {
	all, err := listLockdowns(e.ctx, e.q, `WHERE id = $1 AND lifted_at = 0 AND until_at > $2`, string(s.ID), millis(e.now))
	if err == nil && len(all) == 0 {
		err = errLockdownNotFound
	}
	if err != nil {
		return err
	}
	return e.unlock(all[0])
}

func (e *enactment) unlock(l chat.Lockdown) error {
	if _, err := e.exec(`UPDATE lockdowns SET lifted_at = $2, lifted_by = $3, lifted_in = $4 WHERE id = $1`,
		string(l.ID), max(e.at, 1), string(e.deed.Act.By), e.id()); err != nil {
		return fmt.Errorf("unlock: %w", err)
	}
	e.effect(chat.ActEffect{What: "lockdown_lifted", Room: l.Room, Subject: string(l.ID), Before: jsonTime(l.Until)})
	e.done.Unlocked = append(e.done.Unlocked, l)
	return nil
}

// unlockRoom ends the lock-downs of a room that goes.
func (e *enactment) unlockRoom(room chat.RoomID) error {
	all, err := listLockdowns(e.ctx, e.q, `WHERE room = $1 AND lifted_at = 0 AND until_at > $2 ORDER BY id`, string(room), millis(e.now))
	if err != nil {
		return err
	}
	for _, l := range all {
		if err := e.unlock(l); err != nil {
			return err
		}
	}
	return nil
}

// undoLockdown ends a lock-down that the act made, or has one that it ended go on.
func (e *enactment) undoLockdown(x chat.ActEffect) error {
	all, err := listLockdowns(e.ctx, e.q, `WHERE id = $1`, x.Subject)
	if err != nil {
		return err
	}
	if len(all) == 0 || !all[0].InForce(all[0].Room, e.now) {
		e.left(x, "expired", "Its time is over.")
		return nil
	}
	var liftedIn string
	if err := e.q.QueryRowContext(e.ctx, `SELECT lifted_in FROM lockdowns WHERE id = $1`, x.Subject).Scan(&liftedIn); err != nil {
		return fmt.Errorf("read lock-down: %w", err)
	}
	switch {
	case x.What == "lockdown_made" && liftedIn == "":
		return e.unlock(all[0])
	case x.What == "lockdown_lifted" && liftedIn == string(e.undoes.ID):
		if _, err := e.exec(`UPDATE lockdowns SET lifted_at = 0, lifted_by = '', lifted_in = '' WHERE id = $1`, x.Subject); err != nil {
			return fmt.Errorf("lock again: %w", err)
		}
		e.effect(chat.ActEffect{What: "lockdown_made", Room: x.Room, Subject: x.Subject})
		e.done.Lockdowns = append(e.done.Lockdowns, all[0])
	default:
		e.changedLater(x)
	}
	return nil
}

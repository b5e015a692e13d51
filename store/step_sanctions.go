package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/chatd/chatd/chat"
)

// sanctionEffect is an effect on a sanction, within the sanction's scope.
func sanctionEffect(what string, x chat.Sanction) chat.ActEffect {
	f := chat.ActEffect{What: what, Subject: string(x.ID)}
	return inScope(f, x.Rooms)
}

func (e *enactment) imposeStep(s chat.ImposeStep) error {
	for _, x := range s.Sanctions {
		a := e.deed.Act
		x.Act, x.Version = a.ID, 1
		if x.By == "" {
			x.By, x.Via = a.By, a.Via
		}
		if x.At.IsZero() {
			x.At = instant(e.at)
		}
		if x.Starts.IsZero() {
			x.Starts = x.At
		}
		if err := insertSanction(e.ctx, e.q, x); err != nil {
			return err
		}
		e.hits(x.Target.User)
		f := sanctionEffect("sanction_made", x)
		f.After = jsonTime(x.Expires)
		e.effect(f)
		e.done.Sanctions = append(e.done.Sanctions, x)
	}
	return nil
}

func (e *enactment) alterStep(s chat.AlterStep) error {
	x, err := loadSanction(e.ctx, e.q, s.ID)
	switch {
	case err != nil:
		return err
	case !x.Standing(e.now):
		return errSanctionNotFound
	case s.IfVersion != 0 && s.IfVersion != x.Version:
		return errStale
	}
	now := x
	if s.Reason != nil {
		now.Reason = *s.Reason
	}
	if s.Note != nil {
		now.Note = *s.Note
	}
	if s.Expires != nil {
		now.Expires = *s.Expires
	}
	return e.changeSanction(x, now)
}

// changeSanction writes reason, note and end of a sanction, and what they were. Texts
// aren't part of the act's record.
func (e *enactment) changeSanction(was, now chat.Sanction) error {
	if was.Reason == now.Reason && was.Note == now.Note && was.Expires.Equal(now.Expires) {
		e.skip(chat.Skipped{What: "sanction_changed", Subject: string(was.ID), Code: "already", Message: "It is so already."})
		return nil
	}
	_, err := e.exec(`INSERT INTO sanction_changes (sanction, act, reason_was, reason, note_was, note, expires_was, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (sanction, act) DO UPDATE SET reason = excluded.reason, note = excluded.note, expires = excluded.expires`,
		string(was.ID), e.id(), was.Reason, now.Reason, was.Note, now.Note, millis(was.Expires), millis(now.Expires))
	if err == nil {
		_, err = e.exec(`UPDATE sanctions SET reason = $2, note = $3, expires = $4, version = version + 1 WHERE id = $1`,
			string(was.ID), now.Reason, now.Note, millis(now.Expires))
	}
	if err != nil {
		return fmt.Errorf("change sanction: %w", err)
	}
	f := sanctionEffect("sanction_changed", was)
	if !was.Expires.Equal(now.Expires) {
		f.Before, f.After = jsonTime(was.Expires), jsonTime(now.Expires)
	}
	e.effect(f)
	e.hits(was.Target.User)
	return e.sanctionDone(was.ID, &e.done.Sanctions)
}

// sanctionDone reads a sanction as it is now into a list of what came of the deed.
func (e *enactment) sanctionDone(id chat.SanctionID, into *[]chat.Sanction) error {
	x, err := loadSanction(e.ctx, e.q, id)
	*into = append(slices.DeleteFunc(*into, func(y chat.Sanction) bool { return y.ID == id }), x)
	return err
}

func (e *enactment) liftStep(s chat.LiftStep) error {
	for _, id := range s.IDs {
		x, err := loadSanction(e.ctx, e.q, id)
		if err != nil {
			return err
		}
		if s.IfVersion != 0 && s.IfVersion != x.Version {
			return errStale
		}
		if !x.Standing(e.now) {
			e.left(sanctionEffect("sanction_lifted", x), "already", "It has ended already.")
			continue
		}
		if err := e.lift(x); err != nil {
			return err
		}
	}
	return nil
}

func (e *enactment) lift(x chat.Sanction) error {
	if _, err := e.exec(`UPDATE sanctions SET lifted_at = $2, lifted_by = $3, lifted_in = $4, version = version + 1 WHERE id = $1`,
		string(x.ID), max(e.at, 1), string(e.deed.Act.By), e.id()); err != nil {
		return fmt.Errorf("lift sanction: %w", err)
	}
	e.effect(sanctionEffect("sanction_lifted", x))
	e.hits(x.Target.User)
	e.hits(x.Also...)
	return e.sanctionDone(x.ID, &e.done.Lifted)
}

func (e *enactment) unlift(x chat.Sanction) error {
	if _, err := e.exec(`UPDATE sanctions SET lifted_at = 0, lifted_by = '', lifted_in = '', version = version + 1 WHERE id = $1`,
		string(x.ID)); err != nil {
		return fmt.Errorf("unlift sanction: %w", err)
	}
	e.effect(sanctionEffect("sanction_unlifted", x))
	e.hits(x.Target.User)
	return e.sanctionDone(x.ID, &e.done.Sanctions)
}

// raise notes that a sanction is another than it was.
func (e *enactment) raise(id chat.SanctionID) error {
	if _, err := e.exec(`UPDATE sanctions SET version = version + 1 WHERE id = $1`, string(id)); err != nil {
		return fmt.Errorf("change sanction: %w", err)
	}
	return nil
}

func (e *enactment) carryStep(s chat.CarryStep) error {
	for _, id := range s.IDs {
		x, err := loadSanction(e.ctx, e.q, id)
		if err != nil {
			return err
		}
		if !x.Standing(e.now) || slices.Contains(x.Also, s.User) {
			e.left(sanctionEffect("sanction_carried", x), "already", "It has ended, or holds against them already.")
			continue
		}
		if slices.Contains(x.Excused, s.User) {
			e.left(sanctionEffect("sanction_carried", x), "taken_back", "It was taken off them again.")
			continue
		}
		if err := e.carry(x, s.User); err != nil {
			return err
		}
	}
	return nil
}

func (e *enactment) carry(x chat.Sanction, users ...chat.UserID) error {
	if err := addSanctionUsers(e.ctx, e.q, x.ID, e.deed.Act.ID, users); err != nil {
		return err
	}
	if err := e.raise(x.ID); err != nil {
		return err
	}
	e.effect(sanctionEffect("sanction_carried", x))
	e.hits(users...)
	return e.sanctionDone(x.ID, &e.done.Sanctions)
}

// undoSanction takes back what an act did to a sanction.
func (e *enactment) undoSanction(f chat.ActEffect) error {
	x, err := loadSanction(e.ctx, e.q, chat.SanctionID(f.Subject))
	if errors.Is(err, errSanctionNotFound) {
		e.left(f, "gone", "The sanction is no longer kept.")
		return nil
	}
	if err != nil {
		return err
	}
	switch f.What {
	case "sanction_made", "sanction_unlifted":
		if e.over(f, x) {
			return nil
		}
		return e.lift(x)
	case "sanction_lifted":
		if x.LiftedIn != e.undoes.ID {
			e.changedLater(f)
			return nil
		}
		return e.undoLifted(f, x)
	case "sanction_changed":
		return e.undoChanged(f, x)
	case "sanction_carried":
		return e.undoCarried(f, x)
	case "sanction_uncarried":
		return e.undoUncarried(f, x)
	}
	e.notUndoable(f)
	return nil
}

// over notes that a sanction has ended, if it has.
func (e *enactment) over(f chat.ActEffect, x chat.Sanction) bool {
	switch {
	case !x.LiftedAt.IsZero():
		e.changedLater(f)
	case !x.Standing(e.now):
		e.left(f, "expired", "It has expired.")
	default:
		return false
	}
	return true
}

// forgotten reports that a sanction's address was taken away (see cleanings).
func forgotten(x chat.Sanction) bool {
	t := x.Target
	return !t.Prefix.IsValid() && t.User == "" && (t.Alias == "" || x.Trace != "")
}

func (e *enactment) undoLifted(f chat.ActEffect, x chat.Sanction) error {
	was := x
	was.LiftedAt = instant(0)
	if !was.Standing(e.now) {
		e.left(f, "expired", "It would have expired by now.")
		return nil
	}
	if forgotten(x) {
		e.left(f, "gone", "The address that it held against is no longer kept.")
		return nil
	}
	return e.unlift(x)
}

// undoChanged puts back what of a sanction is still as the act made it.
func (e *enactment) undoChanged(f chat.ActEffect, x chat.Sanction) error {
	if e.over(f, x) {
		return nil
	}
	var reasonWas, reason, noteWas, note string
	var expiresWas, expires int64
	if err := e.q.QueryRowContext(e.ctx, `SELECT reason_was, reason, note_was, note, expires_was, expires FROM sanction_changes
		WHERE sanction = $1 AND act = $2`, f.Subject, string(e.undoes.ID)).
		Scan(&reasonWas, &reason, &noteWas, &note, &expiresWas, &expires); err != nil {
		return fmt.Errorf("read what changed: %w", err)
	}
	now := x
	left := false
	for _, c := range []struct {
		changed, still bool
		back           func()
	}{
		{reasonWas != reason, x.Reason == reason, func() { now.Reason = reasonWas }},
		{noteWas != note, x.Note == note, func() { now.Note = noteWas }},
		{expiresWas != expires, millis(x.Expires) == expires, func() { now.Expires = instant(expiresWas) }},
	} {
		if c.changed && c.still {
			c.back()
		}
		left = left || c.changed && !c.still
	}
	if left {
		e.changedLater(f)
	}
	if now.Reason == x.Reason && now.Note == x.Note && now.Expires.Equal(x.Expires) {
		return nil
	}
	return e.changeSanction(x, now)
}

// undoCarried takes a sanction off those to whom the act carried it, which is remembered:
// who comes as that guest again doesn't bring it along once more.
func (e *enactment) undoCarried(f chat.ActEffect, x chat.Sanction) error {
	users, err := e.carriedBy(`act = $2 AND ended_by = ''`, x.ID)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		e.changedLater(f)
		return nil
	}
	if _, err := e.exec(`UPDATE sanction_users SET ended_by = $3 WHERE sanction = $1 AND act = $2 AND ended_by = ''`,
		f.Subject, string(e.undoes.ID), e.id()); err != nil {
		return fmt.Errorf("take back: %w", err)
	}
	if err := e.raise(x.ID); err != nil {
		return err
	}
	e.effect(sanctionEffect("sanction_uncarried", x))
	e.hits(users...)
	e.done.Freed = append(e.done.Freed, users...)
	return e.sanctionDone(x.ID, &e.done.Sanctions)
}

func (e *enactment) undoUncarried(f chat.ActEffect, x chat.Sanction) error {
	users, err := e.carriedBy(`ended_by = $2`, x.ID)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		e.changedLater(f)
		return nil
	}
	return e.carry(x, users...)
}

// carriedBy are users of a sanction whom a condition on the undone act, $2, selects.
func (e *enactment) carriedBy(where string, id chat.SanctionID) ([]chat.UserID, error) {
	rows, err := e.q.QueryContext(e.ctx, `SELECT user_id FROM sanction_users WHERE sanction = $1 AND `+where+` ORDER BY user_id`,
		string(id), string(e.undoes.ID))
	if err != nil {
		return nil, fmt.Errorf("read sanctioned users: %w", err)
	}
	var all []chat.UserID
	err = eachRow(rows, func() error {
		var u chat.UserID
		err := rows.Scan(&u)
		all = append(all, u)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sanctioned users: %w", err)
	}
	return all, nil
}

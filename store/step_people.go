package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

// jsonTime is a time as effects hold it: RFC 3339 in UTC, null for never.
func jsonTime(t time.Time) string {
	if t.IsZero() {
		return "null"
	}
	return string(mustJSON(t.UTC()))
}

func (e *enactment) noteStep(s chat.NoteStep) error {
	n := s.Note
	if n.By == "" {
		n.By = e.deed.Act.By
	}
	at := millis(n.At)
	if at == 0 {
		at = e.at
	}
	if _, err := e.exec(`INSERT INTO notes (id, user_id, text, by_id, at) VALUES ($1, $2, $3, $4, $5)`,
		string(n.ID), string(n.User), n.Text, string(n.By), at); err != nil {
		return fmt.Errorf("insert note: %w", err)
	}
	e.hits(n.User)
	e.effect(chat.ActEffect{What: "note_added", Subject: string(n.ID)})
	return nil
}

func (e *enactment) unnoteStep(s chat.UnnoteStep) error {
	if err := e.ownNote(s); err != nil {
		return err
	}
	if _, err := e.removeNote(s.ID, s.User); err != nil {
		return err
	}
	e.hits(s.User)
	return nil
}

// ownNote refuses a note of somebody else's where it has to be the author who takes it back.
func (e *enactment) ownNote(s chat.UnnoteStep) error {
	var by chat.UserID
	err := e.q.QueryRowContext(e.ctx, `SELECT by_id FROM notes WHERE id = $1 AND user_id = $2 AND removed_at = 0`,
		string(s.ID), string(s.User)).Scan(&by)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errNoteNotFound
	case err != nil:
		return fmt.Errorf("read note: %w", err)
	case s.By != "" && by != s.By:
		return errNotOwnNote
	}
	return nil
}

// removeNote takes a standing note back. Its text stays for a while, so that this can be undone.
func (e *enactment) removeNote(id chat.NoteID, user chat.UserID) (bool, error) {
	n, err := e.exec(`UPDATE notes SET removed_in = $3, removed_at = $4 WHERE id = $1 AND user_id = $2 AND removed_at = 0`,
		string(id), string(user), string(e.deed.Act.ID), max(e.at, 1))
	if err != nil {
		return false, fmt.Errorf("remove note: %w", err)
	}
	if n > 0 {
		e.effect(chat.ActEffect{What: "note_removed", Subject: string(id)})
	}
	return n > 0, nil
}

// undoNote takes an added note back, or a removed one out again.
func (e *enactment) undoNote(x chat.ActEffect) error {
	var user chat.UserID
	var removedIn string
	err := e.q.QueryRowContext(e.ctx, `SELECT user_id, removed_in FROM notes WHERE id = $1`, x.Subject).Scan(&user, &removedIn)
	if errors.Is(err, sql.ErrNoRows) {
		e.left(x, "gone", "The note is no longer kept.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read note: %w", err)
	}
	switch {
	case x.What == "note_added" && removedIn == "":
		_, err = e.removeNote(chat.NoteID(x.Subject), user)
	case x.What == "note_removed" && removedIn == string(e.undoes.ID):
		_, err = e.exec(`UPDATE notes SET removed_in = '', removed_at = 0 WHERE id = $1`, x.Subject)
		e.effect(chat.ActEffect{What: "note_added", Subject: x.Subject})
	default:
		e.changedLater(x)
		return nil
	}
	e.hits(user)
	return err
}

func (e *enactment) revokeTokensStep(s chat.RevokeTokensStep) error {
	var was int64
	err := e.q.QueryRowContext(e.ctx, `SELECT tokens_from FROM users WHERE id = $1`, string(s.User)).Scan(&was)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read user: %w", err)
	}
	e.hits(s.User)
	x := chat.ActEffect{What: "tokens_revoked", Before: jsonTime(instant(was)), After: jsonTime(s.Before)}
	if millis(s.Before) <= was {
		e.left(x, "already", "These tokens were revoked before.")
		return nil
	}
	// Who was never seen has no times, so that their first sight is one.
	if _, err := e.exec(`INSERT INTO users (id, name, skeleton, role, first_at, last_at, tokens_from)
		VALUES ($1, '', '', '', 0, 0, $2) ON CONFLICT (id) DO UPDATE SET tokens_from = excluded.tokens_from`,
		string(s.User), millis(s.Before)); err != nil {
		return fmt.Errorf("revoke tokens: %w", err)
	}
	e.effect(x)
	return nil
}

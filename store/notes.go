package store

import (
	"context"
	"fmt"

	"github.com/chatd/chatd/chat"
)

var (
	errNoteNotFound = chat.Refuse(chat.NotFound, "note_not_found", "There is no such note.")
	errNotOwnNote   = chat.Refuse(chat.Forbidden, "bound_rooms", "Notes are about users in all rooms: who is limited to rooms takes back their own.")
)

// Notes implements chat.People.
func (s *Store) Notes(ctx context.Context, user chat.UserID, before chat.NoteID, limit int) ([]chat.Note, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, user_id, text, by_id, at FROM notes
		WHERE user_id = $1 AND removed_at = 0 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`,
		string(user), string(before), limit)
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", s.passing(err))
	}
	var all []chat.Note
	err = eachRow(rows, func() error {
		var n chat.Note
		var at int64
		err := rows.Scan(&n.ID, &n.User, &n.Text, &n.By, &at)
		n.At = instant(at)
		all = append(all, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", s.passing(err))
	}
	return all, nil
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

const sanctionColumns = `id, user_id, name, room, effect, reason, by_id, at, expires`

// AddSanction implements chat.Sanctions.
func (s *Store) AddSanction(ctx context.Context, x chat.Sanction) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO sanctions (`+sanctionColumns+`, lifted_by, lifted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0)`,
		string(x.ID), string(x.User), x.Name, string(x.Room), string(x.Effect), x.Reason, string(x.By), millis(x.At), millis(x.Expires))
	if err != nil {
		return fmt.Errorf("add sanction: %w", s.passing(err))
	}
	return nil
}

// LiftSanction implements chat.Sanctions.
func (s *Store) LiftSanction(ctx context.Context, id chat.SanctionID, by chat.UserID, at time.Time) (chat.Sanction, error) {
	lifted, err := s.sanctions(ctx, s.write, `UPDATE sanctions SET lifted_by = $2, lifted_at = $3
		WHERE id = $1 AND lifted_at = 0 AND (expires = 0 OR expires > $3) RETURNING `+sanctionColumns,
		string(id), string(by), millis(at))
	if err != nil {
		return chat.Sanction{}, fmt.Errorf("lift sanction: %w", s.passing(err))
	}
	if len(lifted) == 0 {
		return chat.Sanction{}, errSanctionNotFound
	}
	return lifted[0], nil
}

// Standing implements chat.Sanctions, oldest first.
func (s *Store) Standing(ctx context.Context, now time.Time) ([]chat.Sanction, error) {
	all, err := s.sanctions(ctx, s.read, `SELECT `+sanctionColumns+` FROM sanctions
		WHERE lifted_at = 0 AND (expires = 0 OR expires > $1) ORDER BY at, id`, millis(now))
	if err != nil {
		return nil, fmt.Errorf("list sanctions: %w", s.passing(err))
	}
	return all, nil
}

func (s *Store) sanctions(ctx context.Context, q querier, query string, args ...any) ([]chat.Sanction, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var all []chat.Sanction
	err = eachRow(rows, func() error {
		var x chat.Sanction
		var at, expires int64
		if err := rows.Scan(&x.ID, &x.User, &x.Name, &x.Room, &x.Effect, &x.Reason, &x.By, &at, &expires); err != nil {
			return err
		}
		x.At, x.Expires = instant(at), instant(expires)
		all = append(all, x)
		return nil
	})
	return all, err
}

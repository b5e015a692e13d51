package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

// SeeUser implements chat.Users.
func (s *Store) SeeUser(ctx context.Context, id chat.UserID, name, skeleton string, at time.Time) error {
	err := s.inGroup(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO users (id, name, skeleton, seen_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, skeleton = excluded.skeleton, seen_at = excluded.seen_at`,
			string(id), name, skeleton, millis(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("see user: %w", s.passing(err))
	}
	return nil
}

// UserBySkeleton implements chat.Users. Of several it finds the one seen last.
func (s *Store) UserBySkeleton(ctx context.Context, skeleton string) (chat.UserID, bool, error) {
	var id chat.UserID
	err := s.read.QueryRowContext(ctx, `SELECT id FROM users WHERE skeleton = $1 ORDER BY seen_at DESC, id LIMIT 1`, skeleton).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("find user: %w", s.passing(err))
	}
	return id, true, nil
}

// MarkRead implements chat.Users.
func (s *Store) MarkRead(ctx context.Context, room chat.RoomID, user chat.UserID, seq chat.Seq, at time.Time) error {
	err := s.inGroup(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO read_markers (user_id, room, seq, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (user_id, room) DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE read_markers.seq < excluded.seq`,
			string(user), string(room), int64(seq), millis(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("mark read: %w", s.passing(err))
	}
	return nil
}

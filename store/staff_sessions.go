package store

import (
	"context"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

const sessionColumns = `id, staff, hash, old_hash, old_until, created_at, seen_at, rotated_at, expires_at, addr, agent`

// AddSession implements chat.StaffSessions. An account that has gone meanwhile is staff_not_found.
func (s *Store) AddSession(ctx context.Context, x chat.StaffSession) error {
	err := s.inWrite(ctx, func(q querier) error {
		known, err := hit(q.ExecContext(ctx, `UPDATE staff SET last_seen = $2 WHERE name = $1`, x.Staff, millis(x.CreatedAt)))
		if err != nil {
			return err
		}
		if !known {
			return errStaffNotFound
		}
		_, err = q.ExecContext(ctx, `INSERT INTO staff_sessions (`+sessionColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			x.ID, x.Staff, x.Hash, blob(x.OldHash), millis(x.OldUntil), millis(x.CreatedAt), millis(x.SeenAt), millis(x.RotatedAt),
			millis(x.ExpiresAt), x.Addr, x.Agent)
		return err
	})
	if err != nil {
		return fmt.Errorf("add session: %w", err)
	}
	return nil
}

// SessionByHash implements chat.StaffSessions. One that has expired isn't found.
func (s *Store) SessionByHash(ctx context.Context, hash []byte, now time.Time) (chat.StaffSession, error) {
	all, err := listSessions(ctx, s.read, `WHERE hash = $1 AND expires_at > $2`, hash, millis(now))
	if err == nil && len(all) == 0 {
		all, err = listSessions(ctx, s.read, `WHERE old_hash = $1 AND old_until > $2 AND expires_at > $2 LIMIT 1`, hash, millis(now))
	}
	if err == nil && len(all) == 0 {
		err = errSessionNotFound
	}
	if err != nil {
		return chat.StaffSession{}, s.passing(err)
	}
	return all[0], nil
}

func listSessions(ctx context.Context, q querier, where string, args ...any) ([]chat.StaffSession, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+sessionColumns+` FROM staff_sessions `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	var all []chat.StaffSession
	err = eachRow(rows, func() error {
		var x chat.StaffSession
		var oldUntil, created, seen, rotated, expires int64
		err := rows.Scan(&x.ID, &x.Staff, &x.Hash, &x.OldHash, &oldUntil, &created, &seen, &rotated, &expires, &x.Addr, &x.Agent)
		x.OldUntil, x.CreatedAt, x.SeenAt = instant(oldUntil), instant(created), instant(seen)
		x.RotatedAt, x.ExpiresAt = instant(rotated), instant(expires)
		all = append(all, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return all, nil
}

// RotateSession implements chat.StaffSessions.
func (s *Store) RotateSession(ctx context.Context, id string, from, to []byte, oldUntil, at time.Time) (bool, error) {
	rotated, err := hit(s.write.ExecContext(ctx, `UPDATE staff_sessions
		SET hash = $3, old_hash = hash, old_until = $4, rotated_at = $5, seen_at = $5 WHERE id = $1 AND hash = $2`,
		id, from, to, millis(oldUntil), millis(at)))
	if err != nil {
		return false, fmt.Errorf("rotate session: %w", s.passing(err))
	}
	return rotated, nil
}

// ReplaceToken implements chat.StaffSessions.
func (s *Store) ReplaceToken(ctx context.Context, id string, from, to []byte, oldUntil, rotatedAt time.Time) (bool, error) {
	replaced, err := hit(s.write.ExecContext(ctx, `UPDATE staff_sessions
		SET hash = $3, old_until = $4, rotated_at = $5 WHERE id = $1 AND hash = $2`,
		id, from, to, millis(oldUntil), millis(rotatedAt)))
	if err != nil {
		return false, fmt.Errorf("replace token: %w", s.passing(err))
	}
	return replaced, nil
}

// TouchSession implements chat.StaffSessions.
func (s *Store) TouchSession(ctx context.Context, id, addr string, at time.Time) error {
	err := s.inGroup(ctx, func(ctx context.Context, q querier) error {
		if _, err := q.ExecContext(ctx, `UPDATE staff_sessions SET seen_at = $2, addr = $3 WHERE id = $1 AND seen_at <= $2`,
			id, millis(at), addr); err != nil {
			return err
		}
		_, err := q.ExecContext(ctx, `UPDATE staff SET last_seen = $2
			WHERE name = (SELECT staff FROM staff_sessions WHERE id = $1) AND last_seen < $2`, id, millis(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("touch session: %w", s.passing(err))
	}
	return nil
}

// EndSession implements chat.StaffSessions.
func (s *Store) EndSession(ctx context.Context, staff, id string) error {
	ended, err := hit(s.write.ExecContext(ctx, `DELETE FROM staff_sessions WHERE staff = $1 AND id = $2`, staff, id))
	if err != nil {
		return fmt.Errorf("end session: %w", s.passing(err))
	}
	if !ended {
		return errSessionNotFound
	}
	return nil
}

// SessionsOf implements chat.StaffSessions.
func (s *Store) SessionsOf(ctx context.Context, staff string, now time.Time) ([]chat.StaffSession, error) {
	where, args := `WHERE expires_at > $1`, []any{millis(now)}
	if staff != "" {
		where, args = where+` AND staff = $2`, append(args, staff)
	}
	all, err := listSessions(ctx, s.read, where+` ORDER BY created_at DESC, id DESC`, args...)
	return all, s.passing(err)
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/chatd/chatd/chat"
)

const staffColumns = `name, role, rooms, password_hash, must_change, disabled, totp_secret, totp_step, created_at, last_seen, version`

// FirstStaff implements chat.StaffBook.
func (s *Store) FirstStaff(ctx context.Context, a chat.StaffAccount) error {
	err := s.inWrite(ctx, func(q querier) error { return insertStaff(ctx, q, a) })
	if err != nil {
		return fmt.Errorf("add the first account: %w", err)
	}
	return nil
}

// insertStaff stores a new account; staff_exists. Its version is 1 where it has none.
func insertStaff(ctx context.Context, q querier, a chat.StaffAccount) error {
	res, err := q.ExecContext(ctx, `INSERT INTO staff (`+staffColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (name) DO NOTHING`,
		a.Name, string(a.Role), encodeList(a.Rooms), a.PasswordHash, a.MustChange, a.Disabled, blob(a.TOTPSecret), a.TOTPStep,
		millis(a.CreatedAt), millis(a.LastSeen), max(a.Version, 1))
	if err != nil {
		return fmt.Errorf("insert account: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(errStaffExists, err)
	}
	return setRecovery(ctx, q, a.Name, a.Recovery)
}

// setRecovery replaces the recovery codes of an account.
func setRecovery(ctx context.Context, q querier, name string, hashes [][]byte) error {
	if _, err := q.ExecContext(ctx, `DELETE FROM staff_recovery WHERE staff = $1`, name); err != nil {
		return fmt.Errorf("delete recovery codes: %w", err)
	}
	for i, h := range hashes {
		if _, err := q.ExecContext(ctx, `INSERT INTO staff_recovery (staff, hash, place) VALUES ($1, $2, $3)
			ON CONFLICT (staff, hash) DO NOTHING`, name, h, i); err != nil {
			return fmt.Errorf("insert recovery code: %w", err)
		}
	}
	return nil
}

// Staff implements chat.StaffBook.
func (s *Store) Staff(ctx context.Context, name string) (chat.StaffAccount, error) {
	var a chat.StaffAccount
	err := s.inRead(ctx, func(q querier) (err error) {
		a, err = loadStaff(ctx, q, name)
		return err
	})
	return a, err
}

// loadStaff reads an account; staff_not_found.
func loadStaff(ctx context.Context, q querier, name string) (chat.StaffAccount, error) {
	all, err := listStaff(ctx, q, `WHERE name = $1`, name)
	if err == nil && len(all) == 0 {
		err = errStaffNotFound
	}
	if err != nil {
		return chat.StaffAccount{}, err
	}
	return all[0], nil
}

// ListStaff implements chat.StaffBook.
func (s *Store) ListStaff(ctx context.Context, after string, limit int) ([]chat.StaffAccount, error) {
	var all []chat.StaffAccount
	err := s.inRead(ctx, func(q querier) (err error) {
		all, err = listStaff(ctx, q, `WHERE name > $1 ORDER BY name LIMIT $2`, after, limit)
		return err
	})
	return all, err
}

func listStaff(ctx context.Context, q querier, where string, args ...any) ([]chat.StaffAccount, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+staffColumns+` FROM staff `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read staff: %w", err)
	}
	var all []chat.StaffAccount
	err = eachRow(rows, func() error {
		var a chat.StaffAccount
		var rooms string
		var created, seen int64
		if err := rows.Scan(&a.Name, &a.Role, &rooms, &a.PasswordHash, &a.MustChange, &a.Disabled, &a.TOTPSecret, &a.TOTPStep,
			&created, &seen, &a.Version); err != nil {
			return err
		}
		a.CreatedAt, a.LastSeen = instant(created), instant(seen)
		var err error
		a.Rooms, err = decodeList[string](rooms)
		all = append(all, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read staff: %w", err)
	}
	for i := range all {
		if err := loadRecovery(ctx, q, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func loadRecovery(ctx context.Context, q querier, a *chat.StaffAccount) error {
	rows, err := q.QueryContext(ctx, `SELECT hash FROM staff_recovery WHERE staff = $1 ORDER BY place`, a.Name)
	if err != nil {
		return fmt.Errorf("read recovery codes: %w", err)
	}
	err = eachRow(rows, func() error {
		var h []byte
		err := rows.Scan(&h)
		a.Recovery = append(a.Recovery, h)
		return err
	})
	if err != nil {
		return fmt.Errorf("read recovery codes: %w", err)
	}
	return nil
}

// CountStaff implements chat.StaffBook.
func (s *Store) CountStaff(ctx context.Context) (int, error) {
	return s.count(ctx, `SELECT count(*) FROM staff`)
}

// UseFactor implements chat.StaffBook. Each is one statement, so that of two who come with the same factor one is late.
func (s *Store) UseFactor(ctx context.Context, name string, step int64, recovery []byte) (bool, error) {
	var res sql.Result
	var err error
	if recovery == nil {
		res, err = s.write.ExecContext(ctx, `UPDATE staff SET totp_step = $2 WHERE name = $1 AND totp_step < $2`, name, step)
	} else {
		res, err = s.write.ExecContext(ctx, `DELETE FROM staff_recovery WHERE staff = $1 AND hash = $2`, name, recovery)
	}
	used, err := hit(res, err)
	if err != nil {
		return false, fmt.Errorf("use second factor: %w", s.passing(err))
	}
	return used, nil
}

// blob is how bytes are stored of which none are null.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// hit reports whether a statement changed a row.
func hit(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/chatd/chatd/chat"
)

// AddStaff implements chat.Accounts.
func (s *Store) AddStaff(ctx context.Context, a chat.StaffAccount) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO staff (name, role, password_hash, must_change, created_at)
		VALUES ($1, $2, $3, $4, $5)`, a.Name, a.Role, a.PasswordHash, a.MustChange, millis(a.CreatedAt))
	if err != nil && s.db.exists(err) {
		return errStaffExists
	}
	if err != nil {
		return fmt.Errorf("add staff: %w", s.passing(err))
	}
	return nil
}

// Staff implements chat.Accounts.
func (s *Store) Staff(ctx context.Context, name string) (chat.StaffAccount, error) {
	a := chat.StaffAccount{Name: name}
	var at int64
	err := s.read.QueryRowContext(ctx, `SELECT role, password_hash, must_change, created_at FROM staff WHERE name = $1`, name).
		Scan(&a.Role, &a.PasswordHash, &a.MustChange, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return chat.StaffAccount{}, errStaffNotFound
	}
	if err != nil {
		return chat.StaffAccount{}, fmt.Errorf("read staff: %w", s.passing(err))
	}
	a.CreatedAt = instant(at)
	return a, nil
}

// CountStaff implements chat.Accounts.
func (s *Store) CountStaff(ctx context.Context) (int, error) {
	return s.count(ctx, `SELECT count(*) FROM staff`)
}

// AddKey implements chat.Accounts.
func (s *Store) AddKey(ctx context.Context, k chat.APIKey) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO api_keys (id, prefix, hash, label, created_at) VALUES ($1, $2, $3, $4, $5)`,
		k.ID, k.Prefix, k.Hash, k.Label, millis(k.CreatedAt))
	if err != nil {
		return fmt.Errorf("add key: %w", s.passing(err))
	}
	return nil
}

// KeyByPrefix implements chat.Accounts.
func (s *Store) KeyByPrefix(ctx context.Context, prefix string) (chat.APIKey, error) {
	k := chat.APIKey{Prefix: prefix}
	var at int64
	err := s.read.QueryRowContext(ctx, `SELECT id, hash, label, created_at FROM api_keys WHERE prefix = $1`, prefix).
		Scan(&k.ID, &k.Hash, &k.Label, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return chat.APIKey{}, errKeyNotFound
	}
	if err != nil {
		return chat.APIKey{}, fmt.Errorf("read key: %w", s.passing(err))
	}
	k.CreatedAt = instant(at)
	return k, nil
}

// CountKeys implements chat.Accounts.
func (s *Store) CountKeys(ctx context.Context) (int, error) {
	return s.count(ctx, `SELECT count(*) FROM api_keys`)
}

// Secret returns the secret of this name, or stores the one that create returns. All
// nodes get the same one.
func (s *Store) Secret(ctx context.Context, name string, create func() ([]byte, error)) ([]byte, error) {
	value, err := s.secret(ctx, name)
	if !errors.Is(err, sql.ErrNoRows) {
		return value, err
	}
	if value, err = create(); err != nil {
		return nil, fmt.Errorf("make secret %s: %w", name, err)
	}
	if _, err := s.write.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO NOTHING`, name, value); err != nil {
		return nil, fmt.Errorf("store secret %s: %w", name, s.passing(err))
	}
	return s.secret(ctx, name)
}

func (s *Store) secret(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	if err := s.read.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = $1`, name).Scan(&value); err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, s.passing(err))
	}
	return value, nil
}

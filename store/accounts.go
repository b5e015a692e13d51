package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/chatd/chatd/chat"
)

// The refusals about accounts.
var (
	errStaffNotFound   = chat.Refuse(chat.NotFound, "staff_not_found", "There is no such account.")
	errStaffExists     = chat.Refuse(chat.Conflict, "staff_exists", "There is an account of this name.")
	errOwnsAll         = chat.Refuse(chat.Invalid, "rooms_invalid", "Owners are owners of everything: an owner can't be limited to rooms.")
	errLastOwner       = chat.Refuse(chat.Conflict, "last_owner", "This is the last owner who can log in. Make another one first.")
	errSessionNotFound = chat.Refuse(chat.NotFound, "session_not_found", "There is no such session.")
	errInviteNotFound  = chat.Refuse(chat.NotFound, "invite_not_found", "There is no such invite, or it was used, revoked or has expired.")
	errKeyNotFound     = chat.Refuse(chat.NotFound, "key_not_found", "There is no such key.")
)

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

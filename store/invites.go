package store

import (
	"context"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

const (
	inviteColumns = `id, hash, role, rooms, by_id, created_at, expires_at, used_by`
	// openInvite is neither used, revoked nor expired at $1.
	openInvite = `used_by = '' AND revoked_at = 0 AND expires_at > $1`
)

// InviteByHash implements chat.Invites.
func (s *Store) InviteByHash(ctx context.Context, hash []byte, now time.Time) (chat.Invite, error) {
	all, err := listInvites(ctx, s.read, `WHERE `+openInvite+` AND hash = $2`, millis(now), hash)
	if err == nil && len(all) == 0 {
		err = errInviteNotFound
	}
	if err != nil {
		return chat.Invite{}, s.passing(err)
	}
	return all[0], nil
}

// ListInvites implements chat.Invites.
func (s *Store) ListInvites(ctx context.Context, after string, limit int, now time.Time) ([]chat.Invite, error) {
	all, err := listInvites(ctx, s.read, `WHERE `+openInvite+` AND id > $2 ORDER BY id LIMIT $3`, millis(now), after, limit)
	return all, s.passing(err)
}

func listInvites(ctx context.Context, q querier, where string, args ...any) ([]chat.Invite, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+inviteColumns+` FROM invites `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read invites: %w", err)
	}
	var all []chat.Invite
	err = eachRow(rows, func() error {
		var x chat.Invite
		var rooms string
		var created, expires int64
		if err := rows.Scan(&x.ID, &x.Hash, &x.Role, &rooms, &x.By, &created, &expires, &x.UsedBy); err != nil {
			return err
		}
		x.CreatedAt, x.ExpiresAt = instant(created), instant(expires)
		var err error
		x.Rooms, err = decodeList[string](rooms)
		all = append(all, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read invites: %w", err)
	}
	return all, nil
}

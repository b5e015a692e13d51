package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

const keyColumns = `id, prefix, hash, old_prefix, old_hash, old_until, label, scopes, rooms, longest_ban, acts_per_hour, dry_run_only,
	by_id, created_at, expires_at, last_used, revoked_at, version`

// FirstKey implements chat.Keys.
func (s *Store) FirstKey(ctx context.Context, k chat.APIKey) error {
	if err := insertKey(ctx, s.write, k); err != nil {
		return fmt.Errorf("add the first key: %w", s.passing(err))
	}
	return nil
}

// insertKey stores a new key. Its version is 1 where it has none.
func insertKey(ctx context.Context, q querier, k chat.APIKey) error {
	_, err := q.ExecContext(ctx, `INSERT INTO api_keys (`+keyColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		k.ID, k.Prefix, k.Hash, k.OldPrefix, blob(k.OldHash), millis(k.OldUntil), k.Label,
		encodeList(k.Grant.Scopes), encodeList(k.Grant.Rooms), k.Grant.LongestBan.Milliseconds(), k.Grant.ActsPerHour, k.Grant.DryRunOnly,
		string(k.By), millis(k.CreatedAt), millis(k.ExpiresAt), millis(k.LastUsed), millis(k.RevokedAt), max(k.Version, 1))
	if err != nil {
		return fmt.Errorf("insert key: %w", err)
	}
	return nil
}

// KeyByPrefix implements chat.Keys.
func (s *Store) KeyByPrefix(ctx context.Context, prefix string) (chat.APIKey, error) {
	if prefix == "" {
		return chat.APIKey{}, errKeyNotFound
	}
	k, err := oneKey(ctx, s.read, `WHERE prefix = $1`, prefix)
	if chat.CodeOf(err) == errKeyNotFound.Code {
		k, err = oneKey(ctx, s.read, `WHERE old_prefix = $1 AND old_prefix <> ''`, prefix)
	}
	return k, s.passing(err)
}

// Key implements chat.Keys.
func (s *Store) Key(ctx context.Context, id string) (chat.APIKey, error) {
	k, err := oneKey(ctx, s.read, `WHERE id = $1`, id)
	return k, s.passing(err)
}

// oneKey reads a key; key_not_found.
func oneKey(ctx context.Context, q querier, where string, args ...any) (chat.APIKey, error) {
	all, err := listKeys(ctx, q, where, args...)
	if err == nil && len(all) == 0 {
		err = errKeyNotFound
	}
	if err != nil {
		return chat.APIKey{}, err
	}
	return all[0], nil
}

// ListKeys implements chat.Keys.
func (s *Store) ListKeys(ctx context.Context, after string, limit int) ([]chat.APIKey, error) {
	all, err := listKeys(ctx, s.read, `WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	return all, s.passing(err)
}

func listKeys(ctx context.Context, q querier, where string, args ...any) ([]chat.APIKey, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+keyColumns+` FROM api_keys `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var all []chat.APIKey
	err = eachRow(rows, func() error {
		var k chat.APIKey
		var scopes, names string
		var oldUntil, longest, created, expires, used, revoked int64
		if err := rows.Scan(&k.ID, &k.Prefix, &k.Hash, &k.OldPrefix, &k.OldHash, &oldUntil, &k.Label, &scopes, &names, &longest,
			&k.Grant.ActsPerHour, &k.Grant.DryRunOnly, &k.By, &created, &expires, &used, &revoked, &k.Version); err != nil {
			return err
		}
		k.OldUntil, k.CreatedAt, k.ExpiresAt = instant(oldUntil), instant(created), instant(expires)
		k.LastUsed, k.RevokedAt = instant(used), instant(revoked)
		k.Grant.LongestBan = time.Duration(longest) * time.Millisecond
		var err error
		if k.Grant.Scopes, err = decodeList[chat.Scope](scopes); err != nil {
			return err
		}
		k.Grant.Rooms, err = decodeList[string](names)
		all = append(all, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return all, nil
}

// CountKeys implements chat.Keys.
func (s *Store) CountKeys(ctx context.Context) (int, error) {
	return s.count(ctx, `SELECT count(*) FROM api_keys`)
}

// TouchKeys implements chat.Keys.
func (s *Store) TouchKeys(ctx context.Context, used map[string]time.Time) error {
	if len(used) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(used)) // in one order, so that nodes don't lock each other out
	err := s.inWrite(ctx, func(q querier) error {
		for _, id := range ids {
			if _, err := q.ExecContext(ctx, `UPDATE api_keys SET last_used = $2 WHERE id = $1 AND last_used < $2`,
				id, millis(used[id])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("touch keys: %w", err)
	}
	return nil
}

package store

import (
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

func (e *enactment) addKeyStep(s chat.AddKeyStep) error {
	if err := insertKey(e.ctx, e.q, s.Key); err != nil {
		return err
	}
	e.effect(chat.ActEffect{What: "key_made", Subject: s.Key.ID, After: string(mustJSON(boundsOf(s.Key)))})
	return nil
}

// keyBounds are what a key is allowed, as the record of its making tells it.
type keyBounds struct {
	Label       string       `json:"label"`
	Scopes      []chat.Scope `json:"scopes"`
	Rooms       []string     `json:"rooms"` // null: every room
	LongestBan  int64        `json:"longest_ban_seconds"`
	ActsPerHour int          `json:"acts_per_hour"`
	DryRunOnly  bool         `json:"dry_run_only"`
	Expires     *time.Time   `json:"expires_at"`
}

func boundsOf(k chat.APIKey) keyBounds {
	b := keyBounds{
		Label: k.Label, Scopes: k.Grant.Scopes, Rooms: k.Grant.Rooms, LongestBan: int64(k.Grant.LongestBan / time.Second),
		ActsPerHour: k.Grant.ActsPerHour, DryRunOnly: k.Grant.DryRunOnly,
	}
	if !k.ExpiresAt.IsZero() {
		at := k.ExpiresAt.UTC()
		b.Expires = &at
	}
	return b
}

// liveKey reads a key that isn't revoked; key_not_found.
func (e *enactment) liveKey(id string) (chat.APIKey, error) {
	return oneKey(e.ctx, e.q, `WHERE id = $1 AND revoked_at = 0`, id)
}

func (e *enactment) changeKeyStep(s chat.ChangeKeyStep) error {
	k, err := e.liveKey(s.ID)
	if err != nil {
		return err
	}
	if s.IfVersion != 0 && s.IfVersion != k.Version {
		return errStale
	}
	return e.changeKey(k, s.Patch)
}

func (e *enactment) changeKey(k chat.APIKey, p chat.KeyPatch) error {
	changed := false
	for _, c := range keyChanges(k, p) {
		before, after := string(mustJSON(c.before)), string(mustJSON(c.after))
		if before == after {
			continue
		}
		changed = true
		e.effect(chat.ActEffect{What: c.what, Subject: k.ID, Before: before, After: after})
	}
	if !changed {
		return nil
	}
	k = patchKey(k, p)
	if _, err := e.exec(`UPDATE api_keys SET label = $2, scopes = $3, rooms = $4, longest_ban = $5, acts_per_hour = $6,
		dry_run_only = $7, expires_at = $8, version = version + 1 WHERE id = $1`,
		k.ID, k.Label, encodeList(k.Grant.Scopes), encodeList(k.Grant.Rooms), k.Grant.LongestBan.Milliseconds(),
		k.Grant.ActsPerHour, k.Grant.DryRunOnly, millis(k.ExpiresAt)); err != nil {
		return fmt.Errorf("change key: %w", err)
	}
	return nil
}

type keyChange struct {
	what          string
	before, after any
}

// keyChanges are the bounds of a key before and after a patch.
func keyChanges(k chat.APIKey, p chat.KeyPatch) []keyChange {
	was, is := boundsOf(k), boundsOf(patchKey(k, p))
	return []keyChange{
		{"key_label", was.Label, is.Label},
		{"key_scopes", was.Scopes, is.Scopes},
		{"key_rooms", was.Rooms, is.Rooms},
		{"key_longest_ban_seconds", was.LongestBan, is.LongestBan},
		{"key_acts_per_hour", was.ActsPerHour, is.ActsPerHour},
		{"key_dry_run_only", was.DryRunOnly, is.DryRunOnly},
		{"key_expires_at", was.Expires, is.Expires},
	}
}

func patchKey(k chat.APIKey, p chat.KeyPatch) chat.APIKey {
	put(&k.Label, p.Label)
	put(&k.Grant.Scopes, p.Scopes)
	put(&k.Grant.Rooms, p.Rooms)
	put(&k.Grant.LongestBan, p.LongestBan)
	put(&k.Grant.ActsPerHour, p.ActsPerHour)
	put(&k.Grant.DryRunOnly, p.DryRunOnly)
	put(&k.ExpiresAt, p.ExpiresAt)
	return k
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (e *enactment) rotateKeyStep(s chat.RotateKeyStep) error {
	n, err := e.exec(`UPDATE api_keys SET old_prefix = prefix, old_hash = hash, old_until = $4, prefix = $2, hash = $3, version = version + 1
		WHERE id = $1 AND revoked_at = 0`, s.ID, s.Prefix, s.Hash, millis(s.OldUntil))
	if err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	if n == 0 {
		return errKeyNotFound
	}
	e.effect(chat.ActEffect{What: "key_rotated", Subject: s.ID, After: jsonTime(s.OldUntil)})
	return nil
}

func (e *enactment) revokeKeyStep(s chat.RevokeKeyStep) error {
	k, err := e.liveKey(s.ID)
	if err != nil {
		return err
	}
	if s.IfVersion != 0 && s.IfVersion != k.Version {
		return errStale
	}
	_, err = e.revokeKey(k.ID)
	return err
}

func (e *enactment) revokeKey(id string) (bool, error) {
	n, err := e.exec(`UPDATE api_keys SET revoked_at = $2, version = version + 1 WHERE id = $1 AND revoked_at = 0`, id, max(e.at, 1))
	if err != nil {
		return false, fmt.Errorf("revoke key: %w", err)
	}
	if n > 0 {
		e.effect(chat.ActEffect{What: "key_revoked", Subject: id})
	}
	return n > 0, nil
}

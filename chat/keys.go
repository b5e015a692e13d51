package chat

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of keys.
const (
	MaxKeyLabel   = 80 // characters
	MaxOverlap    = 30 * 24 * time.Hour
	MaxActsAnHour = 100_000
)

// Usable reports whether a key opens anything at a time.
func (k APIKey) Usable(now time.Time) bool { return k.RevokedAt.IsZero() && !k.Expired(now) }

// Expired reports whether a key's time is over.
func (k APIKey) Expired(now time.Time) bool { return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) }

// Actor is who acts with a key.
func (k APIKey) Actor() Actor {
	g := k.Grant
	return Actor{ID: UserID(PrefixKey + k.ID), Name: k.Label, Role: RoleStaff, Grant: &g, Via: ViaAPI, Expires: k.ExpiresAt}
}

// MakeKey makes a key, of which the caller sets ID, Prefix, Hash, Label, Grant and ExpiresAt. Refusals: scope_missing,
// bound_*, label_invalid, rooms_invalid, scope_unknown, bound_invalid, expiry_invalid.
func (s *Service) MakeKey(ctx context.Context, o Order, k APIKey) (Outcome, error) {
	k, err := s.DraftKey(o.By, k)
	if err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, ActMakeKey, AddKeyStep{Key: k})
}

// DraftKey returns the key that MakeKey would make, and refuses what it would.
func (s *Service) DraftKey(by Actor, k APIKey) (APIKey, error) {
	if err := s.may(by, KeysWrite); err != nil {
		return APIKey{}, err
	}
	k, err := s.cleanKey(k)
	if err != nil {
		return APIKey{}, err
	}
	if e := by.refuseWider(k.Grant, k.ExpiresAt); e != nil {
		return APIKey{}, e
	}
	k.By, k.CreatedAt, k.Version = by.ID, s.now(), 1
	return k, nil
}

// cleanKey checks what doesn't depend on who asks.
func (s *Service) cleanKey(k APIKey) (_ APIKey, err error) {
	k.Label = strings.Join(strings.Fields(k.Label), " ")
	if n := utf8.RuneCountInString(k.Label); n == 0 || n > MaxKeyLabel {
		return APIKey{}, Refuse(Invalid, "label_invalid", "A label has 1 to %d characters.", MaxKeyLabel)
	}
	if k.Grant.Scopes, err = cleanScopes(k.Grant.Scopes); err != nil {
		return APIKey{}, err
	}
	if k.Grant.Rooms, err = cleanRooms(k.Grant.Rooms); err != nil {
		return APIKey{}, err
	}
	if g := k.Grant; g.LongestBan < 0 || g.LongestBan > MaxSanction || g.ActsPerHour < 0 || g.ActsPerHour > MaxActsAnHour {
		return APIKey{}, Refuse(Invalid, "bound_invalid", "A key's bounds are at most %d seconds and %d acts an hour.",
			int64(MaxSanction.Seconds()), MaxActsAnHour)
	}
	if k.Expired(s.now()) {
		return APIKey{}, Refuse(Invalid, "expiry_invalid", "A key expires in the future, or never.")
	}
	k.Grant.Role = ""
	return k, nil
}

// ChangeKey changes a key. Neither the key as it is nor what it becomes may be wider than the caller. Refusals: as of
// MakeKey, key_not_found, key_protected, stale.
func (s *Service) ChangeKey(ctx context.Context, o Order, id string, p KeyPatch, ifVersion int64) (Outcome, error) {
	k, err := s.mayManageKey(ctx, o.By, id)
	if err != nil {
		return Outcome{}, err
	}
	after, err := s.cleanKey(p.apply(k))
	if err != nil {
		return Outcome{}, err
	}
	if e := o.By.refuseWider(after.Grant, after.ExpiresAt); e != nil {
		return Outcome{}, e
	}
	return s.decree(ctx, o, ActChangeKey, ChangeKeyStep{ID: id, Patch: p.cleaned(after), IfVersion: ifVersion})
}

// apply returns k as the patch makes it.
func (p KeyPatch) apply(k APIKey) APIKey {
	set(&k.Label, p.Label)
	set(&k.Grant.Scopes, p.Scopes)
	set(&k.Grant.Rooms, p.Rooms)
	set(&k.Grant.LongestBan, p.LongestBan)
	set(&k.Grant.ActsPerHour, p.ActsPerHour)
	set(&k.Grant.DryRunOnly, p.DryRunOnly)
	set(&k.ExpiresAt, p.ExpiresAt)
	return k
}

// cleaned is the patch with the values as they were checked.
func (p KeyPatch) cleaned(k APIKey) KeyPatch {
	set(p.Label, &k.Label)
	set(p.Scopes, &k.Grant.Scopes)
	set(p.Rooms, &k.Grant.Rooms)
	return p
}

// set writes through to, unless there is nowhere or nothing to write.
func set[T any](to, from *T) {
	if to != nil && from != nil {
		*to = *from
	}
}

// RotateKey gives a key the secret with this prefix and hash; the one before works for overlap more. Refusals: as of ChangeKey.
func (s *Service) RotateKey(ctx context.Context, o Order, id, prefix string, hash []byte, overlap time.Duration) (Outcome, error) {
	if _, err := s.mayManageKey(ctx, o.By, id); err != nil {
		return Outcome{}, err
	}
	if overlap < 0 || overlap > MaxOverlap {
		return Outcome{}, Refuse(Invalid, "overlap_invalid", "The old secret works for 0 to %d seconds more.", int64(MaxOverlap.Seconds()))
	}
	return s.decree(ctx, o, ActRotateKey, RotateKeyStep{ID: id, Prefix: prefix, Hash: hash, OldUntil: s.now().Add(overlap)})
}

// RevokeKey makes a key worthless at once, for good. Refusals: as of ChangeKey.
func (s *Service) RevokeKey(ctx context.Context, o Order, id string, ifVersion int64) (Outcome, error) {
	if _, err := s.mayManageKey(ctx, o.By, id); err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, ActRevokeKey, RevokeKeyStep{ID: id, IfVersion: ifVersion})
}

// mayManageKey refuses who may not act on a key: whoever gives it a secret or a bound could use it.
func (s *Service) mayManageKey(ctx context.Context, by Actor, id string) (APIKey, error) {
	if err := s.may(by, KeysWrite); err != nil {
		return APIKey{}, err
	}
	k, err := s.Accounts.Key(ctx, id)
	if err != nil {
		return APIKey{}, err
	}
	if !k.RevokedAt.IsZero() {
		return APIKey{}, Refuse(NotFound, "key_not_found", "There is no such key.")
	}
	if by.refuseWider(k.Grant, k.ExpiresAt) != nil {
		return APIKey{}, Refuse(Forbidden, "key_protected", "This key may do more than you may: ask somebody who may as much.")
	}
	return k, nil
}

// ListKeys lists keys by id, those after the given one, revoked ones too.
func (s *Service) ListKeys(ctx context.Context, by Actor, after string, limit int) ([]APIKey, error) {
	if err := s.may(by, KeysRead); err != nil {
		return nil, err
	}
	return s.Accounts.ListKeys(ctx, after, limit)
}

// ShowKey finds a key; key_not_found.
func (s *Service) ShowKey(ctx context.Context, by Actor, id string) (APIKey, error) {
	if err := s.may(by, KeysRead); err != nil {
		return APIKey{}, err
	}
	return s.Accounts.Key(ctx, id)
}

package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

// undoAccount takes back what an act did to an account, an invite or a key. What was made
// ends: an account is disabled, an invite or a key revoked. Secrets don't come back.
func (e *enactment) undoAccount(x chat.ActEffect) error {
	switch x.What {
	case "staff_added", "staff_role", "staff_rooms", "staff_disabled":
		return e.undoStaff(x)
	case "invite_made":
		revoked, err := e.revokeInvite(x.Subject)
		if err == nil && !revoked {
			e.left(x, "gone", "The invite was used, revoked or has expired.")
		}
		return err
	case "key_made":
		revoked, err := e.revokeKey(x.Subject)
		if err == nil && !revoked {
			e.left(x, "gone", "The key was revoked.")
		}
		return err
	case "key_label", "key_scopes", "key_rooms", "key_longest_ban_seconds", "key_acts_per_hour", "key_dry_run_only", "key_expires_at":
		return e.undoKey(x)
	}
	e.notUndoable(x)
	return nil
}

func (e *enactment) undoStaff(x chat.ActEffect) error {
	a, err := loadStaff(e.ctx, e.q, x.Subject)
	if chat.CodeOf(err) == errStaffNotFound.Code {
		e.left(x, "gone", "The account was removed.")
		return nil
	}
	if err != nil {
		return err
	}
	var p chat.StaffPatch
	now := ""
	switch x.What {
	case "staff_added":
		off := true
		p.Disabled, now = &off, x.After
		if a.Disabled {
			now = ""
		}
	case "staff_role":
		p.Role, now = new(chat.StaffRole), string(mustJSON(a.Role))
		err = json.Unmarshal([]byte(x.Before), p.Role)
	case "staff_rooms":
		p.Rooms, now = new([]string), string(mustJSON(a.Rooms))
		err = json.Unmarshal([]byte(x.Before), p.Rooms)
	case "staff_disabled":
		p.Disabled, now = new(bool), string(mustJSON(a.Disabled))
		err = json.Unmarshal([]byte(x.Before), p.Disabled)
	}
	if err != nil {
		return fmt.Errorf("undo %s: %w", x.What, err)
	}
	if now != x.After {
		e.changedLater(x)
		return nil
	}
	return e.unlessLastOwner(x, a, p)
}

// unlessLastOwner changes an account, and leaves the last owner what they are.
func (e *enactment) unlessLastOwner(x chat.ActEffect, a chat.StaffAccount, p chat.StaffPatch) error {
	was := e.done.Act
	err := e.changeStaff(a, p, "")
	for _, refused := range []*chat.Error{errLastOwner, errOwnsAll} {
		if errors.Is(err, refused) {
			e.done.Act = was // nothing is written before these refusals
			e.left(x, refused.Code, refused.Message)
			return nil
		}
	}
	return err
}

func (e *enactment) undoKey(x chat.ActEffect) error {
	k, err := e.liveKey(x.Subject)
	if chat.CodeOf(err) == errKeyNotFound.Code {
		e.left(x, "gone", "The key was revoked.")
		return nil
	}
	if err != nil {
		return err
	}
	p, err := keyPatchTo(x)
	if err != nil {
		return fmt.Errorf("undo %s: %w", x.What, err)
	}
	for _, c := range keyChanges(k, p) {
		if c.what == x.What && string(mustJSON(c.before)) != x.After {
			e.changedLater(x)
			return nil
		}
	}
	return e.changeKey(k, p)
}

// keyPatchTo sets what an effect changed to what it was before.
func keyPatchTo(x chat.ActEffect) (p chat.KeyPatch, err error) {
	before := []byte(x.Before)
	switch x.What {
	case "key_label":
		p.Label = new(string)
		err = json.Unmarshal(before, p.Label)
	case "key_scopes":
		p.Scopes = new([]chat.Scope)
		err = json.Unmarshal(before, p.Scopes)
	case "key_rooms":
		p.Rooms = new([]string)
		err = json.Unmarshal(before, p.Rooms)
	case "key_longest_ban_seconds":
		var seconds int64
		err = json.Unmarshal(before, &seconds)
		d := time.Duration(seconds) * time.Second
		p.LongestBan = &d
	case "key_acts_per_hour":
		p.ActsPerHour = new(int)
		err = json.Unmarshal(before, p.ActsPerHour)
	case "key_dry_run_only":
		p.DryRunOnly = new(bool)
		err = json.Unmarshal(before, p.DryRunOnly)
	case "key_expires_at":
		var at *time.Time
		err = json.Unmarshal(before, &at)
		p.ExpiresAt = new(time.Time)
		put(p.ExpiresAt, at)
	}
	return p, err
}

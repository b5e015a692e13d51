package store

import (
	"fmt"
	"slices"

	"github.com/chatd/chatd/chat"
)

// rights are what a new account, or an invite, allows.
func rights(role chat.StaffRole, rooms []string) string {
	return string(mustJSON(struct {
		Role  chat.StaffRole `json:"role"`
		Rooms []string       `json:"rooms"` // null: every room
	}{role, rooms}))
}

func (e *enactment) addStaffStep(s chat.AddStaffStep) error {
	if err := ownsAll(s.Account.Role, s.Account.Rooms); err != nil {
		return err
	}
	if s.Invite != "" {
		// Of two who come with one invite, the second waits here until the first one's act is done.
		n, err := e.exec(`UPDATE invites SET used_by = $3 WHERE `+openInvite+` AND id = $2`, e.at, s.Invite, s.Account.Name)
		if err != nil {
			return fmt.Errorf("use invite: %w", err)
		}
		if n == 0 {
			return errInviteNotFound
		}
	}
	if err := insertStaff(e.ctx, e.q, s.Account); err != nil {
		return err
	}
	if s.Invite != "" {
		e.effect(chat.ActEffect{What: "invite_used", Subject: s.Invite})
	}
	e.effect(chat.ActEffect{What: "staff_added", Subject: s.Account.Name, After: rights(s.Account.Role, s.Account.Rooms)})
	return nil
}

func (e *enactment) changeStaffStep(s chat.ChangeStaffStep) error {
	a, err := loadStaff(e.ctx, e.q, s.Name)
	if err != nil {
		return err
	}
	if s.IfVersion != 0 && s.IfVersion != a.Version {
		return errStale
	}
	return e.changeStaff(a, s.Patch, s.KeepSession)
}

// changeStaff changes an account; last_owner. Sessions go on where nothing changed that they were opened with.
func (e *enactment) changeStaff(a chat.StaffAccount, p chat.StaffPatch, keepSession string) error {
	was, before := a, len(e.done.Act.Effects)
	end := e.patchRights(&a, p)
	end = e.patchSecrets(&a, p) || end
	if len(e.done.Act.Effects) == before {
		return nil
	}
	if err := ownsAll(a.Role, a.Rooms); err != nil {
		return err
	}
	if canOwn(was) && !canOwn(a) {
		if err := e.keepAnOwner(a.Name); err != nil {
			return err
		}
	}
	if _, err := e.exec(`UPDATE staff SET role = $2, rooms = $3, password_hash = $4, must_change = $5, disabled = $6,
		totp_secret = $7, totp_step = $8, version = version + 1 WHERE name = $1`,
		a.Name, string(a.Role), encodeList(a.Rooms), a.PasswordHash, a.MustChange, a.Disabled, blob(a.TOTPSecret), a.TOTPStep); err != nil {
		return fmt.Errorf("change account: %w", err)
	}
	if p.Recovery != nil {
		if err := setRecovery(e.ctx, e.q, a.Name, *p.Recovery); err != nil {
			return err
		}
	}
	if !end {
		return nil
	}
	return e.endSessions(a.Name, keepSession)
}

// patchRights changes what an account may do, and reports whether sessions have to end for it.
func (e *enactment) patchRights(a *chat.StaffAccount, p chat.StaffPatch) (end bool) {
	change := func(what string, before, after any) {
		e.effect(chat.ActEffect{What: what, Subject: a.Name, Before: string(mustJSON(before)), After: string(mustJSON(after))})
		end = true
	}
	if p.Role != nil && *p.Role != a.Role {
		change("staff_role", a.Role, *p.Role)
		a.Role = *p.Role
	}
	if p.Rooms != nil && encodeList(*p.Rooms) != encodeList(a.Rooms) {
		change("staff_rooms", a.Rooms, *p.Rooms)
		a.Rooms = *p.Rooms
	}
	if p.Disabled != nil && *p.Disabled != a.Disabled {
		change("staff_disabled", a.Disabled, *p.Disabled)
		a.Disabled = *p.Disabled
	}
	return end
}

// patchSecrets changes what an account logs in with. Of that, effects only say that it changed.
func (e *enactment) patchSecrets(a *chat.StaffAccount, p chat.StaffPatch) (end bool) {
	change := func(what string, count int) { e.effect(chat.ActEffect{What: what, Subject: a.Name, Count: count}) }
	if p.PasswordHash != nil && *p.PasswordHash != a.PasswordHash {
		change("staff_password", 0)
		a.PasswordHash, end = *p.PasswordHash, true
	}
	if p.MustChange != nil && *p.MustChange != a.MustChange {
		e.effect(chat.ActEffect{What: "staff_must_change", Subject: a.Name,
			Before: string(mustJSON(a.MustChange)), After: string(mustJSON(*p.MustChange))})
		a.MustChange = *p.MustChange
	}
	if p.TOTPSecret != nil && !slices.Equal(*p.TOTPSecret, a.TOTPSecret) {
		what := "staff_totp_set"
		if len(*p.TOTPSecret) == 0 {
			what = "staff_totp_removed"
		}
		change(what, 0)
		a.TOTPSecret, a.TOTPStep = *p.TOTPSecret, 0
	}
	if p.Recovery != nil && (len(*p.Recovery) > 0 || len(a.Recovery) > 0) {
		change("staff_recovery_codes", len(*p.Recovery))
	}
	return end
}

// canOwn reports whether an account keeps chatd from having no owner.
func canOwn(a chat.StaffAccount) bool { return a.Role == chat.Owner && a.Rooms == nil && !a.Disabled }

// ownsAll refuses an owner of some rooms only; rooms_invalid.
func ownsAll(role chat.StaffRole, rooms []string) error {
	if role == chat.Owner && rooms != nil {
		return errOwnsAll
	}
	return nil
}

// keepAnOwner refuses with last_owner where there is no other one than name.
func (e *enactment) keepAnOwner(name string) error {
	var others int
	err := e.q.QueryRowContext(e.ctx, `SELECT count(*) FROM staff WHERE role = $1 AND name <> $2 AND rooms = '' AND NOT disabled`,
		string(chat.Owner), name).Scan(&others)
	if err != nil {
		return fmt.Errorf("count owners: %w", err)
	}
	if others == 0 {
		return errLastOwner
	}
	return nil
}

func (e *enactment) removeStaffStep(s chat.RemoveStaffStep) error {
	a, err := loadStaff(e.ctx, e.q, s.Name)
	if err != nil {
		return err
	}
	if s.IfVersion != 0 && s.IfVersion != a.Version {
		return errStale
	}
	if canOwn(a) {
		if err := e.keepAnOwner(a.Name); err != nil {
			return err
		}
	}
	if err := e.endSessions(a.Name, ""); err != nil {
		return err
	}
	if _, err := e.exec(`DELETE FROM staff WHERE name = $1`, a.Name); err != nil {
		return fmt.Errorf("remove account: %w", err)
	}
	e.effect(chat.ActEffect{What: "staff_removed", Subject: a.Name, Before: rights(a.Role, a.Rooms)})
	return nil
}

func (e *enactment) endStaffSessionsStep(s chat.EndStaffSessionsStep) error {
	if s.ID == "" {
		if _, err := loadStaff(e.ctx, e.q, s.Name); err != nil {
			return err
		}
		return e.endSessions(s.Name, s.Keep)
	}
	n, err := e.exec(`DELETE FROM staff_sessions WHERE staff = $1 AND id = $2`, s.Name, s.ID)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if n == 0 {
		return errSessionNotFound
	}
	e.effect(chat.ActEffect{What: "sessions_ended", Subject: s.Name, Count: 1})
	return nil
}

// endSessions ends an account's sessions but keep.
func (e *enactment) endSessions(name, keep string) error {
	n, err := e.exec(`DELETE FROM staff_sessions WHERE staff = $1 AND id <> $2`, name, keep)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if n > 0 {
		e.effect(chat.ActEffect{What: "sessions_ended", Subject: name, Count: int(n)})
	}
	return nil
}

func (e *enactment) addInviteStep(s chat.AddInviteStep) error {
	x := s.Invite
	if _, err := e.exec(`INSERT INTO invites (`+inviteColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, '')`,
		x.ID, x.Hash, string(x.Role), encodeList(x.Rooms), string(x.By), millis(x.CreatedAt), millis(x.ExpiresAt)); err != nil {
		return fmt.Errorf("insert invite: %w", err)
	}
	e.effect(chat.ActEffect{What: "invite_made", Subject: x.ID, After: rights(x.Role, x.Rooms)})
	return nil
}

func (e *enactment) removeInviteStep(s chat.RemoveInviteStep) error {
	revoked, err := e.revokeInvite(s.ID)
	if err == nil && !revoked {
		err = errInviteNotFound
	}
	return err
}

// revokeInvite ends an invite that is open.
func (e *enactment) revokeInvite(id string) (bool, error) {
	n, err := e.exec(`UPDATE invites SET revoked_at = $1 WHERE `+openInvite+` AND id = $2`, max(e.at, 1), id)
	if err != nil {
		return false, fmt.Errorf("revoke invite: %w", err)
	}
	if n > 0 {
		e.effect(chat.ActEffect{What: "invite_revoked", Subject: id})
	}
	return n > 0, nil
}

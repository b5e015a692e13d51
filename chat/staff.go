package chat

import (
	"context"
	"fmt"
	"time"
)

// The bounds of staff accounts.
const (
	MaxStaffName = 32          // bytes
	MinInviteFor = time.Minute // how long an invitation may be accepted
	MaxInviteFor = 30 * 24 * time.Hour
)

// ParseStaffName checks the name of an account. Code staff_name_invalid.
func ParseStaffName(s string) (string, error) {
	if len(s) > MaxStaffName || !validRoomID(s) {
		return "", Refuse(Invalid, "staff_name_invalid",
			"An account's name is 1 to %d of a-z, 0-9, '.', '_' and '-', and starts with a letter or a digit.", MaxStaffName)
	}
	return s, nil
}

// StaffID is how an account is called where others act, too.
func StaffID(name string) UserID { return UserID(PrefixStaff + name) }

// staffName is the account that an actor acts as; empty: they are no staff account.
func (a Actor) staffName() string {
	if a.Role != RoleStaff || len(a.ID) < len(PrefixStaff) || a.ID[:len(PrefixStaff)] != PrefixStaff {
		return ""
	}
	return string(a.ID[len(PrefixStaff):])
}

// mayManage refuses who may not act on an account: only owners act on owners, and nobody on who may do more
// than they may themselves.
func (s *Service) mayManage(ctx context.Context, by Actor, name string) (StaffAccount, error) {
	if err := s.may(by, StaffWrite); err != nil {
		return StaffAccount{}, err
	}
	a, err := s.Accounts.Staff(ctx, name)
	if err != nil {
		return StaffAccount{}, err
	}
	if a.Role == Owner && !by.isOwner() {
		return StaffAccount{}, Refuse(Forbidden, "staff_protected", "Only owners act on owners.")
	}
	if by.refuseWider(*GrantOf(a.Role, a.Rooms), time.Time{}) != nil {
		return StaffAccount{}, Refuse(Forbidden, "staff_protected", "This account may do more than you may: ask somebody who may as much.")
	}
	return a, nil
}

// mayReset is mayManage for how an account logs in. One's own takes the password: a session alone, which may be stolen, isn't enough.
func (s *Service) mayReset(ctx context.Context, by Actor, name string) error {
	if by.staffName() == name {
		return Refuse(Forbidden, "staff_protected", "Your own password and second factor you change on your account's page, with your password.")
	}
	_, err := s.mayManage(ctx, by, name)
	return err
}

func (a Actor) isOwner() bool { return a.Grant != nil && a.Grant.Role == Owner }

// mayGive refuses to give a role in these rooms to who has less, and returns the rooms as they are stored.
func (s *Service) mayGive(by Actor, role StaffRole, rooms []string) ([]string, error) {
	rooms, err := cleanRooms(rooms)
	if err != nil {
		return nil, err
	}
	if ScopesOf(role) == nil {
		return nil, Refuse(Invalid, "role_unknown", "There is no role of that name.")
	}
	if role == Owner && !by.isOwner() {
		return nil, Refuse(Forbidden, "staff_protected", "Only owners make owners.")
	}
	if role == Owner && rooms != nil {
		return nil, Refuse(Invalid, "rooms_invalid", "Owners are owners of everything: an owner can't be limited to rooms.")
	}
	if e := by.refuseWider(*GrantOf(role, rooms), time.Time{}); e != nil {
		return nil, e
	}
	return rooms, nil
}

// Invite makes an invitation, of which the caller sets ID, Hash, Role, Rooms and ExpiresAt. Refusals: scope_missing,
// bound_*, staff_protected, rooms_invalid, expiry_invalid.
func (s *Service) Invite(ctx context.Context, o Order, i Invite) (Outcome, error) {
	if err := s.may(o.By, StaffWrite); err != nil {
		return Outcome{}, err
	}
	rooms, err := s.mayGive(o.By, i.Role, i.Rooms)
	if err != nil {
		return Outcome{}, err
	}
	now := s.now()
	if i.ExpiresAt.Before(now.Add(MinInviteFor-time.Second)) || i.ExpiresAt.After(now.Add(MaxInviteFor)) {
		return Outcome{}, Refuse(Invalid, "expiry_invalid", "An invitation lasts %s to %s.", MinInviteFor, MaxInviteFor)
	}
	i.Rooms, i.By, i.CreatedAt, i.UsedBy = rooms, o.By.ID, now, ""
	return s.decree(ctx, o, ActInvite, AddInviteStep{Invite: i})
}

// RemoveInvite takes an invitation back; invite_not_found.
func (s *Service) RemoveInvite(ctx context.Context, o Order, id string) (Outcome, error) {
	if err := s.may(o.By, StaffWrite); err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, ActUninvite, RemoveInviteStep{ID: id})
}

// Welcome finds the invitation whose token has this hash. It holds only as long as who invited could still give what it
// gives. invite_not_found.
func (s *Service) Welcome(ctx context.Context, hash []byte) (Invite, error) {
	i, err := s.Accounts.InviteByHash(ctx, hash, s.now())
	if err != nil {
		return Invite{}, err
	}
	by, err := s.actorOf(ctx, i.By)
	if IsKind(err, NotFound) {
		return Invite{}, errNoInvite()
	}
	if err != nil {
		return Invite{}, fmt.Errorf("find who invited: %w", err)
	}
	if _, err := s.mayGive(by, i.Role, i.Rooms); err != nil || s.may(by, StaffWrite) != nil {
		return Invite{}, errNoInvite()
	}
	return i, nil
}

func errNoInvite() error {
	return Refuse(NotFound, "invite_not_found", "There is no such invitation, or it was used, or is over.")
}

// actorOf finds what a staff account or a key may do at present; NotFound where it is no more, or is shut out.
func (s *Service) actorOf(ctx context.Context, id UserID) (Actor, error) {
	if len(id) < 2 {
		return Actor{}, Refuse(NotFound, "staff_not_found", "There is no such account.")
	}
	switch prefix, name := string(id[:2]), string(id[2:]); prefix {
	case PrefixStaff:
		a, err := s.Accounts.Staff(ctx, name)
		if err == nil && a.Disabled {
			err = Refuse(NotFound, "staff_not_found", "There is no such account.")
		}
		return Actor{ID: id, Name: a.Name, Role: RoleStaff, Grant: GrantOf(a.Role, a.Rooms)}, err
	case PrefixKey:
		k, err := s.Accounts.Key(ctx, name)
		if err == nil && !k.Usable(s.now()) {
			err = Refuse(NotFound, "key_not_found", "There is no such key.")
		}
		return Actor{ID: id, Name: k.Label, Role: RoleStaff, Grant: &k.Grant, Expires: k.ExpiresAt}, err
	}
	return Actor{}, Refuse(NotFound, "staff_not_found", "There is no such account.")
}

// JoinStaff makes the account that an invitation (from Welcome) is for; it is the account's own act. Refusals: staff_exists,
// staff_name_invalid, invite_not_found.
func (s *Service) JoinStaff(ctx context.Context, i Invite, name, passwordHash string) (Outcome, error) {
	name, err := ParseStaffName(name)
	if err != nil {
		return Outcome{}, err
	}
	a := StaffAccount{
		Name: name, Role: i.Role, Rooms: i.Rooms, PasswordHash: passwordHash, CreatedAt: s.now(), LastSeen: s.now(), Version: 1,
	}
	by := Actor{ID: StaffID(name), Name: name, Role: RoleStaff, Grant: GrantOf(i.Role, i.Rooms), Via: ViaDashboard}
	return s.decree(ctx, Order{By: by}, ActJoinStaff, AddStaffStep{Account: a, Invite: i.ID})
}

// ChangeStaff changes an account's Role, Rooms or Disabled (nothing else of p counts), and ends its sessions. Refusals:
// scope_missing, bound_*, staff_protected, staff_not_found, rooms_invalid, last_owner, stale.
func (s *Service) ChangeStaff(ctx context.Context, o Order, name string, p StaffPatch, ifVersion int64) (Outcome, error) {
	a, err := s.mayManage(ctx, o.By, name)
	if err != nil {
		return Outcome{}, err
	}
	p = StaffPatch{Role: p.Role, Rooms: p.Rooms, Disabled: p.Disabled}
	if p.Role != nil {
		a.Role = *p.Role
	}
	if p.Rooms != nil {
		a.Rooms = *p.Rooms
	}
	rooms, err := s.mayGive(o.By, a.Role, a.Rooms)
	if err != nil {
		return Outcome{}, err
	}
	if p.Rooms != nil {
		p.Rooms = &rooms
	}
	return s.decree(ctx, o, ActChangeStaff,
		ChangeStaffStep{Name: name, Patch: p, IfVersion: ifVersion}, EndStaffSessionsStep{Name: name})
}

// RemoveStaff ends an account; what it did stays on record. Refusals: as of ChangeStaff.
func (s *Service) RemoveStaff(ctx context.Context, o Order, name string, ifVersion int64) (Outcome, error) {
	if _, err := s.mayManage(ctx, o.By, name); err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, ActRemoveStaff, RemoveStaffStep{Name: name, IfVersion: ifVersion})
}

// ResetPassword gives another account a password that has to be changed, and ends its sessions. Refusals: as of ChangeStaff.
func (s *Service) ResetPassword(ctx context.Context, o Order, name, passwordHash string) (Outcome, error) {
	if err := s.mayReset(ctx, o.By, name); err != nil {
		return Outcome{}, err
	}
	must := true
	return s.decree(ctx, o, ActPassword,
		ChangeStaffStep{Name: name, Patch: StaffPatch{PasswordHash: &passwordHash, MustChange: &must}}, EndStaffSessionsStep{Name: name})
}

// ResetTOTP turns another account's second factor off, and ends its sessions. Refusals: as of ChangeStaff.
func (s *Service) ResetTOTP(ctx context.Context, o Order, name string) (Outcome, error) {
	if err := s.mayReset(ctx, o.By, name); err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, ActTOTP,
		ChangeStaffStep{Name: name, Patch: noFactor()}, EndStaffSessionsStep{Name: name})
}

// EndStaffSessions ends all sessions of an account. Refusals: as of ChangeStaff.
func (s *Service) EndStaffSessions(ctx context.Context, o Order, name string) (Outcome, error) {
	if _, err := s.mayManage(ctx, o.By, name); err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, ActEndSessions, EndStaffSessionsStep{Name: name})
}

// ListStaff lists accounts by name, those after the given one.
func (s *Service) ListStaff(ctx context.Context, by Actor, after string, limit int) ([]StaffAccount, error) {
	if err := s.may(by, StaffRead); err != nil {
		return nil, err
	}
	return s.Accounts.ListStaff(ctx, after, limit)
}

// ShowStaff finds an account; staff_not_found.
func (s *Service) ShowStaff(ctx context.Context, by Actor, name string) (StaffAccount, error) {
	if err := s.may(by, StaffRead); err != nil {
		return StaffAccount{}, err
	}
	return s.Accounts.Staff(ctx, name)
}

// ListInvites lists the invitations that may still be accepted, by id.
func (s *Service) ListInvites(ctx context.Context, by Actor, after string, limit int) ([]Invite, error) {
	if err := s.may(by, StaffRead); err != nil {
		return nil, err
	}
	return s.Accounts.ListInvites(ctx, after, limit, s.now())
}

// decree does what concerns accounts alone: no room's log shows it.
func (s *Service) decree(ctx context.Context, o Order, kind ActKind, steps ...Step) (Outcome, error) {
	return s.enact(ctx, o, Deed{Act: Act{Kind: kind}, Steps: steps})
}

package chat

import "context"

// What staff change about their own account needs no scope: everybody may. session is the one that asks, which goes on;
// the account's others end.

// SetPassword changes one's own password. not_staff: keys have none.
func (s *Service) SetPassword(ctx context.Context, o Order, passwordHash, session string, ifVersion int64) (Outcome, error) {
	must := false
	return s.changeOwn(ctx, o, ActPassword, session,
		StaffPatch{PasswordHash: &passwordHash, MustChange: &must}, ifVersion)
}

// SetTOTP turns one's own second factor on, with hashes of recovery codes; or off, with an empty secret.
func (s *Service) SetTOTP(ctx context.Context, o Order, secret []byte, recovery [][]byte, session string) (Outcome, error) {
	p := noFactor()
	if len(secret) > 0 {
		p = StaffPatch{TOTPSecret: &secret, Recovery: &recovery}
	}
	return s.changeOwn(ctx, o, ActTOTP, session, p, 0)
}

// SetRecovery replaces one's own recovery codes by those with these hashes.
func (s *Service) SetRecovery(ctx context.Context, o Order, recovery [][]byte, session string) (Outcome, error) {
	return s.changeOwn(ctx, o, ActTOTP, session, StaffPatch{Recovery: &recovery}, 0)
}

func noFactor() StaffPatch { return StaffPatch{TOTPSecret: new([]byte), Recovery: new([][]byte)} }

func (s *Service) changeOwn(ctx context.Context, o Order, kind ActKind, session string, p StaffPatch, ifVersion int64) (Outcome, error) {
	name, err := o.By.requireStaff()
	if err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, kind, ChangeStaffStep{Name: name, Patch: p, IfVersion: ifVersion, KeepSession: session},
		EndStaffSessionsStep{Name: name, Keep: session})
}

// EndOwnSession ends one of one's own sessions; session_not_found.
func (s *Service) EndOwnSession(ctx context.Context, o Order, id string) (Outcome, error) {
	name, err := o.By.requireStaff()
	if err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, ActEndSessions, EndStaffSessionsStep{Name: name, ID: id})
}

// EndOtherSessions ends all of one's own sessions but the one that asks.
func (s *Service) EndOtherSessions(ctx context.Context, o Order, session string) (Outcome, error) {
	name, err := o.By.requireStaff()
	if err != nil {
		return Outcome{}, err
	}
	return s.decree(ctx, o, ActEndSessions, EndStaffSessionsStep{Name: name, Keep: session})
}

// Self finds one's own account. not_staff.
func (s *Service) Self(ctx context.Context, by Actor) (StaffAccount, error) {
	name, err := by.requireStaff()
	if err != nil {
		return StaffAccount{}, err
	}
	return s.Accounts.Staff(ctx, name)
}

// OwnSessions lists one's own sessions, the latest first. not_staff.
func (s *Service) OwnSessions(ctx context.Context, by Actor) ([]StaffSession, error) {
	name, err := by.requireStaff()
	if err != nil {
		return nil, err
	}
	return s.Accounts.SessionsOf(ctx, name, s.now())
}

func (a Actor) requireStaff() (string, error) {
	name := a.staffName()
	if name == "" {
		return "", Refuse(Forbidden, "not_staff", "This is for staff accounts; keys have neither password nor sessions.")
	}
	return name, nil
}

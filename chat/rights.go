package chat

import "time"

// Rights are what an actor may do in a room right now.
type Rights struct {
	Post     bool
	Moderate bool
	Refused  *Error // why Post is false
}

func (s *Service) rights(by Actor, r Room) Rights {
	refused := s.refusePost(by, r)
	return Rights{Post: refused == nil, Moderate: by.Moderates(r.ID), Refused: refused}
}

// refuseEntry says why an actor may not be in a room; nil: they may.
func (s *Service) refuseEntry(by Actor, r Room) *Error {
	if e := s.refuseIdentity(by, r.ID); e != nil {
		return e
	}
	if by.Moderates(r.ID) {
		return nil
	}
	if r.Settings.Closed {
		return Refuse(Forbidden, "room_closed", "This room is closed.")
	}
	if by.Guest() && r.Settings.Guests == GuestsNone {
		return Refuse(Forbidden, "guests_forbidden", "This room is for signed-in users.")
	}
	return nil
}

// refuseIdentity says what is wrong with who the actor is: expired, banned, not let in by the token.
func (s *Service) refuseIdentity(by Actor, room RoomID) *Error {
	now := s.now()
	if !by.Expires.IsZero() && !now.Before(by.Expires) {
		return Refuse(Unauthenticated, "token_expired", "Your sign-in has expired. Sign in again.")
	}
	if by.Role == RoleStaff {
		return nil
	}
	if b, ok := s.sanctions.find(by.ID, room, Ban, now); ok {
		return banned(b, now)
	}
	if room != "" && !by.MayEnter(room) {
		return Refuse(Forbidden, "room_forbidden", "Your sign-in doesn't open this room.")
	}
	return nil
}

// refusePost says why an actor may not write in a room; nil: they may.
func (s *Service) refusePost(by Actor, r Room) *Error {
	if e := s.refuseEntry(by, r); e != nil {
		return e
	}
	now := s.now()
	if m, ok := s.sanctions.find(by.ID, r.ID, Mute, now); ok && by.Role != RoleStaff {
		return muted(m, now)
	}
	if by.Moderates(r.ID) {
		return nil
	}
	if r.Settings.ReadOnly {
		return Refuse(Forbidden, "room_read_only", "Only moderators write in this room.")
	}
	if by.Guest() && r.Settings.Guests == GuestsRead {
		return Refuse(Forbidden, "guests_read_only", "Sign in to write in this room.")
	}
	return nil
}

func (s *Service) requireModerator(by Actor, room RoomID) error {
	if e := s.refuseIdentity(by, room); e != nil {
		return e
	}
	if !by.Moderates(room) {
		return Refuse(Forbidden, "not_a_moderator", "Only moderators of this room may do that.")
	}
	return nil
}

func banned(b Sanction, now time.Time) *Error {
	return sanctioned(b, now, "banned", "You are banned")
}

func muted(m Sanction, now time.Time) *Error {
	return sanctioned(m, now, "muted", "You are muted")
}

func sanctioned(x Sanction, now time.Time, code, what string) *Error {
	what += "."
	if x.Reason != "" {
		what += " Reason: " + x.Reason
	}
	e := Refuse(Forbidden, code, "%s", what)
	if !x.Expires.IsZero() {
		e.Until = x.Expires
		e.RetryAfter = x.Expires.Sub(now)
	}
	return e
}

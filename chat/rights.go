package chat

import "time"

// Rights are what an actor may do in a room right now, as far as they may know: who is shadowed has the rights of others.
type Rights struct {
	Post     bool
	Moderate bool
	Refused  *Error        // why Post is false
	Slow     time.Duration // the least time between two messages; zero: none
	Held     bool          // what they write waits for a moderator
}

func (s *Service) rights(by Actor, r Room) Rights {
	st, refused := s.writing(by, r)
	slow := s.roomInterval(by, r)
	if st.slow != nil {
		slow = max(slow, st.slow.Interval)
	}
	return Rights{
		Post: refused == nil, Moderate: by.Moderates(r.ID), Refused: refused,
		Slow: slow, Held: refused == nil && st.holds(),
	}
}

// refuseIdentity says what is wrong with who the actor is: expired, revoked, banned, a guest who must sign in, not let in by
// the token. The empty room is every one of them.
func (s *Service) refuseIdentity(by Actor, room RoomID) *Error {
	_, e := s.identity(by, room)
	return e
}

// identity is refuseIdentity, with what holds against the actor in room.
func (s *Service) identity(by Actor, room RoomID) (standing, *Error) {
	now := s.now()
	if !by.Expires.IsZero() && !now.Before(by.Expires) {
		return standing{}, Refuse(Unauthenticated, "token_expired", "Your sign-in has expired. Sign in again.")
	}
	if by.Role == RoleStaff {
		return standing{}, nil
	}
	if s.revoked.holds(by) {
		return standing{}, Refuse(Unauthenticated, "token_revoked", "Your sign-in was revoked. Sign in again.")
	}
	st := s.sanctions.against(by, room, now)
	switch {
	case st.ban != nil:
		return st, banned(*st.ban, now)
	case st.signIn != nil:
		return st, sanctioned(*st.signIn, now, "sign_in_required", "Sign in to take part")
	case room != "" && !by.MayEnter(room):
		return st, Refuse(Forbidden, "room_forbidden", "Your sign-in doesn't open this room.")
	}
	return st, nil
}

// refuseEntry says why an actor may not be in a room; nil: they may.
func (s *Service) refuseEntry(by Actor, r Room) *Error {
	_, e := s.entry(by, r)
	return e
}

func (s *Service) entry(by Actor, r Room) (standing, *Error) {
	st, e := s.identity(by, r.ID)
	if e != nil {
		return st, e
	}
	return st, refuseRoom(by, r)
}

// refuseRead says why an actor may not read what sc names in a room: the grants of staff are narrower than being there.
func (s *Service) refuseRead(by Actor, r Room, sc Scope) *Error {
	if e := s.refuseEntry(by, r); e != nil || by.Role != RoleStaff {
		return e
	}
	return refuseScope(by, sc, r.ID)
}

// writing says why an actor may not write in a room (nil: they may), with what holds against them there.
func (s *Service) writing(by Actor, r Room) (standing, *Error) {
	st, e := s.entry(by, r)
	switch {
	case e != nil:
		return st, e
	case !r.ArchivedAt.IsZero():
		return st, errArchived()
	case by.Role == RoleStaff:
		return st, refuseScope(by, MessagesPost, r.ID)
	case st.mute != nil:
		return st, muted(*st.mute, s.now())
	case by.Moderates(r.ID):
		return st, nil
	case r.Settings.ReadOnly:
		return st, Refuse(Forbidden, "room_read_only", "Only moderators write in this room.")
	case by.Guest() && r.Settings.Guests == GuestsRead:
		return st, Refuse(Forbidden, "guests_read_only", "Sign in to write in this room.")
	}
	return st, s.refuseLocked(by, r.ID)
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

// refuseScope says what staff or a key lack to do something in a room; nil: nothing.
func refuseScope(by Actor, sc Scope, room RoomID) *Error {
	if !by.Grant.Has(sc) {
		return Refuse(Forbidden, "scope_missing", "This needs the scope %s, which you don't have.", sc)
	}
	return refuseBounds(by, room)
}

func refuseBounds(by Actor, room RoomID) *Error {
	if !by.Grant.Covers(room) {
		return outOfRooms(by, "the room "+string(room))
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
	return until(Refuse(Forbidden, code, "%s", what), x.Expires, now)
}

// until says when what stands in the way ends; the zero time: never.
func until(e *Error, end, now time.Time) *Error {
	if !end.IsZero() {
		e.Until, e.RetryAfter = end, end.Sub(now)
	}
	return e
}

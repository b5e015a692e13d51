package chat

import (
	"context"
	"slices"
)

// Present says what somebody may do in a room that they are in, as things stand now; or, as a refusal, why they may not
// stay. That nobody else may come in doesn't concern them.
func (s *Service) Present(ctx context.Context, by Actor, room RoomID) (Rights, error) {
	r, err := s.Room(ctx, room)
	if err != nil {
		return Rights{}, err
	}
	if e := s.refuseEntry(by, r); e != nil {
		return Rights{}, e
	}
	return s.rights(by, r), nil
}

// Hits reports whether s is held against a, in whatever room and time: by name, or by address. Nothing is held against
// staff, and against moderators only what is held against them by name.
func (s Sanction) Hits(a Actor) bool {
	switch {
	case a.Role == RoleStaff, s.Effect == SignIn && !a.Guest():
		return false
	case slices.Contains(s.Also, a.ID):
		return true
	case s.Target.User != "":
		return s.Target.User == a.ID || s.follows(a)
	case a.Role == RoleModerator || !s.Target.hits(a):
		return false
	case s.Target.Alias != "":
		return s.Target.Alias == a.Alias
	}
	return holdsAddr(plainPrefix(s.Target.Prefix), a.Addr)
}

// follows reports whether a is a user who has been the guest that s is held against. They take it along for good when they
// connect again (CarryOver); until then they are the same visitor.
func (s Sanction) follows(a Actor) bool {
	return a.Was != "" && s.Target.User == a.Was && !a.Guest() && a.Role != RoleModerator && a.Role != RoleStaff &&
		!slices.Contains(s.Excused, a.ID)
}

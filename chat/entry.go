package chat

import "slices"

// refuseRoom says why a room doesn't let an actor in, whoever they are; nil: it does.
func refuseRoom(by Actor, r Room) *Error {
	switch {
	case by.Role == RoleStaff:
		return refuseBounds(by, r.ID)
	case !r.ArchivedAt.IsZero():
		return errArchived()
	case by.Moderates(r.ID):
		return nil
	case r.Settings.Closed:
		return Refuse(Forbidden, "room_closed", "This room is closed.")
	case by.Guest() && r.Settings.Guests == GuestsNone:
		return Refuse(Forbidden, "guests_forbidden", "This room is for signed-in users.")
	}
	return refuseAccess(by, r.Settings)
}

func errArchived() *Error {
	return Refuse(Forbidden, "room_archived", "This room is archived.")
}

func refuseAccess(by Actor, s Settings) *Error {
	switch s.Access {
	case AccessOpen, "":
		return nil
	case AccessSignedIn:
		if by.Guest() {
			return Refuse(Forbidden, "sign_in_required", "Sign in to enter this room.")
		}
		return nil
	case AccessClaim:
		if by.claims(s.Claim) {
			return nil
		}
	case AccessStaff:
	}
	return Refuse(Forbidden, "access_denied", "This room isn't open to you.")
}

// claims reports whether the actor's token has c; any value will do where c has none.
func (a Actor) claims(c Claim) bool {
	values, ok := a.Claims[c.Name]
	return ok && c.Name != "" && (c.Value == "" || slices.Contains(values, c.Value))
}

package chat

import (
	"context"
	"slices"
)

// CarryOver lets what is held against a guest hold against the user they turn out to be. It is for a guest who signs in on an
// open connection; SignIn does it for a new one (Actor.Was). Moderators take nothing along: only staff sanction them.
func (s *Service) CarryOver(ctx context.Context, from UserID, to Actor) error {
	if from == "" || from == to.ID || to.Guest() || to.Role == RoleModerator || to.Role == RoleStaff {
		return nil
	}
	var ids []SanctionID
	for _, x := range s.sanctions.ofUser(from, s.now()) {
		if x.Target.User != to.ID && !slices.Contains(x.Also, to.ID) && !slices.Contains(x.Excused, to.ID) {
			ids = append(ids, x.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := s.store(ctx, Deed{
		Act:   Act{ID: ActID(s.NewID()), At: s.now(), By: System, Via: ViaRule, Kind: ActCarry, Users: []UserID{to.ID}},
		Steps: []Step{CarryStep{IDs: ids, User: to.ID}},
	}, nil)
	return err
}

package chat

import "slices"

// StandingAgainst lists what stands against a user by name, as far as it is the caller's business: the latest first.
// Without SanctionsRead that is nothing.
func (s *Service) StandingAgainst(by Actor, user UserID) []Sanction {
	if !by.Grant.Has(SanctionsRead) {
		return nil
	}
	all := slices.DeleteFunc(s.sanctions.ofUser(user, s.now()), func(x Sanction) bool {
		return s.mayOver(by, SanctionsRead, x.Rooms) != nil
	})
	slices.SortFunc(all, func(a, b Sanction) int {
		if a.ID > b.ID {
			return -1
		}
		return 1
	})
	for i := range all {
		all[i] = s.SanctionFor(by, all[i])
	}
	return all
}

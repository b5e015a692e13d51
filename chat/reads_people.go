package chat

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
)

// What is shown where an address isn't.
var (
	noAddr     netip.Addr
	zeroPrefix netip.Prefix
)

// The bounds of what is read of one person.
const (
	maxWays     = 50
	maxLikely   = 50
	likelySince = SightingFor
)

// ListUsers lists who was seen, guests too, by id.
func (s *Service) ListUsers(ctx context.Context, by Actor, q UserQuery) ([]Seen, error) {
	if err := s.mayRead(by, UsersRead); err != nil {
		return nil, err
	}
	all, err := s.Directory.ListUsers(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return all, nil
}

// ShowUser reads who somebody is and how they have come, the latest first: addresses only with AddressesRead. Code user_not_found.
func (s *Service) ShowUser(ctx context.Context, by Actor, id UserID) (Seen, []Sighting, error) {
	if err := s.mayRead(by, UsersRead); err != nil {
		return Seen{}, nil, err
	}
	seen, err := s.Directory.User(ctx, id)
	if err != nil {
		return Seen{}, nil, err
	}
	ways, err := s.Directory.Sightings(ctx, id, maxWays)
	if err != nil {
		return Seen{}, nil, fmt.Errorf("list sightings: %w", err)
	}
	if !by.Grant.Has(AddressesRead) {
		for i := range ways {
			ways[i].Addr = noAddr
		}
	}
	return seen, ways, nil
}

// ListNotes lists the notes about a user, the latest first.
func (s *Service) ListNotes(ctx context.Context, by Actor, user UserID, before NoteID, limit int) ([]Note, error) {
	if err := s.mayRead(by, UsersRead); err != nil {
		return nil, err
	}
	if _, err := s.Directory.User(ctx, user); err != nil {
		return nil, err
	}
	all, err := s.Directory.Notes(ctx, user, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list notes: %w", err)
	}
	return all, nil
}

// The scores of a likeness. An address that many share says less.
const (
	scoreAddress = 50
	scoreShared  = 15 // an address with more than sharedFrom users
	scoreAgent   = 30 // and the same agent there
	scoreName    = 20 // a name of the same skeleton
	scoreLike    = 10 // a name that is like it (NameLikeness)
	sharedFrom   = 20
	perAddress   = 200
)

// LikelySame suggests who else somebody may be, the likeliest first: who has come from the same addresses, with the same
// agents, under like names. It proves nothing: a family shares an address. Code user_not_found.
func (s *Service) LikelySame(ctx context.Context, by Actor, id UserID) ([]Likeness, error) {
	if err := s.mayRead(by, UsersRead); err != nil {
		return nil, err
	}
	seen, err := s.Directory.User(ctx, id)
	if err != nil {
		return nil, err
	}
	ways, err := s.Directory.Sightings(ctx, id, maxWays)
	if err != nil {
		return nil, fmt.Errorf("list sightings: %w", err)
	}
	found := make(map[UserID]*Likeness)
	if err := s.likeByAddress(ctx, id, ways, found); err != nil {
		return nil, err
	}
	if err := s.likeByName(ctx, seen, found); err != nil {
		return nil, err
	}
	return bestOf(found), nil
}

func (s *Service) likeByAddress(ctx context.Context, id UserID, ways []Sighting, found map[UserID]*Likeness) error {
	agents := make(map[string]map[string]bool) // by alias
	for _, w := range ways {
		if agents[w.Alias] == nil {
			agents[w.Alias] = make(map[string]bool)
		}
		if w.AgentHash != "" {
			agents[w.Alias][w.AgentHash] = true
		}
	}
	since := s.now().Add(-likelySince)
	for alias, mine := range agents {
		there, err := s.Directory.SightedFrom(ctx, alias, since, perAddress)
		if err != nil {
			return fmt.Errorf("list who came from an address: %w", err)
		}
		users := make(map[UserID]bool)
		for _, w := range there {
			users[w.User] = true
		}
		score := scoreAddress
		if len(users) > sharedFrom {
			score = scoreShared
		}
		for _, w := range there {
			if w.User != id {
				found[w.User] = found[w.User].sighted(w, score, mine[w.AgentHash])
			}
		}
	}
	return nil
}

// sighted adds a sighting at a common address.
func (l *Likeness) sighted(w Sighting, address int, agent bool) *Likeness {
	if l == nil {
		l = &Likeness{User: w.User, Name: w.Name, Last: w.Last}
	}
	if w.Last.After(l.Last) {
		l.Name, l.Last = w.Name, w.Last
	}
	l.because("address", address)
	if agent {
		l.because("agent", scoreAgent)
	}
	return l
}

// because adds a reason, once.
func (l *Likeness) because(why string, score int) {
	if !slices.Contains(l.Why, why) {
		l.Why = append(l.Why, why)
		l.Score += score
	}
}

// likeByName adds those of the same name, and weighs the names of those who were found already.
func (s *Service) likeByName(ctx context.Context, seen Seen, found map[UserID]*Likeness) error {
	skeleton, like := Skeleton(seen.Name), newNameLike(seen.Name)
	for _, l := range found {
		switch {
		case Skeleton(l.Name) == skeleton:
			l.because("name", scoreName)
		case like.like(l.Name):
			l.because("name", scoreLike)
		}
	}
	if seen.Name == "" {
		return nil
	}
	named, err := s.Directory.ListUsers(ctx, UserQuery{Text: seen.Name, SeenSince: s.now().Add(-likelySince), Limit: perAddress})
	if err != nil {
		return fmt.Errorf("list users by name: %w", err)
	}
	for _, u := range named {
		if u.ID == seen.ID || found[u.ID] != nil || Skeleton(u.Name) != skeleton || u.Role == RoleStaff {
			continue
		}
		l := &Likeness{User: u.ID, Name: u.Name, Last: u.LastSeen}
		l.because("name", scoreName)
		found[u.ID] = l
	}
	return nil
}

func bestOf(found map[UserID]*Likeness) []Likeness {
	all := make([]Likeness, 0, len(found))
	for _, l := range found {
		slices.Sort(l.Why)
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b Likeness) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.Last.Compare(a.Last), cmp.Compare(a.User, b.User))
	})
	return all[:min(len(all), maxLikely)]
}

package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/chatd/chatd/policies"
)

// SignIn admits an actor on connecting, and when a token changes, and returns it with the name as
// it will be shown, with Alias and with FirstSeen. A guest whose name can't be had (any more) gets another one: a visitor
// must not be shut out by somebody else's name. One who may not be called otherwise now (Rename) is called as before. Who has been a guest under sanctions (Was) takes them along.
// Refusals: banned and sign_in_required (in all rooms), token_expired, token_revoked, and name_* for signed-in users.
func (s *Service) SignIn(ctx context.Context, a Actor) (Actor, error) {
	a.Alias = s.Alias(a.Addr)
	alone := a
	alone.Was = "" // what is held against the guest is carried over first
	if e := s.refuseIdentity(alone, ""); e != nil {
		return Actor{}, e
	}
	if a.Role == RoleStaff {
		return a, nil
	}
	if err := s.CarryOver(ctx, a.Was, a); err != nil {
		return Actor{}, err
	}
	a, err := s.introduce(ctx, a)
	if err != nil {
		return Actor{}, err
	}
	s.sight(a)
	return a, nil
}

// introduce admits an actor with a name that they may have.
func (s *Service) introduce(ctx context.Context, a Actor) (Actor, error) {
	if e := s.refuseIdentity(a, ""); e != nil {
		return Actor{}, e
	}
	if a.Guest() {
		return s.signInGuest(ctx, a)
	}
	name, err := CleanName(a.Name)
	if err != nil {
		return Actor{}, err
	}
	a.Name = name
	seen, err := s.seeUser(ctx, a.ID, name)
	if err != nil {
		return Actor{}, fmt.Errorf("note user: %w", err)
	}
	a.FirstSeen = seen.FirstSeen
	return a, nil
}

// Rename gives a guest another name. Refusals: name_*, name_taken, name_prohibited, name_fixed (signed in), and what keeps
// them from writing somewhere: muted, under_review. Others don't hear of the new name of one who is shadowed.
func (s *Service) Rename(ctx context.Context, a Actor, name string) (Actor, error) {
	if !a.Guest() {
		return Actor{}, Refuse(Forbidden, "name_fixed", "Your name comes with your sign-in.")
	}
	if e := s.refuseRename(a); e != nil {
		return Actor{}, e
	}
	if err := s.TakeAct(ctx, a); err != nil {
		return Actor{}, err
	}
	name, err := s.guestName(ctx, name)
	if err != nil {
		return Actor{}, err
	}
	a.Name = name
	s.sight(a)
	return a, nil
}

// refuseRename says why a guest may not be called otherwise; nil: they may. A name is read in every room that they are in, so
// what keeps them from writing in any room keeps their name.
func (s *Service) refuseRename(a Actor) *Error {
	if e := s.refuseNaming(a); e != nil {
		return e
	}
	return s.refuseLockedAnywhere(a)
}

// refuseNaming says why a guest may not choose a name, not even a first one: what is held against them, and lock-downs
// of all rooms.
func (s *Service) refuseNaming(a Actor) *Error {
	if e := s.refuseIdentity(a, ""); e != nil {
		return e
	}
	now := s.now()
	switch st := s.sanctions.anywhere(a, now); {
	case st.mute != nil:
		return muted(*st.mute, now)
	case st.holds():
		return underReview(*st.review, now)
	}
	return s.refuseLocked(a, "")
}

// mayBeCalled is the name that a guest wants, or the one that they have to keep; none: one is made for them.
func (s *Service) mayBeCalled(ctx context.Context, a Actor) ([]string, error) {
	if s.refuseRename(a) == nil {
		return []string{a.Name}, nil
	}
	known, err := s.knownName(ctx, a)
	switch {
	case err != nil:
		return nil, err
	case known != "":
		return []string{known}, nil
	case s.refuseNaming(a) == nil:
		return []string{a.Name}, nil
	}
	return nil, nil
}

// knownName is what a guest was called when they were seen last; empty: nobody knows.
func (s *Service) knownName(ctx context.Context, a Actor) (string, error) {
	if name, ok := s.sightings.name(sightKey{a.ID, a.Alias, s.agentHash(a.Agent)}); ok {
		return name, nil
	}
	seen, err := s.Directory.User(ctx, a.ID)
	if IsKind(err, NotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find guest: %w", err)
	}
	return seen.Name, nil
}

func (s *Service) signInGuest(ctx context.Context, a Actor) (Actor, error) {
	first, err := s.guestSince(ctx, a)
	if err != nil {
		return Actor{}, err
	}
	a.FirstSeen = first
	candidates, err := s.mayBeCalled(ctx, a)
	if err != nil {
		return Actor{}, err
	}
	for below := uint64(1e6); below <= 1e12; below *= 1e3 {
		candidates = append(candidates, madeName(a.ID, below))
	}
	var refusal *Error
	for _, name := range candidates {
		name, err := s.guestName(ctx, name)
		if err == nil {
			a.Name = name
			return a, nil
		}
		if !errors.As(err, &refusal) {
			return Actor{}, err
		}
	}
	return Actor{}, refusal
}

// guestName admits a guest's name: readers must not take it for a signed-in user's, and it
// is read as much as a message is.
func (s *Service) guestName(ctx context.Context, name string) (string, error) {
	name, err := CleanName(name)
	if err != nil {
		return "", err
	}
	if s.Judge.Check(policies.Input{Views: []string{name}}).Rejects() {
		return "", Refuse(Rejected, "name_prohibited", "That name breaks a rule here. Choose another.")
	}
	return name, s.refuseTaken(ctx, name)
}

// keepName sees to it that readers can tell who writes: nobody but them is called like staff
// who have spoken, and a guest whose name has become a signed-in user's meanwhile needs another.
func (s *Service) keepName(ctx context.Context, by Actor) error {
	switch {
	case by.Role == RoleStaff:
		if _, err := s.seeUser(ctx, by.ID, by.Name); err != nil {
			return fmt.Errorf("note staff: %w", err)
		}
	case by.Guest():
		return s.refuseTaken(ctx, by.Name)
	}
	return nil
}

// seeUser notes the name of one who is no guest: it isn't free any more.
func (s *Service) seeUser(ctx context.Context, id UserID, name string) (Seen, error) {
	skeleton := Skeleton(name)
	defer s.free.take(skeleton) // after an error, too: it may be stored all the same
	return s.Directory.SeeUser(ctx, id, name, skeleton, s.now())
}

func (s *Service) refuseTaken(ctx context.Context, name string) error {
	skeleton := Skeleton(name)
	free, asOf := s.free.free(skeleton, s.now())
	if free {
		return nil
	}
	named, err := s.namings.ask(ctx, skeleton, nil, s.Directory.UsersBySkeleton)
	if err != nil {
		return fmt.Errorf("find user by name: %w", err)
	}
	if _, taken := named[skeleton]; taken {
		return Refuse(Conflict, "name_taken", "That name is too much like a signed-in user's. Choose another.")
	}
	s.free.note(skeleton, asOf, s.now())
	return nil
}

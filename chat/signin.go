package chat

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/chatd/chatd/policies"
)

// SignIn admits an actor on connecting, and when a token changes, and returns it with the name as
// it will be shown. A guest whose name can't be had (any more) gets another one: a visitor
// must not be shut out by somebody else's name. Refusals: banned (in all rooms), token_expired, and name_* for signed-in users.
func (s *Service) SignIn(ctx context.Context, a Actor) (Actor, error) {
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
	if err := s.Directory.SeeUser(ctx, a.ID, name, Skeleton(name), s.now()); err != nil {
		return Actor{}, fmt.Errorf("note user: %w", err)
	}
	return a, nil
}

// Rename gives a guest another name. Refusals: name_*, name_taken, name_prohibited, name_fixed (signed in).
func (s *Service) Rename(ctx context.Context, a Actor, name string) (Actor, error) {
	if !a.Guest() {
		return Actor{}, Refuse(Forbidden, "name_fixed", "Your name comes with your sign-in.")
	}
	if err := s.TakeAct(ctx, a); err != nil {
		return Actor{}, err
	}
	name, err := s.guestName(ctx, name)
	if err != nil {
		return Actor{}, err
	}
	a.Name = name
	return a, nil
}

func (s *Service) signInGuest(ctx context.Context, a Actor) (Actor, error) {
	h := fnv.New64a()
	h.Write([]byte(a.ID))
	candidates := []string{a.Name}
	for digits := uint64(1e6); digits <= 1e12; digits *= 1e3 {
		candidates = append(candidates, fmt.Sprintf("Guest %d", h.Sum64()%digits))
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
		if err := s.Directory.SeeUser(ctx, by.ID, by.Name, Skeleton(by.Name), s.now()); err != nil {
			return fmt.Errorf("note staff: %w", err)
		}
	case by.Guest():
		return s.refuseTaken(ctx, by.Name)
	}
	return nil
}

func (s *Service) refuseTaken(ctx context.Context, name string) error {
	_, taken, err := s.Directory.UserBySkeleton(ctx, Skeleton(name))
	if err != nil {
		return fmt.Errorf("find user by name: %w", err)
	}
	if taken {
		return Refuse(Conflict, "name_taken", "That name is too much like a signed-in user's. Choose another.")
	}
	return nil
}

package chat

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// MaxSanction is the longest sanction that ends; longer means for ever.
const MaxSanction = 10 * 365 * 24 * time.Hour

// sanctionWithin bounds how long storing a sanction may take.
const sanctionWithin = 10 * time.Second

// Sanction holds something against a user: in one room, or, by staff, in all (room empty). A zero
// duration is for ever. It is in force on return: requests are refused and sessions end.
func (s *Service) Sanction(ctx context.Context, by Actor, room RoomID, target UserID, e Effect, d time.Duration, reason string) (Sanction, error) {
	reason, err := s.maySanction(by, room, target, e, d, reason)
	if err != nil {
		return Sanction{}, err
	}
	if err := s.TakeAct(ctx, by); err != nil {
		return Sanction{}, err
	}
	m, err := s.present(ctx, room, target)
	if err != nil {
		return Sanction{}, err
	}
	if m.Role == RoleModerator && by.Role != RoleStaff {
		return Sanction{}, Refuse(Forbidden, "user_protected", "Only staff may sanction a moderator.")
	}
	x := Sanction{
		ID: SanctionID(s.NewID()), User: target, Name: m.Name, Room: room,
		Effect: e, Reason: reason, By: by.ID, At: s.now(),
	}
	if d > 0 {
		x.Expires = x.At.Add(d)
	}
	// Without ctx's cancellation: what is stored must be in force, whether the moderator still waits or not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sanctionWithin)
	defer cancel()
	if err := s.Directory.AddSanction(ctx, x); err != nil {
		return Sanction{}, fmt.Errorf("store sanction: %w", err)
	}
	s.sanctions.add(x)
	s.Bell.Signal(ctx, Signal{Room: room, Sanction: &SanctionChange{Sanction: x}})
	return x, nil
}

func (s *Service) maySanction(by Actor, room RoomID, target UserID, e Effect, d time.Duration, reason string) (string, error) {
	if err := s.requireModerator(by, room); err != nil {
		return "", err
	}
	if room == "" && by.Role != RoleStaff {
		return "", Refuse(Forbidden, "not_a_moderator", "Only staff sanction in all rooms.")
	}
	if err := checkTarget(by, target); err != nil {
		return "", err
	}
	if e != Ban && e != Mute {
		return "", Refuse(Invalid, "effect_invalid", "effect is ban or mute.")
	}
	if d < 0 || d > MaxSanction {
		return "", Refuse(Invalid, "duration_invalid", "seconds is 0 (for ever) to %d.", int64(MaxSanction/time.Second))
	}
	reason, ok := CleanLine(reason, MaxReason)
	if !ok {
		return "", Refuse(Invalid, "reason_too_long", "A reason has at most %d characters.", MaxReason)
	}
	return reason, nil
}

func checkTarget(by Actor, target UserID) error {
	if !validUserID(target) {
		return Refuse(Invalid, "user_invalid", "user is an id like u:ann or g:0192….")
	}
	if target == by.ID {
		return Refuse(Invalid, "user_invalid", "You can't sanction yourself.")
	}
	if strings.HasPrefix(string(target), PrefixStaff) || strings.HasPrefix(string(target), PrefixKey) {
		return Refuse(Forbidden, "user_protected", "Staff and keys can't be sanctioned; revoke them.")
	}
	return nil
}

// MaxUserID is the longest UserID, in bytes.
const MaxUserID = 258

func validUserID(id UserID) bool {
	for _, p := range []string{PrefixUser, PrefixGuest, PrefixStaff, PrefixKey} {
		if rest, ok := strings.CutPrefix(string(id), p); ok {
			return rest != "" && len(id) <= MaxUserID && !strings.ContainsFunc(rest, func(r rune) bool { return r < ' ' || r == 0x7f })
		}
	}
	return false
}

// present finds a user among the members of a room; the zero Member when they aren't there.
func (s *Service) present(ctx context.Context, room RoomID, user UserID) (Member, error) {
	if room == "" {
		return Member{}, nil
	}
	members, _, err := s.Presence.Members(ctx, room, MaxMembers)
	if err != nil {
		return Member{}, fmt.Errorf("list members: %w", err)
	}
	for _, m := range members {
		if m.ID == user {
			return m, nil
		}
	}
	return Member{}, nil
}

// Lift ends a sanction before its time. A moderator lifts what holds in their room alone; staff, anything.
func (s *Service) Lift(ctx context.Context, by Actor, room RoomID, id SanctionID) (Sanction, error) {
	if err := s.requireModerator(by, room); err != nil {
		return Sanction{}, err
	}
	if err := s.TakeAct(ctx, by); err != nil {
		return Sanction{}, err
	}
	if by.Role != RoleStaff {
		if err := s.mayLift(ctx, by, room, id); err != nil {
			return Sanction{}, err
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sanctionWithin)
	defer cancel()
	x, err := s.Directory.LiftSanction(ctx, id, by.ID, s.now())
	if err != nil {
		return Sanction{}, err
	}
	s.sanctions.remove(x.User, func(y Sanction) bool { return y.ID == x.ID })
	s.Bell.Signal(ctx, Signal{Room: x.Room, Sanction: &SanctionChange{Sanction: x, Lifted: true}})
	return x, nil
}

func (s *Service) mayLift(ctx context.Context, by Actor, room RoomID, id SanctionID) error {
	standing, err := s.Directory.Standing(ctx, s.now())
	if err != nil {
		return fmt.Errorf("read sanctions: %w", err)
	}
	for _, x := range standing {
		if x.ID != id || x.Room != room {
			continue
		}
		if x.User == by.ID {
			return Refuse(Forbidden, "user_protected", "You can't lift what stands against yourself.")
		}
		return nil
	}
	return Refuse(NotFound, "sanction_not_found", "No such sanction stands in this room.")
}

// Sanctions lists what stands. For staff.
func (s *Service) Sanctions(ctx context.Context, by Actor) ([]Sanction, error) {
	if by.Role != RoleStaff {
		return nil, Refuse(Forbidden, "not_staff", "Only staff may list sanctions.")
	}
	return s.Directory.Standing(ctx, s.now())
}

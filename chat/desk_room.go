package chat

import (
	"context"
	"slices"
	"strings"
	"time"
)

// MaxKnown is the longest Interval of a lock-down for known users.
const MaxKnown = 30 * 24 * time.Hour

// Configure changes settings, and makes the room where it isn't stored. Codes setting_invalid, room_exists, stale,
// too_many_rooms.
func (s *Service) Configure(ctx context.Context, o Order, st SetStep) (Outcome, error) {
	if err := s.mayConfigure(o.By, st); err != nil {
		return Outcome{}, err
	}
	patch, err := st.Patch.clean()
	if err == nil {
		err = s.checkPolicy(patch)
	}
	if err != nil {
		return Outcome{}, err
	}
	st.Patch = patch
	r, err := s.Room(ctx, st.Room)
	if err != nil {
		return Outcome{}, err
	}
	if err := checkTogether(patch.Apply(r.Settings)); err != nil {
		return Outcome{}, err
	}
	kind := ActChangeRoom
	if !r.Stored {
		kind = ActCreateRoom
		if err := s.mayMakeRoom(ctx, o.By, st.Room); err != nil {
			return Outcome{}, err
		}
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: kind}, Steps: []Step{st}}, work{impact: s.impact(inRoom(st.Room))})
}

func (s *Service) mayConfigure(by Actor, st SetStep) error {
	if _, err := ParseRoomID(string(st.Room)); err != nil {
		return err
	}
	if err := s.mayIn(by, RoomsWrite, st.Room); err != nil {
		return err
	}
	if p := st.Patch; by.Role != RoleStaff && (st.New || p.Access != nil || p.Claim != nil || p.Policy != nil) {
		return Refuse(Forbidden, "scope_missing", "Access, claim and policy of a room are for staff.")
	}
	return nil
}

// checkTogether checks what settings must be of one another.
func checkTogether(after Settings) error {
	if after.MinLength > after.MaxLength {
		return badSetting("min_length must not exceed max_length (%d)", after.MaxLength)
	}
	if after.Access == AccessClaim && after.Claim.Name == "" {
		return badSetting("access claim needs a claim")
	}
	return nil
}

// Archive archives a room (nobody but staff enters; nothing is lost), or takes it back. Code room_unknown.
func (s *Service) Archive(ctx context.Context, o Order, room RoomID, on bool) (Outcome, error) {
	if err := s.mayKeepRooms(o.By, room); err != nil {
		return Outcome{}, err
	}
	kind := ActArchive
	if !on {
		kind = ActUnarchive
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: kind}, Steps: []Step{ArchiveStep{Room: room, On: on}}},
		work{impact: s.impact(inRoom(room))})
}

// RemoveRoom deletes a room and everything in it, for good. Code room_unknown.
func (s *Service) RemoveRoom(ctx context.Context, o Order, room RoomID) (Outcome, error) {
	return s.RemoveRoomIf(ctx, o, room, 0)
}

// RemoveRoomIf is RemoveRoom, if the room is at a version (0: any). Code stale.
func (s *Service) RemoveRoomIf(ctx context.Context, o Order, room RoomID, version int64) (Outcome, error) {
	if err := s.mayKeepRooms(o.By, room); err != nil {
		return Outcome{}, err
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: ActRemoveRoom}, Steps: []Step{RemoveRoomStep{Room: room, IfVersion: version}}},
		work{impact: s.impact(inRoom(room)), impacted: countMessages})
}

// Clear hides everything in a room. Code room_unknown.
func (s *Service) Clear(ctx context.Context, o Order, room RoomID) (Outcome, error) {
	if err := s.mayKeepRooms(o.By, room); err != nil {
		return Outcome{}, err
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: ActClear}, Steps: []Step{ClearStep{Room: room}}},
		work{impact: s.impact(inRoom(room)), impacted: countMessages})
}

// mayKeepRooms is for what moderators in the chat don't do to rooms.
func (s *Service) mayKeepRooms(by Actor, room RoomID) error {
	if by.Role == RoleModerator {
		return Refuse(Forbidden, "scope_missing", "That is for staff.")
	}
	return s.mayIn(by, RoomsWrite, room)
}

// LockDown lays a lock-down over a room's settings, or over all rooms', until l.Until. ID, Act, By and At are set here. The impact
// is who could write (or, of no_joins, nobody) until now and can't any more. Codes lockdown_invalid, duration_invalid,
// bound_duration.
func (s *Service) LockDown(ctx context.Context, o Order, l Lockdown) (Outcome, error) {
	if o.By.Role == RoleModerator {
		return Outcome{}, Refuse(Forbidden, "scope_missing", "That is for staff.")
	}
	if l.Room != "" && !validRoomID(string(l.Room)) {
		_, err := ParseRoomID(string(l.Room))
		return Outcome{}, err
	}
	if err := s.mayOver(o.By, RoomsWrite, string(l.Room)); err != nil {
		return Outcome{}, err
	}
	l.ID, l.Act, l.By, l.At = LockdownID(s.NewID()), ActID(s.NewID()), o.By.ID, s.now()
	l.Until = l.Until.UTC().Truncate(time.Millisecond)
	l, err := cleanLockdown(l)
	if err != nil {
		return Outcome{}, err
	}
	if err := boundDuration(o.By, l.Until.Sub(l.At)); err != nil {
		return Outcome{}, err
	}
	if o.Reason == "" {
		o.Reason = l.Reason
	}
	return s.perform(ctx, o, Deed{Act: Act{ID: l.Act, At: l.At, Kind: ActLock}, Steps: []Step{LockStep{Lockdown: l}}},
		work{impact: s.impact(s.lockedBy(l))})
}

func cleanLockdown(l Lockdown) (Lockdown, error) {
	reason, ok := CleanLine(l.Reason, MaxReason)
	if !ok {
		return l, Refuse(Invalid, "reason_too_long", "A reason has at most %d characters.", MaxReason)
	}
	l.Reason = reason
	if !slices.Contains(Levels(), l.Level) {
		return l, Refuse(Invalid, "lockdown_invalid", "level is slow, known, signed_in, read_only or no_joins.")
	}
	if !l.Until.After(l.At) || l.Until.Sub(l.At) > MaxLockdown {
		return l, Refuse(Invalid, "duration_invalid", "A lock-down lasts 1 to %d seconds.", int64(MaxLockdown/time.Second))
	}
	var most time.Duration
	switch l.Level {
	case LockSlow:
		most = MaxSlowMode
	case LockKnown:
		most = MaxKnown
	case LockSignedIn, LockReadOnly, LockNoJoins:
		if l.Interval != 0 {
			return l, Refuse(Invalid, "lockdown_invalid", "seconds is for slow and known.")
		}
		return l, nil
	}
	if l.Interval < time.Second || l.Interval > most {
		return l, Refuse(Invalid, "lockdown_invalid", "seconds is 1 to %d for this level.", int64(most/time.Second))
	}
	return l, nil
}

// lockedBy reports whose writing a lock-down touches: slow touches everybody's who isn't exempt.
func (s *Service) lockedBy(l Lockdown) func(LiveSession) bool {
	now := s.now()
	return func(live LiveSession) bool {
		a := live.Actor
		if a.Role == RoleStaff || l.Level == LockNoJoins {
			return false
		}
		if l.Level != LockSlow && l.refuse(a, now) == nil {
			return false
		}
		return slices.ContainsFunc(live.Rooms, func(r RoomID) bool { return (l.Room == "" || l.Room == r) && !a.Moderates(r) })
	}
}

// Unlock ends a lock-down before its time. Code lockdown_not_found.
func (s *Service) Unlock(ctx context.Context, o Order, id LockdownID) (Outcome, error) {
	if err := s.may(o.By, RoomsWrite); err != nil {
		return Outcome{}, err
	}
	all, err := s.Directory.Lockdowns(ctx, s.now())
	if err != nil {
		return Outcome{}, err
	}
	i := slices.IndexFunc(all, func(l Lockdown) bool { return l.ID == id })
	if i < 0 || all[i].Room != "" && s.mayIn(o.By, RoomsWrite, all[i].Room) != nil {
		return Outcome{}, Refuse(NotFound, "lockdown_not_found", "No such lock-down is in force.")
	}
	if err := s.mayOver(o.By, RoomsWrite, string(all[i].Room)); err != nil || o.By.Role == RoleModerator {
		if err == nil {
			err = Refuse(Forbidden, "scope_missing", "That is for staff.")
		}
		return Outcome{}, err
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: ActUnlock}, Steps: []Step{UnlockStep{ID: id}}},
		work{impact: s.impact(s.lockedBy(all[i]))})
}

// checkPolicy refuses a policy that isn't there. One that is taken away later leaves the room with all of them.
func (s *Service) checkPolicy(p SettingsPatch) error {
	if p.Policy == nil || *p.Policy == "" {
		return nil
	}
	if names := s.Judge.Names(); !slices.Contains(names, *p.Policy) {
		return badSetting("policy must be one of %s, or none", strings.Join(names, ", "))
	}
	return nil
}

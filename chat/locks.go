package chat

import (
	"slices"
	"time"
)

// refuseLocked says which lock-down keeps an actor from writing in a room; nil: none. It isn't asked for moderators.
func (s *Service) refuseLocked(by Actor, room RoomID) *Error {
	now := s.now()
	return refuseBy(s.locks.in(room, now), by, now)
}

// refuseLockedAnywhere is refuseLocked for whatever room there is.
func (s *Service) refuseLockedAnywhere(by Actor) *Error {
	now := s.now()
	return refuseBy(s.locks.all(now), by, now)
}

func refuseBy(all []Lockdown, by Actor, now time.Time) *Error {
	var e *Error
	for _, l := range all {
		if x := l.refuse(by, now); x != nil && (e == nil || x.RetryAfter > e.RetryAfter) {
			e = x
		}
	}
	return e
}

// refuse says why l keeps an actor from writing; nil: it doesn't.
func (l Lockdown) refuse(by Actor, now time.Time) *Error {
	switch l.Level {
	case LockReadOnly:
		return until(Refuse(Forbidden, "room_read_only", "Only moderators write in this room now."), l.Until, now)
	case LockSignedIn:
		if by.Guest() {
			return until(Refuse(Forbidden, "guests_read_only", "Sign in to write in this room now."), l.Until, now)
		}
	case LockKnown:
		// Nobody knows since when they come: they may be new.
		known := now.Add(l.Interval)
		if !by.FirstSeen.IsZero() {
			known = by.FirstSeen.Add(l.Interval)
		}
		if now.Before(known) {
			return until(Refuse(Forbidden, "not_known_yet", "Who has come just now may read only, for a while."), earlier(known, l.Until), now)
		}
	case LockSlow, LockNoJoins: // elsewhere
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// LockdownOf returns the lock-down that a room's readers are told of: of those in force the one that keeps most from writing,
// of equals the one that lasts longest. False: none is in force.
func (s *Service) LockdownOf(room RoomID) (Lockdown, bool) {
	var harshest Lockdown
	found := false
	for _, l := range s.locks.in(room, s.now()) {
		if !found || l.harsherThan(harshest) {
			harshest, found = l, true
		}
	}
	return harshest, found
}

func (l Lockdown) harsherThan(other Lockdown) bool {
	a, b := slices.Index(lockOrder, l.Level), slices.Index(lockOrder, other.Level)
	switch {
	case a != b:
		return a < b
	case l.Interval != other.Interval:
		return l.Interval > other.Interval
	}
	return l.Until.After(other.Until)
}

// lockOrder sorts levels by what they mean to who is there.
var lockOrder = []Level{LockReadOnly, LockSignedIn, LockKnown, LockSlow, LockNoJoins}

// shut returns the lock-down that lets nobody new into a room, the one that lasts longest.
func (s *Service) shut(by Actor, room RoomID) (Lockdown, bool) {
	var longest Lockdown
	if by.Role == RoleStaff || by.Moderates(room) {
		return longest, false
	}
	for _, l := range s.locks.in(room, s.now()) {
		if l.Level == LockNoJoins && l.Until.After(longest.Until) {
			longest = l
		}
	}
	return longest, !longest.Until.IsZero()
}

package chat

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// chatScopes are what a moderator in the chat (a token with role moderator) may do, in the token's rooms.
var chatScopes = []Scope{MessagesModerate, SanctionsWrite, RoomsWrite}

// may checks that an actor holds a scope in some room. Codes scope_missing, not_a_moderator.
func (s *Service) may(by Actor, scope Scope) error {
	switch {
	case by.Role == RoleStaff && by.Grant.Has(scope):
		return nil
	case by.Role == RoleStaff:
		return Refuse(Forbidden, "scope_missing", "This needs the scope %s, which you don't have.", scope)
	case by.Role != RoleModerator:
		return Refuse(Forbidden, "not_a_moderator", "Only moderators of this room may do that.")
	case !slices.Contains(chatScopes, scope):
		return Refuse(Forbidden, "scope_missing", "This needs the scope %s, which moderators don't have in the chat.", scope)
	}
	return nil
}

// mayIn checks that an actor holds a scope in room. Codes of may, and bound_rooms, room_forbidden, banned, token_expired.
func (s *Service) mayIn(by Actor, scope Scope, room RoomID) error {
	if err := s.may(by, scope); err != nil {
		return err
	}
	if by.Role != RoleStaff {
		return s.requireModerator(by, room)
	}
	if !by.Grant.Covers(room) {
		return outOfRooms(by, "the room "+string(room))
	}
	return nil
}

// mayEverywhere checks that an actor holds a scope in all rooms.
func (s *Service) mayEverywhere(by Actor, scope Scope) error {
	if err := s.may(by, scope); err != nil {
		return err
	}
	if by.Role != RoleStaff {
		return Refuse(Forbidden, "not_a_moderator", "Only staff do that in all rooms.")
	}
	if !by.Grant.Everywhere() {
		return outOfRooms(by, "all rooms")
	}
	return nil
}

// mayOver checks that an actor holds a scope in all rooms that rooms matches: empty for all, a name or a glob.
func (s *Service) mayOver(by Actor, scope Scope, rooms string) error {
	switch {
	case rooms == "":
		return s.mayEverywhere(by, scope)
	case validRoomID(rooms):
		return s.mayIn(by, scope, RoomID(rooms))
	case !validGlob(rooms):
		return Refuse(Invalid, "scope_invalid", "scope is a room's name or a glob of names, of at most %d characters.", MaxRoomID)
	}
	if err := s.may(by, scope); err != nil {
		return err
	}
	if by.Role != RoleStaff {
		return Refuse(Forbidden, "not_a_moderator", "Only staff act on more than one room.")
	}
	if _, ok := by.Grant.coversAll([]string{rooms}); !ok {
		return outOfRooms(by, "the rooms "+rooms)
	}
	return nil
}

func outOfRooms(by Actor, what string) *Error {
	return Refuse(Forbidden, "bound_rooms", "This concerns %s; you are limited to %s.", what, roomsText(by.Grant))
}

// roomsText names the rooms of a grant, as many as fit a sentence.
func roomsText(g *Grant) string {
	const most = 5
	switch {
	case g == nil || g.Rooms != nil && len(g.Rooms) == 0:
		return "no room"
	case g.Rooms == nil:
		return "all rooms"
	case len(g.Rooms) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(g.Rooms[:most], ", "), len(g.Rooms)-most)
	}
	return strings.Join(g.Rooms, ", ")
}

// validGlob reports whether p is a glob (path.Match) of room names.
func validGlob(p string) bool {
	if p == "" || len(p) > MaxRoomID {
		return false
	}
	for i := range len(p) {
		c := p[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9') && !strings.ContainsRune(".-_*?[]^", rune(c)) {
			return false
		}
	}
	_, err := path.Match(p, "x")
	return err == nil
}

// admin reports whether an actor may act on moderators: admins, owners and keys.
func (by Actor) admin() bool {
	return by.Role == RoleStaff && by.Grant != nil &&
		(by.Grant.Role == Admin || by.Grant.Role == Owner || by.key())
}

func (by Actor) key() bool { return strings.HasPrefix(string(by.ID), PrefixKey) }

// takeBounds checks what bounds acts as such: a key's dry-run only and its acts an hour, a moderator's rate.
func (s *Service) takeBounds(ctx context.Context, o Order) error {
	if o.By.ID == System {
		return nil
	}
	g := o.By.Grant
	if o.By.Role == RoleStaff && g != nil {
		if g.DryRunOnly && !o.DryRun {
			return refuseDryRunOnly()
		}
		if g.ActsPerHour == 0 || o.DryRun {
			return nil
		}
		wait, err := s.Limiter.Take(ctx, "acts:"+string(o.By.ID), Rate{Limit: int64(g.ActsPerHour), Period: time.Hour})
		if err != nil {
			return fmt.Errorf("limit acts: %w", err)
		}
		if wait > 0 {
			return Refuse(RateLimited, "bound_acts", "This key may act %d times an hour.", g.ActsPerHour).After(wait)
		}
		return nil
	}
	return s.TakeAct(ctx, o.By)
}

// boundDuration checks how long something may hold that is to hold for d; zero: for good.
func boundDuration(by Actor, d time.Duration) error {
	if by.Grant == nil || by.Grant.LongestBan == 0 || d > 0 && d <= by.Grant.LongestBan {
		return nil
	}
	return Refuse(Forbidden, "bound_duration", "Sanctions and lock-downs by this key hold for at most %s.", span(by.Grant.LongestBan))
}

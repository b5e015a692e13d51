package chat

import (
	"slices"
	"strings"
	"time"
)

// refuseWider says in what a grant that ends at its expiry (zero: never) is wider than the actor's own; nil: in nothing.
// Nobody makes what may do more than they may.
func (a Actor) refuseWider(g Grant, expires time.Time) *Error {
	own := a.Grant
	if own == nil {
		own = &Grant{Rooms: []string{}}
	}
	for _, s := range g.Scopes {
		if !own.Has(s) {
			return Refuse(Forbidden, "scope_missing", "You can't give what you don't have: %s.", s)
		}
	}
	if glob, ok := own.coversAll(g.Rooms); !ok {
		return Refuse(Forbidden, "bound_rooms", "You can't give rooms that you don't have: %s; yours are %s.", glob, strings.Join(own.Rooms, ", "))
	}
	return a.refuseWiderBounds(*own, g, expires)
}

func (a Actor) refuseWiderBounds(own, g Grant, expires time.Time) *Error {
	switch {
	case own.LongestBan > 0 && (g.LongestBan == 0 || g.LongestBan > own.LongestBan):
		return Refuse(Forbidden, "bound_duration", "Your longest sanction is %s: you can't give more.", own.LongestBan)
	case own.ActsPerHour > 0 && (g.ActsPerHour == 0 || g.ActsPerHour > own.ActsPerHour):
		return Refuse(Forbidden, "bound_acts", "You have %d acts an hour: you can't give more.", own.ActsPerHour)
	case own.DryRunOnly && !g.DryRunOnly:
		return Refuse(Forbidden, "bound_dry_run", "You have dry runs only: you can't give more.")
	case !a.Expires.IsZero() && (expires.IsZero() || expires.After(a.Expires)):
		return Refuse(Forbidden, "bound_expiry", "Your own access ends at %s: what you give can't last longer.", a.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// coversAll reports whether g holds wherever these names and globs do (nil: everywhere); if not, which of them is wider.
func (g *Grant) coversAll(rooms []string) (wider string, ok bool) {
	if g.Rooms == nil {
		return "", true
	}
	if rooms == nil {
		return "all rooms", false
	}
	for _, r := range rooms {
		if !slices.ContainsFunc(g.Rooms, func(own string) bool { return globCovers(own, r) }) {
			return r, false
		}
	}
	return "", true
}

// globCovers reports whether outer clearly matches everything that inner matches: it is the same, inner is a
// name that it matches, or it is a plain start and a *, and inner starts so, too. Rooms' names have no slash, so
// that a * stands for anything.
func globCovers(outer, inner string) bool {
	if outer == inner {
		return true
	}
	if !strings.ContainsAny(inner, globMeta) {
		return (&Grant{Rooms: []string{outer}}).Covers(RoomID(inner))
	}
	start, ok := strings.CutSuffix(outer, "*")
	return ok && !strings.ContainsAny(start, globMeta) && strings.HasPrefix(inner[:strings.IndexAny(inner, globMeta)], start)
}

// globMeta are the characters by which a glob isn't a plain name (path.Match).
const globMeta = `*?[\`

// The bounds of the rooms in a grant.
const (
	MaxGrantRooms = 50
	MaxGlob       = 64 // bytes
)

// cleanRooms checks the names and globs of a grant. Code rooms_invalid.
func cleanRooms(rooms []string) ([]string, error) {
	if rooms == nil {
		return nil, nil
	}
	if len(rooms) == 0 || len(rooms) > MaxGrantRooms {
		return nil, Refuse(Invalid, "rooms_invalid", "rooms names 1 to %d rooms or globs; leave it out for all rooms.", MaxGrantRooms)
	}
	for _, r := range rooms {
		if !validGlob(r) {
			return nil, Refuse(Invalid, "rooms_invalid", "A room's name or glob has 1 to %d of a-z, 0-9, '.', '_', '-', '*', '?' and [ranges].", MaxGlob)
		}
	}
	rooms = slices.Clone(rooms)
	slices.Sort(rooms)
	return slices.Compact(rooms), nil
}

// cleanScopes checks scopes, and leaves out what comes twice. Code scope_unknown.
func cleanScopes(scopes []Scope) ([]Scope, error) {
	for _, s := range scopes {
		if !slices.Contains(allScopes, s) {
			return nil, Refuse(Invalid, "scope_unknown", "There is no scope of that name.")
		}
	}
	scopes = slices.Clone(scopes)
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

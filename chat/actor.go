package chat

import (
	"net/netip"
	"path"
	"time"
)

// Role is what a token or an account makes of a user within the rooms it names.
type Role string

// The roles. RoleGuest has no token; RoleStaff and RoleKey come by the API.
const (
	RoleGuest     Role = "guest"
	RoleUser      Role = "user"
	RoleVIP       Role = "vip"
	RoleModerator Role = "moderator"
	RoleStaff     Role = "staff"
)

// Actor is who makes a request, as far as the server has verified it.
type Actor struct {
	ID   UserID
	Name string
	Role Role
	// Rooms are names or globs (path.Match) that the actor's token allows; nil: every open room.
	Rooms []string
	// Addr is the client's address after trusted proxies; invalid for local callers.
	Addr netip.Addr
	// Expires is when the identity ends; zero: never.
	Expires time.Time
	// Agent is the client's User-Agent, cut to 256 bytes.
	Agent string
}

// Guest reports whether the actor hasn't signed in.
func (a Actor) Guest() bool { return a.ID.Guest() }

// Moderates reports whether the actor may moderate room.
func (a Actor) Moderates(room RoomID) bool {
	return a.Role == RoleStaff || a.Role == RoleModerator && a.MayEnter(room)
}

// MayEnter reports whether the actor's token names room, or names none.
func (a Actor) MayEnter(room RoomID) bool {
	if a.Rooms == nil {
		return true
	}
	for _, g := range a.Rooms {
		if ok, _ := path.Match(g, string(room)); ok {
			return true
		}
	}
	return false
}

// Author is how a message remembers who wrote it: the name is the one of that time.
type Author struct {
	ID   UserID
	Name string
	Role Role
}

// Author returns how the actor's messages are signed.
func (a Actor) Author() Author { return Author{ID: a.ID, Name: a.Name, Role: a.Role} }

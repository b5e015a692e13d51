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
	// Grant is what RoleStaff (staff and keys) may do; nil: nothing.
	Grant *Grant
	// Via is by which way the actor's acts come.
	Via Via

	// Alias stands for Addr where addresses aren't shown (Service.SignIn fills it in): equal addresses, equal alias.
	Alias string
	// Was is the guest identity that a signed-in user brought along: they have been that guest. Empty: none.
	Was UserID
	// Tokenless says that a plain connection brought neither token nor cookie.
	Tokenless bool
	// Issued is when the token was made (iat; RFC 7519, section 4.1.6); zero: it doesn't say.
	Issued time.Time
	// FirstSeen is when the user was first seen here (Service.SignIn fills it in).
	FirstSeen time.Time
	// Claims are the token's other claims whose values are strings, numbers, booleans or lists of these, as strings;
	// at most MaxClaims of at most MaxClaim bytes each. For rooms that ask for a claim.
	Claims map[string][]string
}

// The bounds of Actor.Claims.
const (
	MaxClaims = 32
	MaxClaim  = 256
)

// Guest reports whether the actor hasn't signed in.
func (a Actor) Guest() bool { return a.ID.Guest() }

// Moderates reports whether the actor may moderate room.
func (a Actor) Moderates(room RoomID) bool {
	if a.Role == RoleStaff {
		return a.Grant.Has(MessagesModerate) && a.Grant.Covers(room)
	}
	return a.Role == RoleModerator && a.MayEnter(room)
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

package chat

import (
	"path"
	"slices"
	"time"
)

// Scope is one thing that staff or a key may be allowed; an operation of the API names the scope it needs.
type Scope string

// The scopes.
const (
	RoomsRead        Scope = "rooms:read"
	RoomsWrite       Scope = "rooms:write"
	MessagesRead     Scope = "messages:read"
	MessagesPost     Scope = "messages:post"
	MessagesModerate Scope = "messages:moderate"
	SanctionsRead    Scope = "sanctions:read"
	SanctionsWrite   Scope = "sanctions:write"
	UsersRead        Scope = "users:read"
	UsersWrite       Scope = "users:write"
	ConnectionsRead  Scope = "connections:read"
	ConnectionsWrite Scope = "connections:write"
	NoticesWrite     Scope = "notices:write"
	HeldDecide       Scope = "held:decide"
	ActsRead         Scope = "acts:read"
	ActsUndo         Scope = "acts:undo"
	StatsRead        Scope = "stats:read"
	AddressesRead    Scope = "addresses:read" // addresses themselves, not only their aliases
	StaffRead        Scope = "staff:read"
	StaffWrite       Scope = "staff:write"
	KeysRead         Scope = "keys:read"
	KeysWrite        Scope = "keys:write"
)

// StaffRole is what a staff account is: each may do what the one before it may.
type StaffRole string

// The staff roles, from the least to the most.
const (
	Viewer         StaffRole = "viewer"
	StaffModerator StaffRole = "moderator"
	Admin          StaffRole = "admin"
	Owner          StaffRole = "owner"
)

var (
	viewerScopes    = []Scope{RoomsRead, MessagesRead, SanctionsRead, UsersRead, ConnectionsRead, ActsRead, StatsRead}
	moderatorScopes = append(slices.Clone(viewerScopes), RoomsWrite, MessagesPost, MessagesModerate, SanctionsWrite,
		UsersWrite, ConnectionsWrite, NoticesWrite, HeldDecide, ActsUndo)
	allScopes = append(slices.Clone(moderatorScopes), AddressesRead, StaffRead, StaffWrite, KeysRead, KeysWrite)
)

// Scopes lists all scopes.
func Scopes() []Scope { return slices.Clone(allScopes) }

// ScopesOf lists what a role may do; nothing for what is no role.
func ScopesOf(r StaffRole) []Scope {
	switch r {
	case Viewer:
		return slices.Clone(viewerScopes)
	case StaffModerator:
		return slices.Clone(moderatorScopes)
	case Admin, Owner:
		return slices.Clone(allScopes)
	}
	return nil
}

// Grant is what staff or a key may do, and within which bounds. The zero Grant allows nothing.
type Grant struct {
	Role   StaffRole // of staff; empty for keys
	Scopes []Scope
	Rooms  []string // names or globs (path.Match); nil: every room
	// The bounds of a key; staff have none.
	LongestBan  time.Duration // zero: unbounded
	ActsPerHour int           // zero: unbounded
	DryRunOnly  bool
}

// GrantOf is what an account of this role may do in these rooms.
func GrantOf(r StaffRole, rooms []string) *Grant {
	return &Grant{Role: r, Scopes: ScopesOf(r), Rooms: rooms}
}

// Has reports whether g holds a scope.
func (g *Grant) Has(s Scope) bool { return g != nil && slices.Contains(g.Scopes, s) }

// Everywhere reports whether g holds in all rooms.
func (g *Grant) Everywhere() bool { return g != nil && g.Rooms == nil }

// Covers reports whether g holds in room.
func (g *Grant) Covers(room RoomID) bool {
	if g == nil || g.Rooms == nil {
		return g != nil
	}
	return slices.ContainsFunc(g.Rooms, func(glob string) bool {
		ok, _ := path.Match(glob, string(room))
		return ok
	})
}

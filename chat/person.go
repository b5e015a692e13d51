package chat

import (
	"net/netip"
	"time"
)

// Seen is what is remembered of somebody who has connected: signed in or a guest.
type Seen struct {
	ID        UserID
	Name      string // at the last time
	Role      Role
	FirstSeen time.Time
	LastSeen  time.Time
	// TokensFrom is before when issued tokens are worthless; zero: none are.
	TokensFrom time.Time
	Messages   int // stored and not deleted, at the time of asking
}

// Sighting is one way in which somebody has come: from an address, with an agent.
type Sighting struct {
	User        UserID
	Name        string
	Role        Role
	Alias       string
	Addr        netip.Addr // invalid once it is too old to be kept
	Agent       string     // empty once it is too old to be kept
	AgentHash   string     // keyed, kept longer
	Tokenless   bool
	First, Last time.Time
}

// How long sightings are kept: in clear, then by hash, as docs/operations.md promises.
const (
	SightingInClear = 7 * 24 * time.Hour
	SightingFor     = 30 * 24 * time.Hour
)

// UserQuery asks for a page of users, by id. Zero fields don't filter.
type UserQuery struct {
	After     UserID
	Limit     int
	Text      string // in the name (by skeleton), or the start of the id
	SeenSince time.Time
	Guests    *bool
}

// Likeness says that a guest is likely the same person as another user: a suggestion, no more.
type Likeness struct {
	User  UserID
	Name  string
	Last  time.Time
	Why   []string // address, agent, name
	Score int      // 1 to 100
}

// NoteID is a UUID version 7.
type NoteID string

// Note is what staff tell each other about a user.
type Note struct {
	ID   NoteID
	User UserID
	Text string // at most MaxNote characters
	By   UserID
	At   time.Time
}

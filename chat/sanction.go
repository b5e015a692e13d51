package chat

import (
	"net/netip"
	"path"
	"time"
)

// SanctionID is a UUID version 7.
type SanctionID string

// Effect is what a sanction does.
type Effect string

// The effects of a sanction.
const (
	Ban    Effect = "ban"     // may not join; open sessions end
	Mute   Effect = "mute"    // may read, not write
	Shadow Effect = "shadow"  // what they write they alone see
	Slow   Effect = "slow"    // writes once in Interval
	SignIn Effect = "sign_in" // may not be there as a guest
	Review Effect = "hold"    // what they write waits for a moderator
)

// Effects lists all effects, the harshest first.
func Effects() []Effect { return []Effect{Ban, SignIn, Mute, Shadow, Review, Slow} }

// Only narrows whom a sanction on an address holds against.
type Only string

// Whom a sanction on an address holds against.
const (
	Everyone  Only = ""
	Guests    Only = "guests"
	Tokenless Only = "tokenless" // plain connections that brought neither token nor cookie
)

// Target is whom a sanction holds against: exactly one of User, Prefix and Alias is set.
type Target struct {
	User   UserID       // "u:…" or "g:…"
	Prefix netip.Prefix // masked; one address is a /32 or a /128
	Alias  string       // of an address (see Aliases)
	Only   Only         // of Prefix and Alias
}

// Scope of a sanction is Sanction.Rooms: empty is all rooms, else a name or a glob (path.Match).

// Sanction is held against somebody.
type Sanction struct {
	ID     SanctionID
	Act    ActID // that made it
	Target Target
	// Also are users whom the target has become by signing in: it holds against them as well.
	Also []UserID
	// Excused are users off whom it was taken again: it isn't carried to them anew.
	Excused []UserID
	// Trace is the alias of Target.Prefix where that is one address (of IPv6: one network, a /64), and what is left of it,
	// as Target.Alias, when the sanction has ended and the address is forgotten; empty: none.
	Trace    string
	Name     string // the target's name when it was made, for lists
	Rooms    string // empty: all; else a room's name or a glob
	Effect   Effect
	Interval time.Duration // of Slow
	Reason   string        // public: its target reads it; at most MaxReason characters
	Note     string        // for staff; at most MaxNote characters
	By       UserID
	Via      Via
	Rule     string // of ViaRule: which, at which version
	// With is the sanction that this one accompanies: a guest's ban and what it puts on their address. Empty: none.
	With     SanctionID
	Evidence []MessageID
	At       time.Time
	Starts   time.Time // not before At
	Expires  time.Time // zero: never
	Version  int64
	// LiftedAt, LiftedBy and LiftedIn (the act) tell of its early end; zero: it wasn't lifted.
	LiftedAt time.Time
	LiftedBy UserID
	LiftedIn ActID
}

// The bounds of a sanction's texts, in characters.
const (
	MaxReason = 300
	MaxNote   = 2000
)

// Holds reports whether the sanction concerns room; the empty room is every one of them.
func (s Sanction) Holds(room RoomID) bool {
	if s.Rooms == "" || s.Rooms == string(room) {
		return true
	}
	ok, _ := path.Match(s.Rooms, string(room))
	return ok && room != ""
}

// InForce reports whether the sanction holds in room at now.
func (s Sanction) InForce(room RoomID, now time.Time) bool {
	return s.Standing(now) && !now.Before(s.Starts) && s.Holds(room)
}

// Standing reports whether it is neither lifted nor over. It may not have started.
func (s Sanction) Standing(now time.Time) bool {
	return s.LiftedAt.IsZero() && (s.Expires.IsZero() || now.Before(s.Expires))
}

// SanctionQuery asks for a page of sanctions, the latest first: those made before Before. Zero fields don't filter.
type SanctionQuery struct {
	Before   SanctionID // ids rise with time
	Limit    int
	User     UserID // target, or one of Also
	Addr     netip.Addr
	Alias    string
	Room     RoomID // those that hold there
	Effect   Effect
	By       UserID
	Act      ActID
	Standing *bool    // at Now
	Within   []string // only those whose Rooms is one of, or matched as a name by one of, these globs; nil: all
	Now      time.Time
}

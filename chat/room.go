package chat

import "time"

// Settings are what a room's moderators decide.
type Settings struct {
	Title string // at most 80 characters; empty: the room's name
	Topic string // at most 500 characters
	// MinLength and MaxLength bound a message, in characters (Unicode code points).
	MinLength, MaxLength int
	// History is how many messages a joining reader is sent.
	History int
	// RetainCount and RetainFor bound what is kept; zero: unbounded.
	RetainCount int
	RetainFor   time.Duration
	// SlowMode is the least time between two messages of one user; zero: off. Moderators are exempt.
	SlowMode time.Duration
	ReadOnly bool // only moderators write
	Closed   bool // nobody joins
	Guests   GuestAccess
	// MembersLimit bounds the users present; zero: unbounded.
	MembersLimit int
	// AllowedSites are origins that may embed the room; empty: same host.
	AllowedSites []string
	// Policy is the policy that the room chose; empty: those that name it.
	Policy string
	// Access says who may enter; moderators always may.
	Access Access
	// Claim is what AccessClaim asks a token for: Name, and Value unless any will do.
	Claim Claim
}

// Access says who may enter a room.
type Access string

// Who may enter.
const (
	AccessOpen     Access = "open"      // as Guests says
	AccessSignedIn Access = "signed_in" // who has signed in
	AccessClaim    Access = "claim"     // whose token has Settings.Claim
	AccessStaff    Access = "staff"     // staff and moderators
)

// Claim is a claim of a token.
type Claim struct{ Name, Value string }

// GuestAccess says what visitors who haven't signed in may do.
type GuestAccess string

// What guests may do in a room.
const (
	GuestsWrite GuestAccess = "write"
	GuestsRead  GuestAccess = "read"
	GuestsNone  GuestAccess = "none"
)

// The bounds of Settings.
const (
	MaxTitle       = 80
	MaxTopic       = 500
	MaxMaxLength   = 4000
	MaxHistory     = 200
	MaxRetainCount = 10_000_000
	MaxRetainFor   = 10 * 365 * 24 * time.Hour
	MaxSlowMode    = 6 * time.Hour
	MaxMembers     = 1_000_000
	MaxSites       = 50
	MaxSite        = 255
	MaxPins        = 10
	MaxPolicyName  = 64
	MaxClaimName   = 64
)

// DefaultSettings are those of a room that nobody has configured.
func DefaultSettings() Settings {
	return Settings{MinLength: 1, MaxLength: 500, History: 100, Guests: GuestsWrite, Access: AccessOpen}
}

// SettingsPatch changes the settings whose fields are not nil.
type SettingsPatch struct {
	Title, Topic         *string
	MinLength, MaxLength *int
	History              *int
	RetainCount          *int
	RetainFor            *time.Duration
	SlowMode             *time.Duration
	ReadOnly, Closed     *bool
	Guests               *GuestAccess
	MembersLimit         *int
	AllowedSites         *[]string
	Policy               *string
	Access               *Access
	Claim                *Claim
}

// Room is a room's present state. A room that was never stored has Seq 0, default
// settings and the store's current epoch.
type Room struct {
	ID    RoomID
	Epoch Epoch
	Seq   Seq // of its last event
	// Shown is of the last event that the asker may know of; Seq where nobody asked (an empty viewer is anybody).
	Shown      Seq
	Version    int64 // of settings and archive; rises with each change
	Settings   Settings
	ArchivedAt time.Time // zero: it isn't
	CreatedAt  time.Time
	// Stored is false for a room that nobody has written to or configured.
	Stored bool
}

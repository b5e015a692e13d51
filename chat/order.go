package chat

import "time"

// Order is how an act is asked for, besides what it is to do.
type Order struct {
	By     Actor
	Reason string // for the record; at most MaxReason characters
	// DryRun changes nothing: the Outcome says what would happen.
	DryRun bool
	// Force acts although a warning stands against it (own_proxy, loopback, too_wide); it needs a Reason.
	Force bool
	// Keep makes a repetition harmless. Reply, where it is set, takes the place of Keep.Reply: it is asked with the whole
	// Outcome, within the transaction.
	Keep  *Keep
	Reply func(Outcome) (KeptReply, error)
}

// Outcome is what an act came to, or would.
type Outcome struct {
	Enacted
	DryRun bool
	Impact Impact
	Failed []Failure // of an act on many: those that could not be done; the others are
}

// Failure is one of many that could not be done.
type Failure struct {
	ID  string
	Why *Error
}

// Impact says whom an act hits, counted on the live connections and what is stored.
type Impact struct {
	Sessions   int
	Users      int // of which
	Guests     int
	SignedIn   int
	Moderators int
	Staff      int // who are logged in to the dashboard from an address that it hits
	Messages   int
	Rooms      int
	Sample     []Member // at most ImpactSample
	Warnings   []Warning
}

// ImpactSample is how many users an Impact names.
const ImpactSample = 20

// Warning is a reason to think again. Those that Refuse stops unless it is forced are own_proxy, loopback and too_wide.
type Warning struct {
	Code    string // own_proxy, loopback, too_wide, your_address, hits_staff, hits_signed_in
	Message string
}

// Selection picks users by what they have in common: all criteria that are set must hold, at least one must be set.
// It finds who is connected and, by TextLike, who wrote since TextsSince.
type Selection struct {
	Room           RoomID    // empty: all that the caller's grant covers
	Users          []UserID  // these, and nobody else; no other criterion beside Room
	JoinedSince    time.Time // joined a room (Room) since then
	FirstSeenSince time.Time // never seen before then
	NameLike       string    // named like this
	TextLike       string    // wrote something like this
	TextsSince     time.Time // how far back TextLike looks; zero: an hour
	WithSignedIn   bool      // signed-in users, too; else guests only. Never moderators.
}

// The bounds of a selection.
const (
	MaxSelected      = 5000
	MaxSelectedUsers = 500 // in Selection.Users
	TextsLookBack    = time.Hour
)

// SanctionOrder asks for sanctions: one against Target, or one against everybody whom Selection picks.
type SanctionOrder struct {
	ID        SanctionID // chosen by the caller (it replaces the one with this id); empty: a new one
	IfVersion int64      // with an ID: change that one, if it is at this version (stale); zero: any, or none
	Target    *Target
	Selection *Selection
	Rooms     string // scope: empty: all; else a room's name or a glob
	Effect    Effect
	Interval  time.Duration
	Reason    string // public
	Note      string
	Starts    time.Time     // zero: now
	Duration  time.Duration // zero: for good
	Evidence  []MessageID   // at most MaxIDs
	// Purge also hides what they wrote in the scope, this far back; zero: nothing; PurgeAll: everything.
	Purge time.Duration
	// AddressFor is how long a guest's ban puts sign_in (or hold) on their addresses; zero: 24 hours; negative: not at all.
	AddressFor time.Duration
}

// PurgeAll is the Purge of everything.
const PurgeAll = time.Duration(1<<63 - 1)

// DefaultAddressFor is how long a guest's ban puts something on their addresses.
const DefaultAddressFor = 24 * time.Hour

// PurgeOrder asks to hide what users wrote.
type PurgeOrder struct {
	Selection    Selection
	Rooms        string // scope: empty: all; else a room's name or a glob
	Since, Until time.Time
}

package chat

import (
	"context"
	"net/netip"
	"time"
)

// Log is the numbered log of every room, and the present state that its events change.
//
// Order: for one room, commits, completions and announcements happen in the order of
// the Append calls that made them. All completions of a commit are called before any
// of its events is announced. Atomicity: a Change happens whole or not at all.
type Log interface {
	// Append queues a change and returns at once, or after waiting for room in the
	// queue. done is called exactly once, from the committer: it must not block and must
	// not call Append. Cancelling ctx stops the waiting, never a change that is queued.
	// Errors: a refusal that the Op documents, ErrOutcomeUnknown, busy (Unavailable).
	Append(ctx context.Context, c Change, done func(Committed, error))
	// ByNonce finds the message that author stored in room with nonce within 24 hours.
	ByNonce(ctx context.Context, room RoomID, author UserID, nonce string) (Message, bool, error)
	// Snapshot reads a room at one instant. A room that was never stored is a Room with
	// Stored false, not an error.
	Snapshot(ctx context.Context, room RoomID, q SnapshotQuery) (Snapshot, error)
	// Since reads the events after since, at most limit, oldest first, and the room at
	// the same instant. Code cannot_recover where since is of another epoch, beyond the
	// log's head, below its floor, or more than limit events back.
	Since(ctx context.Context, room RoomID, since Position, limit int, q SnapshotQuery) ([]Event, Snapshot, error)
	// Page reads visible messages, oldest first.
	Page(ctx context.Context, room RoomID, q PageQuery) (Page, error)
	Looks
}

// SnapshotQuery says what a Snapshot holds besides the room.
type SnapshotQuery struct {
	Messages int    // how many of the last visible messages; 0: none
	Viewer   UserID // whose reactions, read marker, held messages, and what they alone see; empty: nobody's
	// All has Since return what others than the viewer alone see, too, with Event.Only set: for a node that serves them all.
	All bool
}

// Snapshot is a room at one instant.
type Snapshot struct {
	Room     Room
	Messages []Message // oldest first
	Pins     []Message // newest pin first
	// Reacted are the viewer's own emoji on Messages, and on the messages of events that Since returns.
	Reacted map[MessageID][]string
	Read    Seq    // the viewer's read marker; 0: none
	Held    []Held // the viewer's messages that wait, oldest first; the last MaxHeldShown
}

// MaxHeldShown is how many of their held messages an author is told of on joining.
const MaxHeldShown = 50

// PageQuery asks for a page of history. Exactly one of Before and Around is set.
type PageQuery struct {
	Before Seq       // messages with a smaller seq; the newest of them
	Around MessageID // this message and its neighbours, half of Limit on each side; message_not_found
	Limit  int
	Viewer UserID
}

// Page is a page of history, oldest first.
type Page struct {
	Messages   []Message
	Reacted    map[MessageID][]string
	MoreBefore bool // older messages exist
	MoreAfter  bool // newer messages exist
}

// Directory is the present state that is not in a log: rooms as a list, users, read
// markers, sanctions.
type Directory interface {
	Rooms
	Messages
	Users
	People
	Sanctions
}

// Rooms lists what is stored.
type Rooms interface {
	// Rooms lists stored rooms by name, those after the given one, at most limit.
	Rooms(ctx context.Context, q RoomQuery) ([]Room, error)
	// CountRooms counts the stored rooms.
	CountRooms(ctx context.Context) (int, error)
	// Lockdowns lists those that are in force at now, for the rooms' and everybody's.
	Lockdowns(ctx context.Context, now time.Time) ([]Lockdown, error)
}

// RoomQuery asks for a page of rooms, by name. Zero fields don't filter.
type RoomQuery struct {
	After    RoomID
	Limit    int
	Text     string // in the name or the title, case folded
	Archived *bool
	Within   []string // globs; nil: all
	Only     []RoomID // of these alone; nil: of all
}

// Messages reads messages as staff may see them.
type Messages interface {
	// Message reads a message whether visible or not; message_not_found.
	Message(ctx context.Context, room RoomID, id MessageID) (StoredMessage, error)
	// EarlierTexts lists what a message said before its edits, oldest first, at most 100.
	EarlierTexts(ctx context.Context, id MessageID) ([]EarlierText, error)
	// FindMessages lists messages, the latest first, with Hides.
	FindMessages(ctx context.Context, q MessageQuery) ([]StoredMessage, error)
	// MessagesAround lists messages of a room before and after one, hidden and shadowed ones too, oldest first; message_not_found.
	MessagesAround(ctx context.Context, room RoomID, id MessageID, limit int) ([]StoredMessage, error)
	// AuthorsSince lists who posted in room (empty: any) since then, with up to perAuthor of each one's texts; at most limit authors.
	AuthorsSince(ctx context.Context, room RoomID, since time.Time, perAuthor, limit int) (map[UserID][]string, error)
	// Held lists held messages.
	ListHeld(ctx context.Context, q HeldQuery) ([]Held, error)
	// CountHeld counts the messages that wait.
	CountHeld(ctx context.Context) (int, error)
	// CountHeldOf counts those of an author, in all rooms.
	CountHeldOf(ctx context.Context, author UserID) (int, error)
	// HeldByID finds a held message; held_not_found.
	HeldByID(ctx context.Context, id HeldID) (Held, error)
	// HeldByNonce finds what author had held in room with nonce within 24 hours.
	HeldByNonce(ctx context.Context, room RoomID, author UserID, nonce string) (Held, bool, error)
}

// Users keeps what is remembered of signed-in users, and read markers.
type Users interface {
	// SeeUser notes a signed-in user's present name, and returns what is remembered of them.
	SeeUser(ctx context.Context, id UserID, name, skeleton string, at time.Time) (Seen, error)
	// UsersBySkeleton finds the signed-in users whose present names have these skeletons, of several the one seen last. Those
	// that nobody has are left out.
	UsersBySkeleton(ctx context.Context, skeletons []string) (map[string]UserID, error)
	// MarkRead moves a user's read marker forward; a smaller seq changes nothing.
	MarkRead(ctx context.Context, room RoomID, user UserID, seq Seq, at time.Time) error
}

// People keeps who has come, from where, and what staff say of them. User finds guests too.
type People interface {
	// Sight notes sightings: new ones are added, known ones (user, alias, agent) get their Last.
	Sight(ctx context.Context, all []Sighting) error
	// FirstSeen tells when these were first seen; nobody has seen those who are left out. It costs less than User.
	FirstSeen(ctx context.Context, ids []UserID) (map[UserID]time.Time, error)
	// User finds somebody who was seen; user_not_found.
	User(ctx context.Context, id UserID) (Seen, error)
	// ListUsers lists who was seen, by id.
	ListUsers(ctx context.Context, q UserQuery) ([]Seen, error)
	// Sightings lists how somebody has come, the latest first, at most limit.
	Sightings(ctx context.Context, id UserID, limit int) ([]Sighting, error)
	// SightedFrom lists who has come from an address (by alias) since then, the latest first, at most limit.
	SightedFrom(ctx context.Context, alias string, since time.Time, limit int) ([]Sighting, error)
	// SightedWithin is SightedFrom for the addresses of a prefix that are still kept in clear.
	SightedWithin(ctx context.Context, p netip.Prefix, since time.Time, limit int) ([]Sighting, error)
	// Notes lists the notes about a user, the latest first: those before the given one.
	Notes(ctx context.Context, user UserID, before NoteID, limit int) ([]Note, error)
	// TokensFrom lists before when the tokens of users are worthless.
	TokensFrom(ctx context.Context) (map[UserID]time.Time, error)
}

// Sanctions reads what is held against users; the Ledger makes and ends it.
type Sanctions interface {
	// Standing calls f for every sanction that is neither lifted nor expired at now.
	Standing(ctx context.Context, now time.Time, f func(Sanction) error) error
	// Sanction finds one, standing or not; sanction_not_found.
	Sanction(ctx context.Context, id SanctionID) (Sanction, error)
	// ListSanctions lists sanctions, the latest first.
	ListSanctions(ctx context.Context, q SanctionQuery) ([]Sanction, error)
}

package chat

import (
	"context"
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
}

// SnapshotQuery says what a Snapshot holds besides the room.
type SnapshotQuery struct {
	Messages int    // how many of the last visible messages; 0: none
	Viewer   UserID // whose reactions and read marker; empty: nobody's
}

// Snapshot is a room at one instant.
type Snapshot struct {
	Room     Room
	Messages []Message // oldest first
	Pins     []Message // newest pin first
	// Reacted are the viewer's own emoji on Messages, and on the messages of events that Since returns.
	Reacted map[MessageID][]string
	Read    Seq // the viewer's read marker; 0: none
}

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
	Users
	Sanctions
}

// Rooms lists what is stored.
type Rooms interface {
	// Rooms lists stored rooms by name, those after the given one, at most limit.
	Rooms(ctx context.Context, after RoomID, limit int) ([]Room, error)
	// CountRooms counts the stored rooms.
	CountRooms(ctx context.Context) (int, error)
	// Message reads a message whether visible or not; message_not_found.
	Message(ctx context.Context, room RoomID, id MessageID) (StoredMessage, error)
}

// StoredMessage is a message with what only its author and staff may know.
type StoredMessage struct {
	Message
	Hidden bool
}

// Users keeps what is remembered of signed-in users, and read markers.
type Users interface {
	// SeeUser notes a signed-in user's present name.
	SeeUser(ctx context.Context, id UserID, name, skeleton string, at time.Time) error
	// UserBySkeleton finds the signed-in user whose present name has this skeleton.
	UserBySkeleton(ctx context.Context, skeleton string) (UserID, bool, error)
	// MarkRead moves a user's read marker forward; a smaller seq changes nothing.
	MarkRead(ctx context.Context, room RoomID, user UserID, seq Seq, at time.Time) error
}

// Sanctions keeps what is held against users.
type Sanctions interface {
	// AddSanction stores s; its ID is the caller's.
	AddSanction(ctx context.Context, s Sanction) error
	// LiftSanction ends a standing sanction; sanction_not_found.
	LiftSanction(ctx context.Context, id SanctionID, by UserID, at time.Time) (Sanction, error)
	// Standing lists every sanction that is neither lifted nor expired at now.
	Standing(ctx context.Context, now time.Time) ([]Sanction, error)
}

package chat

import "time"

// HeldID is a held message's id, which it keeps when it is released: a UUID version 7.
type HeldID = MessageID

// HeldState says what became of a held message.
type HeldState string

// The states of a held message.
const (
	HeldPending  HeldState = "pending"
	HeldReleased HeldState = "released"
	HeldRefused  HeldState = "refused"
)

// HeldFor is how long a message waits for a moderator before it is refused with code expired.
const HeldFor = 7 * 24 * time.Hour

// Held is a message that waits for a moderator, outside of the log: its author and staff see it.
type Held struct {
	Message  Message // Seq 0 until it is released
	Why      string  // "sanction" or a rule's name
	Sanction SanctionID
	State    HeldState
	Code     string    // of a refusal: refused, expired, purged
	By       UserID    // who decided
	At       time.Time // when it was decided; zero: it waits
	Act      ActID
}

// HeldQuery asks for a page of held messages, the oldest first: those with a larger id.
type HeldQuery struct {
	After  HeldID
	Limit  int
	Room   RoomID
	Author UserID
	State  HeldState // empty: any
	Within []string  // globs of rooms; nil: all
}

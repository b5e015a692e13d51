package chat

import "time"

// MessageQuery asks for a page of messages as staff see them, the latest first. Zero fields don't filter.
type MessageQuery struct {
	Before       MessageID // messages are ordered by their time, then by id
	BeforeAt     time.Time // of Before; zero: it is looked up, or taken from the id where the message is gone
	Limit        int
	Tokens       []string // all of them, as Tokens made them of the query; the last one by prefix when Prefix
	Prefix       bool
	Room         RoomID
	Within       []string // globs of rooms; nil: all
	User         UserID
	Since, Until time.Time
	Flag         MessageFlag
	// Visible leaves out what is deleted and what is shadowed.
	Visible bool
}

// MessageFlag is what staff look for.
type MessageFlag string

// The flags of messages.
const (
	FlagDeleted MessageFlag = "deleted"
	FlagEdited  MessageFlag = "edited"
	FlagShadow  MessageFlag = "shadow"
)

// StoredMessage is a message with what only its author and staff may know.
type StoredMessage struct {
	Message
	Hidden bool
	Shadow bool     // its author alone sees it
	Hides  []Hidden // the acts that hide it now; only where it was asked for
}

// Hidden is why a message is hidden.
type Hidden struct {
	Act ActID
	By  UserID
	At  time.Time
	Own bool // its author's own deletion
}

// EarlierText is what a message said before an edit.
type EarlierText struct {
	Text  string
	Until time.Time
}

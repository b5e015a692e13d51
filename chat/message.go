package chat

import "time"

// Message is the present state of a message.
type Message struct {
	ID     MessageID
	Room   RoomID
	Seq    Seq // of the event that posted it: its place in the room
	Author Author
	// Text is what the author typed, NFC, without control and bidi-override characters.
	Text string
	// HTML is safe to assign to innerHTML; empty where it would only be the escaped Text.
	HTML string
	// Plain holds no tag for any HTML parser; it is what the plain protocol sends.
	Plain     string
	ReplyTo   *Reply
	Mentions  []UserID
	Reactions []Reaction
	At        time.Time // UTC, milliseconds
	EditedAt  time.Time // zero: never edited
}

// Reply quotes the message that is answered, as it stands now.
type Reply struct {
	ID     MessageID
	Author Author
	// Excerpt is the start of its text, at most ExcerptRunes; empty when the message is gone.
	Excerpt string
}

// ExcerptRunes bounds Reply.Excerpt, in characters.
const ExcerptRunes = 120

// Reaction is the total of one emoji on one message.
type Reaction struct {
	Emoji string
	Count int
}

// Draft is what an author sends.
type Draft struct {
	Text string
	// Nonce makes a retry safe: 1 to 64 printable ASCII characters, unique to (room, author) for 24 hours. Empty: none.
	Nonce   string
	ReplyTo MessageID // empty: none
}

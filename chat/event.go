package chat

import "time"

// EventKind says what an event changed.
type EventKind string

// The kinds of event. The names are those of the v1 protocol.
const (
	EventMessage  EventKind = "message"
	EventEdited   EventKind = "edited"
	EventDeleted  EventKind = "deleted"
	EventRestored EventKind = "restored"
	EventReaction EventKind = "reaction"
	EventRoom     EventKind = "room"
	EventCleared  EventKind = "cleared" // all messages up to it are gone
)

// Event is one entry of a room's log, rendered from the present state of what it
// names. It is shared by all readers: treat it as immutable.
type Event struct {
	Room  RoomID
	Epoch Epoch
	Seq   Seq
	// Prev is the seq of the room's event before this one; 0: none. Set on live events only.
	// An event without Kind, whose Prev is its own Seq, shows nothing: it tells that the log has got so far.
	Prev Seq
	Pos  Pos
	At   time.Time
	By   UserID
	Kind EventKind
	// Only is whom it is for, of a shadowed author: nobody else may notice it. Empty: for all.
	Only UserID

	Message   *Message      // EventMessage, EventEdited: the present state
	Deleted   []MessageID   // EventDeleted
	Restored  []Message     // EventRestored, in order of their Seq
	Reactions *Reactions    // EventReaction
	Settings  SettingsPatch // EventRoom: only what changed
	Pins      []Message     // EventRoom: all pins, newest first, when PinsSet
	PinsSet   bool
	Archived  *bool // EventRoom: the room was archived, or taken back

	// Own is what the event shows to some users instead: on it are reactions or edits that they alone see. See For.
	Own map[UserID]*Event
}

// For returns the event as it is shown to u.
func (e Event) For(u UserID) Event {
	if own := e.Own[u]; own != nil {
		return *own
	}
	return e
}

// Reactions are the absolute totals on one message.
type Reactions struct {
	Message MessageID
	Totals  []Reaction // in the order in which the emoji first appeared
}

// Change asks the log for one event.
type Change struct {
	Room RoomID
	By   UserID
	At   time.Time // UTC, milliseconds
	Op   Op
	// Still, where it is set, is asked when the change's turn has come, after the completions of every Change and Deed before
	// it: it returns what is to be done as things stand by then, or why nothing is (the Change's error). It is called from
	// the committer, perhaps more than once: it must not block, and must not call the log.
	Still func() (Op, error)
	// Epoch is the room's as the author was admitted to it: what was admitted to a room that was removed since is refused
	// with room_unknown, and makes no new one. Empty: whatever room there is.
	Epoch Epoch
}

// Op is what a Change does: Post, Hold, Edit, Hide or React. What moderators do comes as a Deed.
type Op interface{ op() }

// Post adds a message. Message.Seq is set by the log. ReplyTo needs only its ID;
// a reply to a message that is not visible is refused with reply_not_found.
type Post struct {
	Message Message
	Nonce   string // empty: none
	Shadow  bool   // its author alone sees it: the event has Only
}

// Hold keeps a message for a moderator instead of posting it. It makes no event. Its nonce is one with those of Post:
// a repetition of either finds what was stored first.
type Hold struct {
	Message  Message
	Nonce    string // empty: none
	Why      string
	Sanction SanctionID // empty: none
}

// Edit replaces the text of a visible message by Author posted at or after NotBefore.
// Refusals: message_not_found, not_your_message, edit_too_late.
type Edit struct {
	ID                MessageID
	Author            UserID
	NotBefore         time.Time // zero: no limit
	Text, HTML, Plain string
	Mentions          []UserID
	Shadow            bool // its author alone sees it
}

// Hide is an author's deletion of their own messages. It hides messages for as long as Act stands. With Author set it refuses others'
// messages (not_your_message). Unknown ids are message_not_found; ids that another act
// hides already get this act too and are not in the event; where nothing visible
// changes there is no event.
type Hide struct {
	IDs    []MessageID
	Act    ActID
	Author UserID
}

// React sets or withdraws the actor's emoji on a visible message. Beyond MaxKinds
// different emoji on the message it is refused with too_many_reactions. Changes that
// stand in one commit make one event. Setting what is set makes no event.
type React struct {
	ID       MessageID
	Emoji    string
	On       bool
	MaxKinds int
	Shadow   bool // its author alone sees it
}

func (Post) op()  {}
func (Hold) op()  {}
func (Edit) op()  {}
func (Hide) op()  {}
func (React) op() {}

// Committed is the outcome of a Change that is durable.
type Committed struct {
	Event Event // of a Change that made none (see its Op): Seq is 0
	// Duplicate says that Post found its nonce: Event.Message is the one stored before.
	Duplicate bool
	// Held is the message that waits, of a Hold (and of a repeated one, whatever became of it). Event is empty then, but where
	// it was released: then it is its message.
	Held *Held
}

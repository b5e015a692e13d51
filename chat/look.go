package chat

import "context"

// Looks reads rooms for those who join them: what they are all told alike once for all of them, and apart from it what is
// each one's own.
type Looks interface {
	// Look reads a room at one instant as everybody sees it. A room that was never stored is as Snapshot has it.
	Look(ctx context.Context, room RoomID, q LookQuery) (Look, error)
	// Own reads what viewers have of their own in room, with their emoji on these messages. Who has nothing is left out.
	Own(ctx context.Context, room RoomID, viewers []UserID, messages []MessageID) (map[UserID]Own, error)
}

// LookQuery says what a Look holds besides the room: either its last messages, as many as its settings say, or a replay.
type LookQuery struct {
	// Have is what the asker has seen: where it is the room's Mark still, nothing is read.
	Have Mark
	// Replay asks for the events after After, the newest Limit+1 of them.
	Replay bool
	After  Seq
	Limit  int
}

// Look is a room at one instant, as everybody sees it. It is shared by many: treat it as immutable.
type Look struct {
	Snapshot
	Mark Mark
	Same bool // it is as LookQuery.Have says, and nothing else is set
	// Events are what a replay shows, oldest first, and Stored the seqs of all events that were read for it, those included
	// that show nothing any more.
	Events []Event
	Stored []Seq
}

// Mark names a state of a room: as long as it is the same, everybody sees the same. What makes no event, and isn't a setting
// either, must give the room another epoch.
type Mark struct {
	Epoch   Epoch
	Seq     Seq
	Floor   Seq // what is at or below it is gone, by retention
	Version int64
}

// Own is what a viewer has of their own in a room.
type Own struct {
	// Private says that they have been told something there that others haven't: they see the room otherwise.
	Private bool
	Read    Seq
	Held    []Held // oldest first; the last MaxHeldShown
	Reacted map[MessageID][]string
}

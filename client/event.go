package client

import "time"

// Event is one of the types below that have Room and Seq (they come from the room's
// log), or one of those beside the log.
type Event interface{ event() }

// Logged is an event of a room's log.
type Logged interface {
	Event
	// Position returns the room and the event's number in it.
	Position() (room string, seq int64)
}

// besides is an event about a room that the caller is in, but not of its log.
type besides interface {
	Event
	in() string
}

// Posted is a new message.
type Posted struct {
	Room    string  `json:"room"`
	Seq     int64   `json:"seq"`
	Message Message `json:"message"`
}

// Edited is the present state of a message whose text changed.
type Edited struct {
	Room    string  `json:"room"`
	Seq     int64   `json:"seq"`
	Message Message `json:"message"`
}

// Deleted names messages to forget.
type Deleted struct {
	Room       string   `json:"room"`
	Seq        int64    `json:"seq"`
	MessageIDs []string `json:"message_ids"`
}

// Restored brings deleted messages back, each to the place of its own Seq.
type Restored struct {
	Room     string    `json:"room"`
	Seq      int64     `json:"seq"`
	Messages []Message `json:"messages"`
}

// Reacted are the absolute totals of the reactions on one message.
type Reacted struct {
	Room      string     `json:"room"`
	Seq       int64      `json:"seq"`
	MessageID string     `json:"message_id"`
	Reactions []Reaction `json:"reactions"`
}

// RoomChanged holds the settings that changed, and all pins where those did.
type RoomChanged struct {
	Room     string        `json:"room"`
	Seq      int64         `json:"seq"`
	Settings SettingsPatch `json:"settings"`
	Pins     *[]Message    `json:"pins"` // newest pin first; nil: as before
	// Archived says that the room was archived, where only staff enter it, or taken back; nil: as before.
	Archived *bool `json:"archived"`
}

// Cleared says that every message up to it is gone, and the pins.
type Cleared struct {
	Room string `json:"room"`
	Seq  int64  `json:"seq"`
}

// Joined is a room as it stands. With Recovered true everything that was missed
// follows; with false, forget what you knew of the room and show History.
type Joined struct {
	Room      string              `json:"room"`
	Epoch     string              `json:"epoch"`
	Seq       int64               `json:"seq"`
	Recovered bool                `json:"recovered"`
	Replay    int                 `json:"replay"` // how many events follow to reach Seq
	Settings  Settings            `json:"settings"`
	Rights    Rights              `json:"rights"`
	Members   []User              `json:"members"`
	Count     int                 `json:"count"` // of all members; Members may be fewer
	Pins      []Message           `json:"pins"`  // newest pin first
	History   []Message           `json:"history"`
	Reacted   map[string][]string `json:"reacted"` // your own emoji by message
	Read      int64               `json:"read"`    // your read marker; 0: none
	Held      []Message           `json:"held"`    // your messages that wait for a moderator, oldest first; their Seq is 0
	Lockdown  *Lockdown           `json:"lockdown"`
}

// Left says that the server removed you from a room, or won't let you in again.
type Left struct {
	Room    string `json:"room"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Held says that a message of yours waits for a moderator. Nobody else sees it; its Seq is 0.
type Held struct {
	Room    string  `json:"room"`
	Message Message `json:"message"`
	Code    string  `json:"code"`
}

// Released says that a message of yours waits no more. Released, it comes as Posted, too, before or after this.
type Released struct {
	Room      string `json:"room"`
	MessageID string `json:"message_id"`
	Outcome   string `json:"outcome"` // released, refused, expired or purged
}

// LockdownChanged says which lock-down holds in a room; of several it is the strictest.
type LockdownChanged struct {
	Room     string    `json:"room"`
	Lockdown *Lockdown `json:"lockdown"` // nil: none
}

// RightsChanged says what you may do in a room from now on.
type RightsChanged struct {
	Room   string `json:"room"`
	Rights Rights `json:"rights"`
}

// Presence says who came and went. In big rooms only Count is told.
type Presence struct {
	Room   string `json:"room"`
	Count  int    `json:"count"`
	Joined []User `json:"joined"`
	Left   []User `json:"left"`
}

// Typing says who else is writing; it fades after five seconds.
type Typing struct {
	Room  string `json:"room"`
	Users []User `json:"users"`
}

// Banned says that you were banned, in one room or (Room empty) in all.
type Banned struct {
	Room       string    `json:"room"`
	Reason     string    `json:"reason"`
	Until      time.Time `json:"until"` // zero: for good
	SanctionID string    `json:"sanction_id"`
}

// Muted says that you may not write, in one room or (Room empty) in all.
type Muted struct {
	Room       string    `json:"room"`
	Reason     string    `json:"reason"`
	Until      time.Time `json:"until"` // zero: for good
	SanctionID string    `json:"sanction_id"`
}

// Unmuted says that a mute ended early.
type Unmuted struct {
	Room string `json:"room"`
}

// Notice is something for people to read.
type Notice struct {
	Room string    `json:"room"` // empty: it is for everybody
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Expiring says that your token ends At. With Options.Token the client brings a new one.
type Expiring struct {
	At time.Time `json:"at"`
}

// Disconnected says that the connection ended and will be dialled again.
type Disconnected struct{ Err error }

// Reconnected says that there is a connection again; a Joined of every room follows.
type Reconnected struct{ User User }

// Dropped says that so many events beside the log found no space in the queue.
type Dropped struct{ Count int }

func (Posted) event()          {}
func (Edited) event()          {}
func (Deleted) event()         {}
func (Restored) event()        {}
func (Reacted) event()         {}
func (RoomChanged) event()     {}
func (Cleared) event()         {}
func (Held) event()            {}
func (Released) event()        {}
func (LockdownChanged) event() {}
func (RightsChanged) event()   {}
func (Joined) event()          {}
func (Left) event()            {}
func (Presence) event()        {}
func (Typing) event()          {}
func (Banned) event()          {}
func (Muted) event()           {}
func (Unmuted) event()         {}
func (Notice) event()          {}
func (Expiring) event()        {}
func (Disconnected) event()    {}
func (Reconnected) event()     {}
func (Dropped) event()         {}

// Position implements Logged.
func (e Posted) Position() (string, int64) { return e.Room, e.Seq }

// Position implements Logged.
func (e Edited) Position() (string, int64) { return e.Room, e.Seq }

// Position implements Logged.
func (e Deleted) Position() (string, int64) { return e.Room, e.Seq }

// Position implements Logged.
func (e Restored) Position() (string, int64) { return e.Room, e.Seq }

// Position implements Logged.
func (e Reacted) Position() (string, int64) { return e.Room, e.Seq }

// Position implements Logged.
func (e RoomChanged) Position() (string, int64) { return e.Room, e.Seq }

// Position implements Logged.
func (e Cleared) Position() (string, int64) { return e.Room, e.Seq }

func (e Presence) in() string        { return e.Room }
func (e Typing) in() string          { return e.Room }
func (e Held) in() string            { return e.Room }
func (e Released) in() string        { return e.Room }
func (e LockdownChanged) in() string { return e.Room }
func (e RightsChanged) in() string   { return e.Room }

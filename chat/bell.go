package chat

import (
	"context"
	"net/netip"
	"time"
)

// Bell tells the nodes what happened. It is not the truth: whatever it loses is found
// again in the log.
//
// Order: the listeners of a room hear its events in the order of the Announce calls,
// one call at a time. Who may block whom: a Listener must return at once; Announce and
// Signal never wait for readers.
type Bell interface {
	// Announce tells the listeners of each event's room. Called by the committer only, in commit order.
	Announce(ctx context.Context, events []Event)
	// Signal tells the listeners of s.Room, or all listeners where it is empty. Unordered
	// with respect to events; may be lost.
	Signal(ctx context.Context, s Signal)
	// Listen calls l for what concerns room, from now on, until stop is called. stop
	// returns when no call to l is under way (it must not be called from within l).
	Listen(ctx context.Context, room RoomID, l Listener) (stop func(), err error)
	// ListenAll calls l for the signals of every room and those that concern all.
	ListenAll(ctx context.Context, l Listener) (stop func(), err error)
}

// Listener hears a room.
type Listener interface {
	// Events are what one call of Announce tells of the room, in order, all at once: who passes them on needs to do so only once.
	// They are shared by all listeners, who may keep them, and mustn't change them.
	Events(events []Event)
	Signal(s Signal)
}

// Signal is something worth telling that is not in a log.
type Signal struct {
	Room RoomID // empty: all rooms
	// Exactly one is set.
	Typing   *Typing
	Presence *PresenceChange
	Control  *ControlChange
	Held     *Held // a message was held, or what became of it: for its author and staff
	Notice   *Notice
	End      *SessionsEnd
}

// Typing says that a member is writing. It fades after TypingFor.
type Typing struct{ Member Member }

// TypingFor is how long a sign of typing lasts.
const TypingFor = 5 * time.Second

// PresenceChange says that a user came, left, or came to be called otherwise. Signals may
// overtake one another: of two about one user, the one with the larger Version holds.
type PresenceChange struct {
	Member Member
	// Quiet says that nothing changed for others: they alone are told, by Member.Self.
	Quiet   bool
	Left    bool
	Count   int // members after it
	Version int64
}

// ControlChange says what an act changed besides the rooms' logs: what holds from now on. It concerns all rooms'
// listeners (Signal.Room is empty).
type ControlChange struct {
	Act       Act
	Sanctions []Sanction // made, changed or unlifted, as they are now
	Lifted    []Sanction
	// Freed are users off whom one of Sanctions, which stands, was taken.
	Freed     []UserID
	Lockdowns []Lockdown
	Unlocked  []Lockdown
	// TokensFrom is before when issued tokens of a user are worthless from now on.
	TokensFrom map[UserID]time.Time
	// Removed are rooms that are no more, or whose epoch is another: their readers start afresh or leave.
	Removed []RoomID
	// Changed are rooms whose settings are others now, or that were archived or taken back.
	Changed []Room
	// Accounts says that staff, sessions or keys changed: what was remembered of them is asked again.
	Accounts bool
}

// Notice is said by staff, beside the log, to a room, to all (Signal.Room empty) or to one user.
type Notice struct {
	ID   ActID
	User UserID // empty: everybody there
	Text string // at most MaxNotice characters, one line
	At   time.Time
}

// MaxNotice bounds a notice, in characters.
const MaxNotice = 500

// SessionsEnd ends connections: those with these ids, and all of these users.
type SessionsEnd struct {
	Sessions []SessionID
	Users    []UserID
	Why      *Error
}

// Member is a user with an open session that has joined a room.
type Member struct {
	ID   UserID
	Name string
	Role Role
	// Own is how they are called themselves where others know them by another name. It is told to nobody else; empty: by Name.
	Own string
}

// Self is the name by which a member is told of themselves.
func (m Member) Self() string {
	if m.Own != "" {
		return m.Own
	}
	return m.Name
}

// Public is what others know of a member.
func (m Member) Public() Member {
	m.Own = ""
	return m
}

// Presence counts who is in a room, by session: a user with two sessions is one member.
type Presence interface {
	// Enter adds a session. With limit > 0 and limit members present, a user who is not among
	// them is refused with room_full.
	Enter(ctx context.Context, room RoomID, s SessionID, m Member, limit int) (Attendance, error)
	// Leave removes a session. Leaving twice is harmless.
	Leave(ctx context.Context, room RoomID, s SessionID) (Attendance, error)
	// Members lists up to limit members, by name, and counts all.
	Members(ctx context.Context, room RoomID, limit int) ([]Member, int, error)
	// Occupied lists the rooms with members, and how many each has.
	Occupied(ctx context.Context) (map[RoomID]int, error)
}

// Attendance is what entering or leaving a room comes to.
type Attendance struct {
	Member Member // as known after it; for Leave of a session that wasn't there, empty
	// New says that the session was not in the room before this Enter.
	New bool
	// Changed says that others see a difference: the user is new, is called otherwise, or is gone.
	Changed bool
	// OwnChanged says that they themselves see a difference, and nobody else: Member.Self is another.
	OwnChanged bool
	Count      int   // members after it
	Version    int64 // rises with each Enter and Leave of a room
}

// Rate is an allowance: Limit in each Period. A zero Limit means unlimited.
type Rate struct {
	Limit  int64
	Period time.Duration
}

// Limiter counts against allowances.
type Limiter interface {
	// Take spends one of key's allowance. Where none is left it returns how long until there is, and spends nothing.
	Take(ctx context.Context, key string, r Rate) (wait time.Duration, err error)
}

// Sessions are the live connections, filled by ws and read by api. Other nodes are
// asked through the broker.
type Sessions interface {
	// List returns the open sessions, in no order.
	List() []LiveSession
	// End closes the sessions that match tells, with a refusal that they hear; it returns
	// without waiting for readers, with how many it closed.
	End(match func(LiveSession) bool, why *Error) int
}

// LiveSession describes one open connection.
type LiveSession struct {
	ID       SessionID
	Actor    Actor
	Rooms    []RoomID
	Since    time.Time
	Joined   map[RoomID]time.Time // when it joined each of Rooms
	Protocol string               // "plain" or "v1"
	Addr     netip.Addr
	FramesIn int64 // since it was opened
	BytesOut int64 // handed to the kernel since it was opened
	Queued   int   // bytes that wait for it
}

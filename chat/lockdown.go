package chat

import "time"

// LockdownID is a UUID version 7.
type LockdownID string

// Level is how far a lock-down goes.
type Level string

// The levels of a lock-down. Moderators and staff are exempt from all.
const (
	LockSlow     Level = "slow"      // one message in Interval
	LockKnown    Level = "known"     // only who was first seen Interval before writes
	LockSignedIn Level = "signed_in" // guests read
	LockReadOnly Level = "read_only" // nobody writes
	LockNoJoins  Level = "no_joins"  // nobody comes in; who is there stays
)

// Levels lists all levels.
func Levels() []Level { return []Level{LockSlow, LockKnown, LockSignedIn, LockReadOnly, LockNoJoins} }

// Lockdown lies over the settings of a room, or of all rooms, until its time is over.
type Lockdown struct {
	ID       LockdownID
	Act      ActID
	Room     RoomID // empty: all rooms
	Level    Level
	Interval time.Duration // of slow and known
	By       UserID
	Reason   string // public
	At       time.Time
	Until    time.Time // at most MaxLockdown after At
}

// MaxLockdown is the longest lock-down.
const MaxLockdown = 7 * 24 * time.Hour

// InForce reports whether the lock-down holds in room at now.
func (l Lockdown) InForce(room RoomID, now time.Time) bool {
	return (l.Room == "" || l.Room == room) && now.Before(l.Until)
}

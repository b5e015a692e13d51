package chat

import "time"

// SanctionID is a UUID version 7.
type SanctionID string

// Effect is what a sanction does.
type Effect string

// The effects of a sanction.
const (
	Ban  Effect = "ban"  // may not join; open sessions end
	Mute Effect = "mute" // may read, not write
)

// Sanction is held against a user, in one room or in all.
type Sanction struct {
	ID      SanctionID
	User    UserID
	Name    string // the user's name when it was made, for lists
	Room    RoomID // empty: all rooms
	Effect  Effect
	Reason  string // public: its target reads it; at most MaxReason characters
	By      UserID
	At      time.Time
	Expires time.Time // zero: never
}

// MaxReason bounds a public reason, in characters.
const MaxReason = 300

// InForce reports whether the sanction holds in room at now.
func (s Sanction) InForce(room RoomID, now time.Time) bool {
	return (s.Room == "" || s.Room == room) && (s.Expires.IsZero() || now.Before(s.Expires))
}

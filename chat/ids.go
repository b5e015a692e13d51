package chat

import (
	"strings"
)

// RoomID names a room, for ever: [a-z0-9][a-z0-9._-]{0,63}.
type RoomID string

// MaxRoomID is the longest room name, in bytes (all of them ASCII).
const MaxRoomID = 64

// ParseRoomID checks a room's name. Code room_name_invalid.
func ParseRoomID(s string) (RoomID, error) {
	if !validRoomID(s) {
		return "", Refuse(Invalid, "room_name_invalid",
			"A room's name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and starts with a letter or a digit.")
	}
	return RoomID(s), nil
}

func validRoomID(s string) bool {
	if s == "" || len(s) > MaxRoomID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return true
}

// UserID says who acts: "u:" and the sub of a signed-in user, "g:" and the UUID
// of a guest, "s:" and a staff account, "k:" and an API key.
type UserID string

// The prefixes of a UserID.
const (
	PrefixUser  = "u:"
	PrefixGuest = "g:"
	PrefixStaff = "s:"
	PrefixKey   = "k:"
)

// Guest reports whether id is that of a visitor who hasn't signed in.
func (id UserID) Guest() bool { return strings.HasPrefix(string(id), PrefixGuest) }

// MessageID is a UUID version 7 in its canonical form.
type MessageID string

// ActID names one act of moderation, or an author's own deletion; a UUID version 7.
type ActID string

// SessionID names one connection; a UUID version 7.
type SessionID string

// Seq numbers the events of one room, from 1. It rises and may have holes.
type Seq int64

// Pos numbers all events of all rooms. It rises and may have holes.
type Pos int64

// Epoch names the life of a room's log: a Seq means something within one epoch only.
type Epoch string

// Position is a place in a room's log: everything up to and including Seq is known.
type Position struct {
	Epoch Epoch
	Seq   Seq
}

package client

import "time"

// User is a person as others see them. ID is "u:" and the sub of a token, or "g:" and a guest's UUID.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"` // guest, user, vip, moderator or staff
}

// Message is the present state of a message.
type Message struct {
	ID        string     `json:"id"`
	Seq       int64      `json:"seq"` // its place in the room
	From      User       `json:"from"`
	Text      string     `json:"text"` // as typed
	HTML      string     `json:"html"` // safe to assign to innerHTML; empty: the escaped Text
	At        time.Time  `json:"at"`
	EditedAt  time.Time  `json:"edited_at"` // zero: never
	ReplyTo   *Reply     `json:"reply_to"`
	Mentions  []string   `json:"mentions"`
	Reactions []Reaction `json:"reactions"`
}

// Reply quotes the message that is answered.
type Reply struct {
	ID      string `json:"id"`
	From    User   `json:"from"`
	Excerpt string `json:"excerpt"` // the start of its text; empty: the message is gone
}

// Reaction is the total of one emoji on one message.
type Reaction struct {
	Emoji string `json:"emoji"`
	Count int    `json:"count"`
}

// Rights are what you may do in a room.
type Rights struct {
	Post     bool     `json:"post"`
	Moderate bool     `json:"moderate"`
	Refused  *Refused `json:"refused"` // why Post is false
	// SlowSeconds is the least time between two messages of yours; 0: none.
	SlowSeconds int64 `json:"slow_seconds"`
	Held        bool  `json:"held"` // what you write waits for a moderator
}

// Lockdown shields a room for a while. Moderators are exempt.
type Lockdown struct {
	Level string `json:"level"` // slow, known, signed_in, read_only or no_joins
	// Seconds is, of slow, the least time between two messages; of known, how long ago one has to have been seen first.
	Seconds int64     `json:"seconds"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason"`
}

// Refused says why you may not post.
type Refused struct {
	Code    string    `json:"code"`
	Message string    `json:"message"`
	Until   time.Time `json:"until"` // zero: it doesn't end by itself
}

// Settings are a room's.
type Settings struct {
	Title         string   `json:"title"`
	Topic         string   `json:"topic"`
	MinLength     int      `json:"min_length"` // of a message, in characters
	MaxLength     int      `json:"max_length"`
	History       int      `json:"history"`        // messages sent on joining
	RetainCount   int      `json:"retain_count"`   // 0: unbounded
	RetainSeconds int64    `json:"retain_seconds"` // 0: unbounded
	SlowMode      int64    `json:"slow_mode_seconds"`
	ReadOnly      bool     `json:"read_only"`
	Closed        bool     `json:"closed"`
	Guests        string   `json:"guests"` // write, read or none
	MembersLimit  int      `json:"members_limit"`
	AllowedSites  []string `json:"allowed_sites"`
}

// SettingsPatch changes the settings whose fields are not nil.
type SettingsPatch struct {
	Title         *string   `json:"title,omitempty"`
	Topic         *string   `json:"topic,omitempty"`
	MinLength     *int      `json:"min_length,omitempty"`
	MaxLength     *int      `json:"max_length,omitempty"`
	History       *int      `json:"history,omitempty"`
	RetainCount   *int      `json:"retain_count,omitempty"`
	RetainSeconds *int64    `json:"retain_seconds,omitempty"`
	SlowMode      *int64    `json:"slow_mode_seconds,omitempty"`
	ReadOnly      *bool     `json:"read_only,omitempty"`
	Closed        *bool     `json:"closed,omitempty"`
	Guests        *string   `json:"guests,omitempty"`
	MembersLimit  *int      `json:"members_limit,omitempty"`
	AllowedSites  *[]string `json:"allowed_sites,omitempty"`
}

// Apply changes s as the patch says.
func (p SettingsPatch) Apply(s *Settings) {
	set(&s.Title, p.Title)
	set(&s.Topic, p.Topic)
	set(&s.MinLength, p.MinLength)
	set(&s.MaxLength, p.MaxLength)
	set(&s.History, p.History)
	set(&s.RetainCount, p.RetainCount)
	set(&s.RetainSeconds, p.RetainSeconds)
	set(&s.SlowMode, p.SlowMode)
	set(&s.ReadOnly, p.ReadOnly)
	set(&s.Closed, p.Closed)
	set(&s.Guests, p.Guests)
	set(&s.MembersLimit, p.MembersLimit)
	set(&s.AllowedSites, p.AllowedSites)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

package ws

import (
	"bytes"
	"time"

	"github.com/chatd/chatd/chat"
)

// The frames of v1, as docs/protocol.md has them.

type userV1 struct {
	ID   chat.UserID `json:"id"`
	Name string      `json:"name"`
	Role chat.Role   `json:"role"`
}

type messageV1 struct {
	ID        chat.MessageID `json:"id"`
	Seq       chat.Seq       `json:"seq"`
	From      userV1         `json:"from"`
	Text      string         `json:"text"`
	HTML      string         `json:"html,omitempty"`
	At        string         `json:"at"`
	EditedAt  string         `json:"edited_at,omitempty"`
	ReplyTo   *replyV1       `json:"reply_to,omitempty"`
	Mentions  []chat.UserID  `json:"mentions,omitempty"`
	Reactions []reactionV1   `json:"reactions,omitempty"`
}

type replyV1 struct {
	ID      chat.MessageID `json:"id"`
	From    userV1         `json:"from"`
	Excerpt string         `json:"excerpt"`
}

type reactionV1 struct {
	Emoji string `json:"emoji"`
	Count int    `json:"count"`
}

type positionV1 struct {
	Epoch chat.Epoch `json:"epoch"`
	Seq   chat.Seq   `json:"seq"`
}

// settingsV1 are all of a room's settings, or those that a patch changes.
type settingsV1 struct {
	Title        *string           `json:"title,omitempty"`
	Topic        *string           `json:"topic,omitempty"`
	MinLength    *int              `json:"min_length,omitempty"`
	MaxLength    *int              `json:"max_length,omitempty"`
	History      *int              `json:"history,omitempty"`
	RetainCount  *int              `json:"retain_count,omitempty"`
	RetainFor    *int64            `json:"retain_seconds,omitempty"`
	SlowMode     *int64            `json:"slow_mode_seconds,omitempty"`
	ReadOnly     *bool             `json:"read_only,omitempty"`
	Closed       *bool             `json:"closed,omitempty"`
	Guests       *chat.GuestAccess `json:"guests,omitempty"`
	MembersLimit *int              `json:"members_limit,omitempty"`
	AllowedSites *[]string         `json:"allowed_sites,omitempty"`
}

type rightsV1 struct {
	Post     bool       `json:"post"`
	Moderate bool       `json:"moderate"`
	Slow     int64      `json:"slow_seconds,omitempty"`
	Held     bool       `json:"held,omitempty"`
	Refused  *refusedV1 `json:"refused,omitempty"`
}

type refusedV1 struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Until   string `json:"until,omitempty"`
}

// From the log.

type logHead struct {
	Type chat.EventKind `json:"type"`
	Room chat.RoomID    `json:"room"`
	Seq  chat.Seq       `json:"seq"`
}

type messageFrame struct {
	logHead
	Message messageV1 `json:"message"`
}

type deletedFrame struct {
	logHead
	IDs []chat.MessageID `json:"message_ids"`
}

type restoredFrame struct {
	logHead
	Messages []messageV1 `json:"messages"`
}

type reactionFrame struct {
	logHead
	ID        chat.MessageID `json:"message_id"`
	Reactions []reactionV1   `json:"reactions"`
}

type roomFrame struct {
	logHead
	Settings settingsV1   `json:"settings"`
	Pins     *[]messageV1 `json:"pins,omitempty"`
	Archived *bool        `json:"archived,omitempty"`
}

// Beside the log.

type aside struct {
	Type string      `json:"type"`
	Room chat.RoomID `json:"room,omitempty"`
}

type welcomeFrame struct {
	aside
	User       userV1         `json:"user"`
	GuestToken string         `json:"guest_token,omitempty"`
	Expires    string         `json:"expires_at,omitempty"`
	Session    chat.SessionID `json:"session"`
	Now        string         `json:"server_time"`
	Heartbeat  int64          `json:"heartbeat_ms"`
	Limits     limitsV1       `json:"limits"`
}

type limitsV1 struct {
	FrameBytes    int `json:"frame_bytes"`
	PostsInFlight int `json:"posts_in_flight"`
	Rooms         int `json:"rooms"`
}

// joinedHead and roomPart are the fields of one joined frame, with those that joined puts between them.
type joinedHead struct {
	aside
	positionV1
	Recovered bool                        `json:"recovered"`
	Replay    int                         `json:"replay"`
	Rights    rightsV1                    `json:"rights"`
	Count     int                         `json:"count"`
	Reacted   map[chat.MessageID][]string `json:"reacted,omitempty"`
	Read      chat.Seq                    `json:"read"`
	Held      []messageV1                 `json:"held,omitempty"`
	Lockdown  *lockdownV1                 `json:"lockdown,omitempty"`
}

type roomPart struct {
	Settings settingsV1   `json:"settings"`
	Pins     []messageV1  `json:"pins"`
	History  *[]messageV1 `json:"history,omitempty"`
}

type errorFrame struct {
	Type       string      `json:"type"`
	ID         string      `json:"id,omitempty"`
	Room       chat.RoomID `json:"room,omitempty"`
	Code       string      `json:"code"`
	Message    string      `json:"message"`
	RetryAfter int64       `json:"retry_after_ms,omitempty"`
	Until      string      `json:"until,omitempty"`
}

type leftFrame struct {
	aside
	Code    string `json:"code"`
	Message string `json:"message"`
}

type heldFrame struct {
	aside
	Message messageV1 `json:"message"`
	Code    string    `json:"code"`
}

type releasedFrame struct {
	aside
	ID      chat.MessageID `json:"message_id"`
	Outcome string         `json:"outcome"`
}

type lockdownFrame struct {
	aside
	Lockdown *lockdownV1 `json:"lockdown"` // nil: none
}

type lockdownV1 struct {
	Level   chat.Level `json:"level"`
	Seconds int64      `json:"seconds,omitempty"`
	Until   string     `json:"until"`
	Reason  string     `json:"reason,omitempty"`
}

type rightsFrame struct {
	aside
	Rights rightsV1 `json:"rights"`
}

type noticeFrame struct {
	aside
	Text string `json:"text"`
	At   string `json:"at"`
}

type presenceFrame struct {
	aside
	Count  int      `json:"count"`
	Joined []userV1 `json:"joined,omitempty"`
	Left   []userV1 `json:"left,omitempty"`
}

type typingFrame struct {
	aside
	Users []userV1 `json:"users"`
}

type heartbeatFrame struct {
	aside
	At        string                     `json:"at"`
	Positions map[chat.RoomID]positionV1 `json:"positions"`
}

type expiringFrame struct {
	aside
	At string `json:"at"`
}

// sanctionFrame is banned, or muted.
type sanctionFrame struct {
	aside
	Reason string          `json:"reason"`
	Until  string          `json:"until,omitempty"`
	ID     chat.SanctionID `json:"sanction_id"`
}

// Answers.

type ackHead struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

func ack(id string) ackHead { return ackHead{Type: "ack", ID: id} }

type ackAuth struct {
	ackHead
	User       userV1 `json:"user"`
	GuestToken string `json:"guest_token,omitempty"`
	Expires    string `json:"expires_at,omitempty"`
}

type ackPost struct {
	ackHead
	Message   chat.MessageID `json:"message_id"`
	Seq       chat.Seq       `json:"seq"`
	At        string         `json:"at"`
	Duplicate bool           `json:"duplicate,omitempty"`
}

type ackHeld struct {
	ackHead
	Message   chat.MessageID `json:"message_id"`
	At        string         `json:"at"`
	Duplicate bool           `json:"duplicate,omitempty"`
	Held      bool           `json:"held"`
}

type ackSeq struct {
	ackHead
	Seq chat.Seq `json:"seq"`
}

type ackHistory struct {
	ackHead
	Messages   []messageV1                 `json:"messages"`
	Reacted    map[chat.MessageID][]string `json:"reacted,omitempty"`
	MoreBefore bool                        `json:"more_before"`
	MoreAfter  bool                        `json:"more_after"`
}

type ackMembers struct {
	ackHead
	Members []userV1 `json:"members"`
	Count   int      `json:"count"`
}

type ackSanction struct {
	ackHead
	ID chat.SanctionID `json:"sanction_id"`
}

// From the core's values.

func userOf(id chat.UserID, name string, role chat.Role) userV1 {
	return userV1{ID: id, Name: name, Role: role}
}

// appendUser writes a user as encoding/json does. Lists of them are long, and made for every joiner of a room that isn't big.
func appendUser(b []byte, u userV1) []byte {
	b = appendString(append(b, `{"id":`...), string(u.ID))
	b = appendString(append(b, `,"name":`...), u.Name)
	return append(appendString(append(b, `,"role":`...), string(u.Role)), '}')
}

// appendString writes a string as jsonFrames does.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			buf := encoders.Get().(*bytes.Buffer)
			defer encoders.Put(buf)
			return append(b, encode(buf, s)...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func memberOf(m chat.Member) userV1         { return userOf(m.ID, m.Name, m.Role) }
func authorOf(a chat.Author) userV1         { return userOf(a.ID, a.Name, a.Role) }
func reactionOf(r chat.Reaction) reactionV1 { return reactionV1(r) }

// all converts a list; it is never nil, so that it is [] in JSON.
func all[T, U any](in []T, f func(T) U) []U {
	out := make([]U, 0, len(in))
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

func messageOf(m chat.Message) messageV1 {
	out := messageV1{
		ID: m.ID, Seq: m.Seq, From: authorOf(m.Author), Text: m.Text, HTML: m.HTML,
		At: stamp(m.At), EditedAt: optStamp(m.EditedAt), Mentions: m.Mentions,
		Reactions: all(m.Reactions, reactionOf),
	}
	if m.ReplyTo != nil {
		out.ReplyTo = &replyV1{ID: m.ReplyTo.ID, From: authorOf(m.ReplyTo.Author), Excerpt: m.ReplyTo.Excerpt}
	}
	return out
}

// lockdownOf is nil for no lock-down.
func lockdownOf(l *chat.Lockdown) *lockdownV1 {
	if l == nil {
		return nil
	}
	return &lockdownV1{Level: l.Level, Seconds: wholeSeconds(l.Interval), Until: stamp(l.Until), Reason: l.Reason}
}

func settingsOf(p chat.SettingsPatch) settingsV1 {
	return settingsV1{
		Title: p.Title, Topic: p.Topic, MinLength: p.MinLength, MaxLength: p.MaxLength,
		History: p.History, RetainCount: p.RetainCount, RetainFor: seconds(p.RetainFor),
		SlowMode: seconds(p.SlowMode), ReadOnly: p.ReadOnly, Closed: p.Closed, Guests: p.Guests,
		MembersLimit: p.MembersLimit, AllowedSites: p.AllowedSites,
	}
}

// allSettings are a room's, as the patch that makes them.
func allSettings(s chat.Settings) settingsV1 {
	if s.AllowedSites == nil {
		s.AllowedSites = []string{}
	}
	return settingsOf(chat.SettingsPatch{
		Title: &s.Title, Topic: &s.Topic, MinLength: &s.MinLength, MaxLength: &s.MaxLength,
		History: &s.History, RetainCount: &s.RetainCount, RetainFor: &s.RetainFor,
		SlowMode: &s.SlowMode, ReadOnly: &s.ReadOnly, Closed: &s.Closed, Guests: &s.Guests,
		MembersLimit: &s.MembersLimit, AllowedSites: &s.AllowedSites,
	})
}

func seconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	n := int64(*d / time.Second)
	return &n
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

func rightsOf(r chat.Rights) rightsV1 {
	out := rightsV1{Post: r.Post, Moderate: r.Moderate, Slow: wholeSeconds(r.Slow), Held: r.Held}
	if r.Refused != nil {
		out.Refused = &refusedV1{Code: r.Refused.Code, Message: r.Refused.Message, Until: optStamp(r.Refused.Until)}
	}
	return out
}

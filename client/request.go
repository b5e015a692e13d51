package client

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// Identity is the outcome of Auth and Rename.
type Identity struct {
	User       User      `json:"user"`
	GuestToken string    `json:"guest_token"` // guests only; a secret
	ExpiresAt  time.Time `json:"expires_at"`  // zero: never
}

// Auth brings a new token on the open connection; one with another sub is refused.
// Later connections use Options.Token.
func (c *Client) Auth(ctx context.Context, token string) (Identity, error) {
	return c.auth(ctx, request{Type: "auth", Token: token})
}

// Rename gives a guest a new name.
func (c *Client) Rename(ctx context.Context, name string) (Identity, error) {
	return c.auth(ctx, request{Type: "auth", Name: name})
}

func (c *Client) auth(ctx context.Context, q request) (Identity, error) {
	id, err := ask[Identity](ctx, c, q, false)
	if err != nil {
		return Identity{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.welcome.User = id.User
	if q.Name != "" {
		c.name = q.Name
	}
	if id.GuestToken != "" {
		c.guest = id.GuestToken
	}
	return id, nil
}

// PostOptions are the choices of Post.
type PostOptions struct {
	// Nonce makes the post the same as every other of yours in this room with this
	// nonce within 24 hours: it is stored once. 1 to 64 printable ASCII characters; empty: a fresh one.
	Nonce   string
	ReplyTo string // the id of a message; empty: none
}

// Ack says that a post is stored.
type Ack struct {
	MessageID string    `json:"message_id"`
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Duplicate bool      `json:"duplicate"` // a post with this nonce had been stored before
	Held      bool      `json:"held"`      // it waits for a moderator: Seq is 0
}

// Post adds a message to a room that has been joined. It returns once the message is
// durable, or refused (*Error), or ctx has ended; meanwhile it repeats the post across
// reconnects, and for as long as the server can't store it or can't tell whether it did. After
// ErrOutcomeUnknown, call it again with the same nonce.
func (c *Client) Post(ctx context.Context, room, text string, o PostOptions) (Ack, error) {
	if o.Nonce == "" {
		o.Nonce = rand.Text()
	}
	return ask[Ack](ctx, c, request{Type: "post", Room: room, Text: &text, Nonce: o.Nonce, ReplyTo: o.ReplyTo}, true)
}

// Edit replaces the text of a message of your own and returns the event's seq.
func (c *Client) Edit(ctx context.Context, room, messageID, text string) (int64, error) {
	return c.change(ctx, request{Type: "edit", Room: room, MessageID: messageID, Text: &text})
}

// Delete deletes 1 to 100 messages, those of others as a moderator only, and returns
// the event's seq; 0: nothing visible changed.
func (c *Client) Delete(ctx context.Context, room string, messageIDs ...string) (int64, error) {
	return c.change(ctx, request{Type: "delete", Room: room, MessageIDs: messageIDs})
}

// Restore undoes moderators' deletions and returns the event's seq; 0: nothing visible changed.
func (c *Client) Restore(ctx context.Context, room string, messageIDs ...string) (int64, error) {
	return c.change(ctx, request{Type: "restore", Room: room, MessageIDs: messageIDs})
}

// Pin pins or unpins a message and returns the event's seq; 0: nothing changed.
func (c *Client) Pin(ctx context.Context, room, messageID string, on bool) (int64, error) {
	return c.change(ctx, request{Type: "pin", Room: room, MessageID: messageID, On: &on})
}

// Set changes settings of the room and returns the event's seq; 0: nothing changed.
func (c *Client) Set(ctx context.Context, room string, p SettingsPatch) (int64, error) {
	return c.change(ctx, request{Type: "set", Room: room, Settings: &p})
}

// change makes a request that sets a state, so that repeating it does no harm.
func (c *Client) change(ctx context.Context, q request) (int64, error) {
	a, err := ask[struct {
		Seq int64 `json:"seq"`
	}](ctx, c, q, true)
	return a.Seq, err
}

// React sets or withdraws your emoji on a message.
func (c *Client) React(ctx context.Context, room, messageID, emoji string, on bool) error {
	_, err := c.ask(ctx, request{Type: "react", Room: room, MessageID: messageID, Emoji: emoji, On: &on}, true)
	return err
}

// Typing tells the others that you are writing; it fades after five seconds.
func (c *Client) Typing(ctx context.Context, room string) error {
	_, err := c.ask(ctx, request{Type: "typing", Room: room}, false)
	return err
}

// MarkRead moves your read marker forward to seq.
func (c *Client) MarkRead(ctx context.Context, room string, seq int64) error {
	_, err := c.ask(ctx, request{Type: "read", Room: room, Seq: &seq}, true)
	return err
}

// HistoryQuery asks for a page of messages. Exactly one of Before and Around is set.
type HistoryQuery struct {
	Before int64  // those with a smaller seq, the newest of them
	Around string // this message and its neighbours
	Limit  int    // 1 to 200; 0: 50
}

// Page is a page of messages, oldest first.
type Page struct {
	Messages   []Message           `json:"messages"`
	Reacted    map[string][]string `json:"reacted"` // your own emoji by message
	MoreBefore bool                `json:"more_before"`
	MoreAfter  bool                `json:"more_after"`
}

// History reads a page of a room's messages.
func (c *Client) History(ctx context.Context, room string, q HistoryQuery) (Page, error) {
	r := request{Type: "history", Room: room, Around: q.Around, Limit: q.Limit}
	if q.Around == "" {
		r.Before = &q.Before
	}
	return ask[Page](ctx, c, r, true)
}

// MemberList is who is in a room.
type MemberList struct {
	Members []User `json:"members"`
	Count   int    `json:"count"` // of all; Members has at most the limit asked for
}

// Members lists who is in a room, at most limit (1 to 500; 0: 100).
func (c *Client) Members(ctx context.Context, room string, limit int) (MemberList, error) {
	return ask[MemberList](ctx, c, request{Type: "members", Room: room, Limit: limit}, true)
}

// Sanction is what a moderator holds against a user.
type Sanction struct {
	User   string
	Effect string        // "ban", "mute" or "slow"
	For    time.Duration // in whole seconds; 0: for good
	Every  time.Duration // of slow, and only of it: the least time between two messages, in whole seconds
	Reason string        // its target reads it
}

// Sanction bans, mutes or slows a user in a room and returns the sanction's id. It is not
// repeated: after ErrOutcomeUnknown look before making another.
func (c *Client) Sanction(ctx context.Context, room string, s Sanction) (string, error) {
	seconds := int64(s.For / time.Second)
	a, err := ask[struct {
		SanctionID string `json:"sanction_id"`
	}](ctx, c, request{
		Type: "sanction", Room: room, User: s.User, Effect: s.Effect, Seconds: &seconds, Reason: s.Reason,
		IntervalSeconds: int64(s.Every / time.Second),
	}, false)
	return a.SanctionID, err
}

// Lift ends a sanction.
func (c *Client) Lift(ctx context.Context, room, sanctionID string) error {
	_, err := c.ask(ctx, request{Type: "lift", Room: room, SanctionID: sanctionID}, false)
	return err
}

// Leave stops reading a room: when it returns, no further event of it enters the queue.
func (c *Client) Leave(ctx context.Context, room string) error {
	c.mu.Lock()
	r := c.rooms[room]
	delete(c.rooms, room)
	if r != nil {
		r.fail(errors.New("client: the room was left"))
	}
	c.mu.Unlock()
	if r == nil {
		return nil
	}
	_, err := c.ask(ctx, request{Type: "leave", Room: room}, false)
	return err
}

package chat

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chatd/chatd/chat/render"
	"github.com/chatd/chatd/policies"
)

// MaxNonce bounds Draft.Nonce, in bytes.
const MaxNonce = 64

// Submit adds a message to a room. done is called exactly once, with the message numbered
// and durable, or with a refusal; at once, or later from the committer, in the order of the
// Submit calls of one room: it must not block. Readers are told after done.
//
// A retry (same room, author and nonce within 24 hours) gets the message that was stored,
// with Duplicate, whatever has changed since.
func (s *Service) Submit(ctx context.Context, by Actor, room RoomID, d Draft, done func(Committed, error)) {
	m, err := s.admit(ctx, by, room, d)
	if err != nil {
		s.refuseOrRepeat(ctx, by, room, d.Nonce, err, done)
		return
	}
	cost := payment{room: room, author: by.ID, nonce: d.Nonce}
	s.payments.begin(cost)
	s.Log.Append(ctx, Change{Room: room, By: by.ID, At: m.At, Op: Post{Message: m, Nonce: d.Nonce}},
		func(c Committed, err error) {
			s.payments.end(cost, err, s.now())
			if err == nil {
				s.rooms.stored(room)
			}
			done(c, err)
		})
}

// Post is Submit, waited for. Cancelling ctx stops the waiting, not the message.
func (s *Service) Post(ctx context.Context, by Actor, room RoomID, d Draft) (Committed, error) {
	return await(ctx, func(done func(Committed, error)) { s.Submit(ctx, by, room, d, done) })
}

func await(ctx context.Context, start func(done func(Committed, error))) (Committed, error) {
	type outcome struct {
		c   Committed
		err error
	}
	ch := make(chan outcome, 1)
	start(func(c Committed, err error) { ch <- outcome{c, err} })
	select {
	case o := <-ch:
		return o.c, o.err
	case <-ctx.Done():
		return Committed{}, ErrOutcomeUnknown
	}
}

// refuseOrRepeat looks the nonce up before a refusal is told: a retry of what was stored
// must hear of its success, not of slow mode. Who floods is told to wait instead.
func (s *Service) refuseOrRepeat(ctx context.Context, by Actor, room RoomID, nonce string, refusal error, done func(Committed, error)) {
	if nonce == "" || CodeOf(refusal) == "nonce_invalid" {
		done(Committed{}, refusal)
		return
	}
	// An allowance of its own: reading history must not cost a retry its answer.
	if err := s.takeShared(ctx, "nonce", by, s.Limits.ReadsPerUser, "repeat posts"); err != nil {
		done(Committed{}, err)
		return
	}
	m, found, err := s.Log.ByNonce(ctx, room, by.ID, nonce)
	switch {
	case err != nil:
		done(Committed{}, fmt.Errorf("look up nonce: %w", err))
	case !found:
		done(Committed{}, refusal)
	default:
		done(Committed{Event: Event{Room: room, Seq: m.Seq, At: m.At, By: by.ID, Kind: EventMessage, Message: &m}, Duplicate: true}, nil)
	}
}

// admit asks everything that can refuse a post and makes the message. What costs the server
// much comes after what bounds how often it is asked; a turn in slow mode is spent last.
func (s *Service) admit(ctx context.Context, by Actor, room RoomID, d Draft) (Message, error) {
	if err := checkNonce(d.Nonce); err != nil {
		return Message{}, err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return Message{}, err
	}
	if e := s.refusePost(by, r); e != nil {
		return Message{}, e
	}
	paid := s.payments.has(payment{room: room, author: by.ID, nonce: d.Nonce}, s.now())
	if !paid {
		if err := s.takePost(ctx, by); err != nil {
			return Message{}, err
		}
	}
	body, err := s.compose(ctx, by, r, d.Text)
	if err != nil {
		return Message{}, err
	}
	if err := s.checkReply(ctx, room, d.ReplyTo); err != nil {
		return Message{}, err
	}
	if err := s.keepName(ctx, by); err != nil {
		return Message{}, err
	}
	if !paid {
		if err := s.takeTurn(ctx, by, r); err != nil {
			return Message{}, err
		}
	}
	m := Message{
		ID: MessageID(s.NewID()), Room: room, Author: by.Author(),
		Text: body.text, HTML: body.html, Plain: body.plain, Mentions: body.mentions, At: s.now(),
	}
	if d.ReplyTo != "" {
		m.ReplyTo = &Reply{ID: d.ReplyTo}
	}
	return m, nil
}

// takeTurn spends the first use of a room and a turn in slow mode.
func (s *Service) takeTurn(ctx context.Context, by Actor, r Room) error {
	if !r.Stored {
		if err := s.mayMakeRoom(ctx, by, r.ID); err != nil {
			return err
		}
	}
	return s.takeSlowMode(ctx, by, r)
}

// checkReply refuses an answer to nothing before it costs a turn; the log decides.
func (s *Service) checkReply(ctx context.Context, room RoomID, id MessageID) error {
	if id == "" {
		return nil
	}
	m, err := s.Directory.Message(ctx, room, id)
	if IsKind(err, NotFound) || err == nil && m.Hidden {
		return Refuse(NotFound, "reply_not_found", "The message that you answer is gone.")
	}
	if err != nil {
		return fmt.Errorf("find the message that is answered: %w", err)
	}
	return nil
}

func checkNonce(n string) error {
	if len(n) > MaxNonce || strings.ContainsFunc(n, func(r rune) bool { return r < '!' || r > '~' }) {
		return Refuse(Invalid, "nonce_invalid", "A nonce is 1 to %d printable ASCII characters without spaces.", MaxNonce)
	}
	return nil
}

// body is a text that may be said.
type body struct {
	text, html, plain string
	mentions          []UserID
}

// longBeyond is how many times too long a text may be and still be cleaned before it is counted.
const longBeyond = 4

func tooLong(limit, n int) *Error {
	return Refuse(Invalid, "text_too_long", "A message here has at most %d characters; yours has %d.", limit, n)
}

// compose cleans and judges a text: every form that a reader may see passes the policy.
func (s *Service) compose(ctx context.Context, by Actor, r Room, text string) (body, error) {
	// Cleaning only ever takes away, and costs by length: what is far too long isn't cleaned first.
	if n := utf8.RuneCountInString(text); n > longBeyond*r.Settings.MaxLength {
		return body{}, tooLong(r.Settings.MaxLength, n)
	}
	text = CleanText(text)
	n := utf8.RuneCountInString(text)
	if n == 0 {
		return body{}, Refuse(Invalid, "text_empty", "A message needs some text.")
	}
	if n < r.Settings.MinLength {
		return body{}, Refuse(Invalid, "text_too_short", "A message here has at least %d characters.", r.Settings.MinLength)
	}
	if n > r.Settings.MaxLength {
		return body{}, tooLong(r.Settings.MaxLength, n)
	}
	html, plain := Render(text)
	if strings.TrimSpace(plain) == "" {
		return body{}, Refuse(Invalid, "text_empty", "A message needs some text besides tags.")
	}
	if s.Judge.Check(policies.Input{Views: render.Views(text), Room: string(r.ID)}).Rejects() {
		return body{}, Refuse(Rejected, "prohibited", "Your message breaks a rule of this room.")
	}
	mentions, err := s.mentions(ctx, r.ID, text)
	if err != nil {
		return body{}, err
	}
	return body{text: text, html: html, plain: plain, mentions: mentions}, nil
}

// Edit replaces the text of the actor's own message. It passes everything that a post passes.
func (s *Service) Edit(ctx context.Context, by Actor, room RoomID, id MessageID, text string) (Event, error) {
	r, err := s.Room(ctx, room)
	if err != nil {
		return Event{}, err
	}
	if e := s.refusePost(by, r); e != nil {
		return Event{}, e
	}
	if err := s.takePost(ctx, by); err != nil {
		return Event{}, err
	}
	b, err := s.compose(ctx, by, r, text)
	if err != nil {
		return Event{}, err
	}
	var notBefore time.Time
	if s.Limits.EditWindow > 0 {
		notBefore = s.now().Add(-s.Limits.EditWindow)
	}
	return s.append(ctx, by, room, Edit{
		ID: id, Author: by.ID, NotBefore: notBefore,
		Text: b.text, HTML: b.html, Plain: b.plain, Mentions: b.mentions,
	})
}

func (s *Service) append(ctx context.Context, by Actor, room RoomID, op Op) (Event, error) {
	c, err := await(ctx, func(done func(Committed, error)) {
		s.Log.Append(ctx, Change{Room: room, By: by.ID, At: s.now(), Op: op}, done)
	})
	return c.Event, err
}

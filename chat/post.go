package chat

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chatd/chatd/policies"
)

// MaxNonce bounds Draft.Nonce, in bytes.
const MaxNonce = 64

// Submit adds a message to a room. done is called exactly once, with the message numbered
// and durable, or with a refusal; at once, or later from the committer, in the order of the
// Submit calls of one room: it must not block. Readers are told after done.
//
// A retry (same room, author and nonce within 24 hours) gets the message that was stored,
// with Duplicate, whatever has changed since. What waits for a moderator is Committed.Held, and durable too.
//
// Where the readers of a room can't take what it has to tell, Submit waits for them a while before it refuses with room_busy.
func (s *Service) Submit(ctx context.Context, by Actor, room RoomID, d Draft, done func(Committed, error)) {
	p, err := s.admit(ctx, by, room, d)
	if err != nil {
		s.refuseOrRepeat(ctx, by, room, d.Nonce, err, done)
		return
	}
	s.payments.begin(p.cost())
	s.Log.Append(ctx, Change{
		Room: room, By: by.ID, At: p.message.At, Op: p.op(p.st), Epoch: p.room.Epoch, Still: func() (Op, error) { return s.stillPosting(p) },
	}, func(c Committed, err error) {
		s.payments.end(p.cost(), err, s.now())
		s.waits(p.by, &p.message, c, err)
		if err == nil && c.Event.Seq > 0 {
			s.rooms.stored(p.message.Room)
		}
		done(c, err)
		if err == nil && c.Held != nil && !c.Duplicate {
			s.Bell.Signal(context.WithoutCancel(ctx), Signal{Room: p.message.Room, Held: c.Held})
		}
	})
}

// heldBySanction is the Held.Why of what a sanction holds.
const heldBySanction = "sanction"

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
	c, found, err := s.byNonce(ctx, room, by.ID, nonce)
	switch {
	case err != nil:
		done(Committed{}, fmt.Errorf("look up nonce: %w", err))
	case !found:
		done(Committed{}, refusal)
	default:
		done(c, nil)
	}
}

// byNonce finds what an author has posted with a nonce: a message, or one that is, or was, held.
func (s *Service) byNonce(ctx context.Context, room RoomID, author UserID, nonce string) (Committed, bool, error) {
	m, found, err := s.Log.ByNonce(ctx, room, author, nonce)
	if err != nil {
		return Committed{}, false, err
	}
	if found {
		return Committed{Event: posted(m), Duplicate: true}, true, nil
	}
	h, found, err := s.Directory.HeldByNonce(ctx, room, author, nonce)
	if err != nil || !found {
		return Committed{}, false, err
	}
	c := Committed{Held: &h, Duplicate: true}
	if h.State == HeldReleased {
		c.Event = posted(h.Message)
	}
	return c, true, nil
}

func posted(m Message) Event {
	return Event{Room: m.Room, Seq: m.Seq, At: m.At, By: m.Author.ID, Kind: EventMessage, Message: &m}
}

// admitted is a message that may be posted, as things stood when it was asked.
type admitted struct {
	admission
	by      Actor
	message Message
	nonce   string
}

func (p *admitted) cost() payment {
	return payment{room: p.message.Room, author: p.by.ID, nonce: p.nonce}
}

// op is what becomes of the message, by what holds against its author.
func (p *admitted) op(st standing) Op {
	if st.holds() {
		return Hold{Message: p.message, Nonce: p.nonce, Why: heldBySanction, Sanction: st.review.ID}
	}
	return Post{Message: p.message, Nonce: p.nonce, Shadow: st.shadow != nil}
}

// admit asks everything that can refuse a post and makes the message. What costs the server
// much comes after what bounds how often it is asked; a turn in slow mode is spent last.
func (s *Service) admit(ctx context.Context, by Actor, room RoomID, d Draft) (*admitted, error) {
	if err := checkNonce(d.Nonce); err != nil {
		return nil, err
	}
	a, err := s.mayWrite(ctx, by, room)
	if err != nil {
		return nil, err
	}
	if err := s.awaitReaders(ctx, room); err != nil {
		return nil, err
	}
	paid := s.payments.has(payment{room: room, author: by.ID, nonce: d.Nonce}, s.now())
	if !paid {
		if err := s.takePost(ctx, by); err != nil {
			return nil, err
		}
	}
	m, err := s.draft(ctx, by, a.room, d, a.st)
	if err == nil && a.st.holds() {
		err = s.mayWait(ctx, by, &m)
	}
	if err == nil && !paid {
		if err = s.takeTurn(ctx, by, a.room, a.st); err != nil {
			s.waiting.leave(m.ID)
		}
	}
	if err != nil {
		return nil, err
	}
	return &admitted{admission: a, by: by, message: m, nonce: d.Nonce}, nil
}

// draft makes the message, or says why it can't be said.
func (s *Service) draft(ctx context.Context, by Actor, r Room, d Draft, st standing) (Message, error) {
	body, err := s.compose(ctx, by, r, d.Text)
	if err != nil {
		return Message{}, err
	}
	reply, err := s.checkReply(ctx, by, r.ID, d.ReplyTo, st)
	if err != nil {
		return Message{}, err
	}
	if err := s.keepName(ctx, by); err != nil {
		return Message{}, err
	}
	return Message{
		ID: MessageID(s.NewID()), Room: r.ID, Author: by.Author(), ReplyTo: reply,
		Text: body.text, HTML: body.html, Plain: body.plain, Mentions: body.mentions, At: s.now(),
	}, nil
}

// takeTurn spends the first use of a room and a turn in slow mode.
func (s *Service) takeTurn(ctx context.Context, by Actor, r Room, st standing) error {
	if !r.Stored {
		if err := s.mayMakeRoom(ctx, by, r.ID); err != nil {
			return err
		}
	}
	return s.takeSlowMode(ctx, by, r, st)
}

// checkReply refuses an answer to nothing before it costs a turn; the log decides. What somebody else alone sees is
// nothing. An answer to what its author alone sees quotes nothing when others read it.
func (s *Service) checkReply(ctx context.Context, by Actor, room RoomID, id MessageID, st standing) (*Reply, error) {
	if id == "" {
		return nil, nil
	}
	m, err := s.Directory.Message(ctx, room, id)
	if IsKind(err, NotFound) || err == nil && (m.Hidden || m.Shadow && m.Author.ID != by.ID) {
		return nil, Refuse(NotFound, "reply_not_found", "The message that you answer is gone.")
	}
	if err != nil {
		return nil, fmt.Errorf("find the message that is answered: %w", err)
	}
	if m.Shadow && st.shadow == nil {
		return nil, nil
	}
	return &Reply{ID: id}, nil
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
	forms := remembered.Of(text)
	if strings.TrimSpace(forms.Plain) == "" {
		return body{}, Refuse(Invalid, "text_empty", "A message needs some text besides tags.")
	}
	if s.Judge.Check(policies.Input{Views: forms.Views(text), Room: string(r.ID), Policy: r.Settings.Policy}).Rejects() {
		return body{}, Refuse(Rejected, "prohibited", "Your message breaks a rule of this room.")
	}
	mentions, err := s.mentions(ctx, r.ID, text)
	if err != nil {
		return body{}, err
	}
	return body{text: text, html: forms.HTML, plain: forms.Plain, mentions: mentions}, nil
}

// Edit replaces the text of the actor's own message. It passes everything that a post passes. Whose posts wait for a moderator
// can't edit: under_review.
func (s *Service) Edit(ctx context.Context, by Actor, room RoomID, id MessageID, text string) (Event, error) {
	a, err := s.mayWrite(ctx, by, room)
	if err != nil {
		return Event{}, err
	}
	if a.st.holds() {
		return Event{}, underReview(*a.st.review, s.now())
	}
	if err := s.awaitReaders(ctx, room); err != nil {
		return Event{}, err
	}
	if err := s.takePost(ctx, by); err != nil {
		return Event{}, err
	}
	b, err := s.compose(ctx, by, a.room, text)
	if err != nil {
		return Event{}, err
	}
	op := Edit{ID: id, Author: by.ID, Text: b.text, HTML: b.html, Plain: b.plain, Mentions: b.mentions}
	if s.Limits.EditWindow > 0 {
		op.NotBefore = s.now().Add(-s.Limits.EditWindow)
	}
	return s.appendStill(ctx, by, a, func(st standing) (Op, error) {
		if st.holds() {
			return nil, underReview(*st.review, s.now())
		}
		op.Shadow = st.shadow != nil
		return op, nil
	})
}

// underReview refuses what can't wait for a moderator.
func underReview(x Sanction, now time.Time) *Error {
	return sanctioned(x, now, "under_review", "What you write is looked at first: new messages can wait for that, edits and names can't")
}

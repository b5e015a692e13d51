package ws

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/chatd/chatd/chat"
)

// request is something that a v1 client may ask for.
type request struct {
	// do asks the core and returns the ack; nil: it has answered, or will.
	do func(x *session, id string, room chat.RoomID, a *args) (any, error)
	// alone says that everything before is answered first, and that the room's events wait
	// until this is: the event that it causes must not overtake the ack.
	alone bool
	// own says that do takes its own place in the order of answers.
	own bool
	// noRoom says that it concerns no room; outside, that the room needn't be joined.
	noRoom, outside bool
}

var requests = map[string]request{
	"auth":     {do: doAuth, alone: true, noRoom: true},
	"join":     {do: doJoin, alone: true, outside: true},
	"leave":    {do: doLeave, alone: true, outside: true},
	"post":     {do: doPost, own: true},
	"edit":     {do: doEdit, alone: true},
	"delete":   {do: doDelete, alone: true},
	"react":    {do: doReact, alone: true},
	"typing":   {do: doTyping},
	"read":     {do: doRead},
	"history":  {do: doHistory},
	"members":  {do: doMembers},
	"pin":      {do: doPin, alone: true},
	"set":      {do: doSet, alone: true},
	"restore":  {do: doRestore, alone: true},
	"sanction": {do: doSanction},
	"lift":     {do: doLift},
}

var requestNames = strings.Join(slices.Sorted(maps.Keys(requests)), ", ")

var errTooFast = chat.Refuse(chat.RateLimited, "rate_limited", "You send too fast. Wait a little.").After(time.Second)

// errNotJoined keeps everybody who writes or reads among the members: where the room counts
// them, and moderators see them.
var errNotJoined = chat.Refuse(chat.Conflict, "not_joined", "Join the room first.")

// request has one request done and answered.
func (x *session) request(id string, q request, a *args) {
	var room chat.RoomID
	if !q.noRoom {
		room = a.room()
		if !q.outside && x.readerOf(room) == nil {
			a.refused = errNotJoined
		}
	}
	if q.alone {
		if !x.replies.wait() {
			return
		}
		if r := x.readerOf(room); r != nil {
			r.hold()
			defer r.release()
		}
	}
	var slot *answer
	if !q.own {
		slot = x.place()
	}
	say, err := x.attempt(id, q, room, a)
	if q.own && err != nil {
		slot = x.place()
	}
	x.answer(slot, id, room, say, err)
}

// attempt has a request done, unless it is refused before.
func (x *session) attempt(id string, q request, room chat.RoomID, a *args) (any, error) {
	if x.tooFast {
		return nil, errTooFast
	}
	if a.err != nil {
		return nil, a.err
	}
	return q.do(x, id, room, a)
}

func (x *session) place() *answer { return x.replies.begin(false) }

// answer says the ack, or why not.
func (x *session) answer(slot *answer, id string, room chat.RoomID, say any, err error) {
	if slot == nil {
		return
	}
	var frames [][]byte
	switch {
	case err != nil:
		e := x.note(err, room)
		frames = x.codec.refusal(id, room, e)
		if e.Code == "bad_request" {
			defer x.strike()
		}
	case say != nil:
		frames = jsonFrames(say)
	}
	x.replies.finish(slot, frames)
}

func (x *session) readerOf(room chat.RoomID) *reader {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.rooms[room]
}

// post submits a message. It is answered when it is stored, by the committer; the next
// request is read before.
func (x *session) post(id string, room chat.RoomID, d chat.Draft) {
	// Rooms may be committed in any order, but an answer that has to wait for that of
	// another room would come after its own event.
	if room != x.lastPost && !x.replies.wait() {
		return
	}
	x.lastPost = room
	slot := x.replies.begin(true)
	if slot == nil {
		return
	}
	if x.tooFast {
		x.replies.finish(slot, x.codec.refusal(id, room, x.note(errTooFast, room)))
		return
	}
	x.srv.svc.Submit(x.ctx, x.who(), room, d, func(c chat.Committed, err error) {
		x.replies.finish(slot, x.posted(id, room, c, err))
	})
}

func (x *session) posted(id string, room chat.RoomID, c chat.Committed, err error) [][]byte {
	if err != nil {
		return x.codec.refusal(id, room, x.note(err, room))
	}
	if id == "" {
		return x.waits(c)
	}
	if c.Held != nil && c.Event.Seq == 0 {
		return jsonFrames(ackHeld{ack(id), c.Held.Message.ID, stamp(c.Held.Message.At), c.Duplicate, true})
	}
	m := ackPost{ackHead: ack(id), Seq: c.Event.Seq, At: stamp(c.Event.At), Duplicate: c.Duplicate}
	if c.Event.Message != nil {
		m.Message = c.Event.Message.ID
	}
	return jsonFrames(m)
}

// waits tells who has no acknowledgements that what they wrote isn't there yet.
func (x *session) waits(c chat.Committed) [][]byte {
	if c.Held == nil || c.Event.Seq != 0 {
		return nil
	}
	return x.codec.refusal("", "", chat.Refuse(chat.Forbidden, "held", "Your message waits for a moderator."))
}

func doPost(x *session, id string, room chat.RoomID, a *args) (any, error) {
	d := chat.Draft{Text: a.anyText("text"), Nonce: a.optText("nonce", chat.MaxNonce),
		ReplyTo: chat.MessageID(a.optText("reply_to", maxID))}
	if err := a.end(); err != nil {
		return nil, err
	}
	x.post(id, room, d)
	return nil, nil
}

func doJoin(x *session, id string, room chat.RoomID, a *args) (any, error) {
	var since *chat.Position
	if in := a.nested("since"); in != nil {
		since = &chat.Position{Epoch: chat.Epoch(in.text("epoch", 64)), Seq: chat.Seq(in.number("seq", 0))}
		a.endNested(in)
	}
	if err := a.end(); err != nil {
		return nil, err
	}
	return nil, x.join(id, room, since)
}

func doLeave(x *session, id string, room chat.RoomID, a *args) (any, error) {
	if err := a.end(); err != nil {
		return nil, err
	}
	if r := x.forget(room); r != nil {
		x.leave(x.ctx, r)
	}
	return ack(id), nil
}

func doEdit(x *session, id string, room chat.RoomID, a *args) (any, error) {
	message, text := a.text("message_id", maxID), a.anyText("text")
	if err := a.end(); err != nil {
		return nil, err
	}
	e, err := x.srv.svc.Edit(x.ctx, x.who(), room, chat.MessageID(message), text)
	return ackSeq{ack(id), e.Seq}, err
}

func doReact(x *session, id string, room chat.RoomID, a *args) (any, error) {
	message, emoji, on := a.text("message_id", maxID), a.text("emoji", chat.MaxEmoji), a.flag("on")
	if err := a.end(); err != nil {
		return nil, err
	}
	return ack(id), x.srv.svc.React(x.ctx, x.who(), room, chat.MessageID(message), emoji, on)
}

func doTyping(x *session, id string, room chat.RoomID, a *args) (any, error) {
	if err := a.end(); err != nil {
		return nil, err
	}
	return ack(id), x.srv.svc.Typing(x.ctx, x.who(), room)
}

func doRead(x *session, id string, room chat.RoomID, a *args) (any, error) {
	seq := a.number("seq", 0)
	if err := a.end(); err != nil {
		return nil, err
	}
	return ack(id), x.srv.svc.MarkRead(x.ctx, x.who(), room, chat.Seq(seq))
}

func doHistory(x *session, id string, room chat.RoomID, a *args) (any, error) {
	q := chat.PageQuery{
		Around: chat.MessageID(a.optText("around", maxID)),
		Before: chat.Seq(a.optNumber("before", 0, math.MaxInt64, -1)),
		Limit:  int(a.optNumber("limit", 1, 200, 50)),
	}
	switch {
	case q.Around == "" && q.Before < 0:
		q.Before = math.MaxInt64 // the latest
	case q.Around == "":
	case q.Before >= 0:
		a.refuse("Either before or around, not both.")
	default:
		q.Before = 0
	}
	if err := a.end(); err != nil {
		return nil, err
	}
	p, err := x.srv.svc.History(x.ctx, x.who(), room, q)
	return ackHistory{ackHead: ack(id), Messages: all(p.Messages, messageOf), Reacted: p.Reacted,
		MoreBefore: p.MoreBefore, MoreAfter: p.MoreAfter}, err
}

func doMembers(x *session, id string, room chat.RoomID, a *args) (any, error) {
	limit := a.optNumber("limit", 1, 500, 100)
	if err := a.end(); err != nil {
		return nil, err
	}
	members, count, err := x.srv.svc.Members(x.ctx, x.who(), room, int(limit))
	return ackMembers{ack(id), all(members, memberOf), count}, err
}

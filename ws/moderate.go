package ws

import (
	"math"
	"time"

	"github.com/chatd/chatd/chat"
)

// order asks for an act, in the name of who is there.
func (x *session) order() chat.Order { return chat.Order{By: x.who()} }

// seqIn returns the seq of the last event that an act made in a room; 0: it changed nothing visible.
func seqIn(room chat.RoomID, o chat.Outcome) chat.Seq {
	var last chat.Seq
	for _, e := range o.Events {
		if e.Room == room {
			last = max(last, e.Seq)
		}
	}
	return last
}

// doDelete deletes messages of one's own, for good; or, for moderators, anybody's, which is an act that can be undone.
func doDelete(x *session, id string, room chat.RoomID, a *args) (any, error) {
	ids := a.messages()
	if err := a.end(); err != nil {
		return nil, err
	}
	who := x.who()
	e, err := x.srv.svc.DeleteOwn(x.ctx, who, room, ids)
	if err == nil || chat.CodeOf(err) != "not_your_message" || !who.Moderates(room) {
		return ackSeq{ack(id), e.Seq}, err
	}
	o, err := x.srv.svc.Delete(x.ctx, x.order(), room, ids)
	return ackSeq{ack(id), seqIn(room, o)}, err
}

func doRestore(x *session, id string, room chat.RoomID, a *args) (any, error) {
	ids := a.messages()
	if err := a.end(); err != nil {
		return nil, err
	}
	o, err := x.srv.svc.Restore(x.ctx, x.order(), room, ids)
	return ackSeq{ack(id), seqIn(room, o)}, err
}

func doPin(x *session, id string, room chat.RoomID, a *args) (any, error) {
	message, on := a.text("message_id", maxID), a.flag("on")
	if err := a.end(); err != nil {
		return nil, err
	}
	o, err := x.srv.svc.Pin(x.ctx, x.order(), room, chat.MessageID(message), on)
	return ackSeq{ack(id), seqIn(room, o)}, err
}

func doSanction(x *session, id string, room chat.RoomID, a *args) (any, error) {
	user, effect := a.text("user", chat.MaxUserID), a.text("effect", 16)
	// What no duration of nanoseconds can be is refused by the core as the longest that one can.
	const most = int64(math.MaxInt64 / time.Second)
	seconds := min(a.number("seconds", 0), most)
	interval := a.optNumber("interval_seconds", 1, most, 0)
	reason := ""
	a.take("reason", "a string", &reason)
	if err := a.end(); err != nil {
		return nil, err
	}
	o, err := x.srv.svc.Sanction(x.ctx, x.order(), chat.SanctionOrder{
		Target: &chat.Target{User: chat.UserID(user)}, Rooms: string(room), Effect: chat.Effect(effect), Reason: reason,
		Duration: time.Duration(seconds) * time.Second, Interval: time.Duration(interval) * time.Second,
	})
	ackID := ackSanction{ackHead: ack(id)}
	for _, s := range o.Sanctions {
		if s.With == "" { // not what accompanies it
			ackID.ID = s.ID
		}
	}
	return ackID, err
}

func doLift(x *session, id string, room chat.RoomID, a *args) (any, error) {
	sanction := a.text("sanction_id", maxID)
	if err := a.end(); err != nil {
		return nil, err
	}
	if !x.who().Moderates(room) {
		return nil, chat.Refuse(chat.Forbidden, "not_a_moderator", "Only moderators of this room may do that.")
	}
	_, err := x.srv.svc.Lift(x.ctx, x.order(), []chat.SanctionID{chat.SanctionID(sanction)})
	return ack(id), err
}

package ws

import (
	"bytes"
	"unicode/utf8"

	"github.com/chatd/chatd/chat"
)

// maxRequestID bounds a request's id, in characters.
const maxRequestID = 64

// v1Codec is the v1 protocol.
type v1Codec struct{}

func (v1Codec) event(e *chat.Event) [][]byte {
	head := logHead{Type: e.Kind, Room: e.Room, Seq: e.Seq}
	switch e.Kind {
	case chat.EventMessage, chat.EventEdited:
		if e.Message == nil {
			return nil // deleted since: a replay says so by itself
		}
		return jsonFrames(messageFrame{head, messageOf(*e.Message)})
	case chat.EventDeleted:
		if len(e.Deleted) == 0 {
			return nil
		}
		return jsonFrames(deletedFrame{head, e.Deleted})
	case chat.EventRestored:
		if len(e.Restored) == 0 {
			return nil
		}
		return jsonFrames(restoredFrame{head, all(e.Restored, messageOf)})
	case chat.EventReaction:
		if e.Reactions == nil {
			return nil
		}
		return jsonFrames(reactionFrame{head, e.Reactions.Message, all(e.Reactions.Totals, reactionOf)})
	case chat.EventRoom:
		f := roomFrame{logHead: head, Settings: settingsOf(e.Settings), Archived: e.Archived}
		if e.PinsSet {
			pins := all(e.Pins, messageOf)
			f.Pins = &pins
		}
		return jsonFrames(f)
	case chat.EventCleared:
		return jsonFrames(head)
	}
	return nil
}

// What is made once of what many are told, by chat's memory of it.
type (
	joinedTail  struct{}
	joinedRoll  struct{}
	framedFrom  struct{}
	plainFramed struct{}
)

// joined is one message whose fragments are the reader's own part, the members, and the room as all see it: the last two are the
// same bytes for all who come in about then.
func (c v1Codec) joined(j chat.Joined, lock *chat.Lockdown) [][]byte {
	head := joinedHead{
		aside:      aside{"joined", j.Room.ID},
		positionV1: positionV1{j.Room.Epoch, j.Room.Shown},
		Recovered:  j.Recovered,
		Rights:     rightsOf(j.Rights),
		Count:      j.Count,
		Reacted:    j.Reacted,
		Read:       j.Read,
		Held:       waiting(j.Held),
		Lockdown:   lockdownOf(lock),
	}
	var replay [][]byte
	if j.Recovered {
		all := j.View.Framed(framedFrom{}, func() any {
			events := j.View.Events
			return framesOf(len(events), func(i int) [][]byte { return c.event(&events[i]) })
		}).(*reel)
		replay, head.Replay = all.from(len(j.View.Events) - len(j.Events))
	}
	members := j.Roll.Framed(joinedRoll{}, func() any {
		text := append(make([]byte, 0, 16+128*len(j.Roll.Members)), `,"members":[`...)
		for i, m := range j.Roll.Members {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendUser(text, memberOf(m))
		}
		return fragments(append(text, ']'), false, false)
	}).([][]byte)
	tail := j.View.Framed(joinedTail{}, func() any {
		t := roomPart{Settings: allSettings(j.Room.Settings), Pins: all(j.Pins, messageOf)}
		if !j.Recovered {
			history := all(j.Messages, messageOf)
			t.History = &history
		}
		b := encoders.Get().(*bytes.Buffer)
		defer encoders.Put(b)
		text := encode(b, t)
		text[0] = ',' // its fields follow others
		return fragments(text, false, true)
	}).([][]byte)
	frames := make([][]byte, 0, 1+len(members)+len(tail)+len(replay))
	b := encoders.Get().(*bytes.Buffer)
	defer encoders.Put(b)
	frames = append(frames, fragments(bytes.TrimSuffix(encode(b, head), []byte{'}'}), true, false)...)
	frames = append(append(frames, members...), tail...)
	return append(frames, replay...)
}

// waiting are held messages as their author sees them.
func waiting(held []chat.Held) []messageV1 {
	return all(held, func(h chat.Held) messageV1 {
		h.Message.Seq = 0
		return messageOf(h.Message)
	})
}

func (v1Codec) refusal(id string, room chat.RoomID, e *chat.Error) [][]byte {
	return jsonFrames(errorFrame{
		Type: "error", ID: id, Room: room, Code: e.Code, Message: e.Message,
		RetryAfter: wholeMillis(e.RetryAfter), Until: optStamp(e.Until),
	})
}

func (v1Codec) aside(say any) [][]byte { return jsonFrames(say) }

// receive reads a request and has it done. Every request with an id gets one answer.
func (v1Codec) receive(s *session, text []byte) {
	fields, refusal := object(text)
	if refusal != nil {
		s.malformed("", "", refusal)
		return
	}
	a := &args{fields: fields}
	id := a.text("id", 4*maxRequestID)
	if utf8.RuneCountInString(id) > maxRequestID {
		a.refuse("id has 1 to %d characters.", maxRequestID)
	}
	if a.err != nil {
		s.malformed("", "", a.err)
		return
	}
	kind := a.anyText("type")
	if a.err != nil {
		s.malformed(id, "", a.err)
		return
	}
	q, ok := requests[kind]
	if !ok {
		s.malformed(id, "", chat.Refuse(chat.Invalid, "unknown_type",
			"There is no request %q. There are: %s.", shorten(kind), requestNames))
		return
	}
	s.request(id, q, a)
}

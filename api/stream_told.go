package api

import (
	"time"

	"github.com/chatd/chatd/chat"
)

// What a stream tells besides the objects of openapi.yaml; docs/api.md lists the events.

type messageTold struct {
	Room    string  `json:"room"`
	Seq     int64   `json:"seq"`
	Message Message `json:"message"`
}

type messagesTold struct {
	Room     string    `json:"room"`
	Seq      int64     `json:"seq"`
	IDs      []string  `json:"ids,omitempty"`
	Messages []Message `json:"messages,omitempty"`
}

type reactionTold struct {
	Room      string     `json:"room"`
	Seq       int64      `json:"seq"`
	ID        string     `json:"id"`
	Reactions []Reaction `json:"reactions"`
}

type roomTold struct {
	Room string `json:"room"`
	Seq  int64  `json:"seq"`
}

type presenceTold struct {
	Room  string  `json:"room"`
	User  UserRef `json:"user"`
	Left  bool    `json:"left"`
	Count int     `json:"count"`
}

type noticeTold struct {
	Room *string   `json:"room"`
	User *string   `json:"user"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

type controlTold struct {
	Act       Act        `json:"act"`
	Sanctions []Sanction `json:"sanctions"`
	Lifted    []Sanction `json:"lifted"`
	Lockdowns []Lockdown `json:"lockdowns"`
	Unlocked  []Lockdown `json:"unlocked"`
}

// tellEvent tells an event of a room's log as staff see it: a shadowed author's, too, marked.
func (f *follower) tellEvent(out *eventWriter, e *chat.Event) error {
	if !f.has(chat.MessagesRead) || !f.covers(e.Room) {
		return nil
	}
	room, seq := string(e.Room), int64(e.Seq)
	switch e.Kind {
	case chat.EventMessage, chat.EventEdited:
		m := toMessage(*e.Message)
		m.Shadow = e.Only != ""
		return out.write(string(e.Kind), messageTold{room, seq, m})
	case chat.EventDeleted:
		return out.write("deleted", messagesTold{Room: room, Seq: seq, IDs: texts(e.Deleted)})
	case chat.EventRestored:
		return out.write("restored", messagesTold{Room: room, Seq: seq, Messages: each(e.Restored, toMessage)})
	case chat.EventReaction:
		return out.write("reaction", reactionTold{room, seq, string(e.Reactions.Message), each(e.Reactions.Totals, toReaction)})
	case chat.EventRoom, chat.EventCleared:
		return out.write(string(e.Kind), roomTold{room, seq})
	}
	return nil
}

// tellControl tells an act and what it changed, where all of it is in the follower's rooms. What the follower lacks the scope
// for isn't there.
func (f *follower) tellControl(out *eventWriter, c *chat.ControlChange) error {
	if !f.handler.chat.SeesAct(f.call.caller.actor, c.Act) {
		return nil
	}
	told := controlTold{Act: toAct(c.Act), Sanctions: []Sanction{}, Lifted: []Sanction{}, Lockdowns: []Lockdown{}, Unlocked: []Lockdown{}}
	if f.has(chat.SanctionsRead) {
		told.Sanctions, told.Lifted = each(c.Sanctions, f.toSanction), each(c.Lifted, f.toSanction)
	}
	if f.has(chat.RoomsRead) {
		told.Lockdowns, told.Unlocked = each(c.Lockdowns, toLockdown), each(c.Unlocked, toLockdown)
	}
	return out.write("act", told)
}

// toSanction shows a sanction as the follower may see it: addresses are for who may read them.
func (f *follower) toSanction(x chat.Sanction) Sanction {
	core := f.handler.chat
	return toSanction(core.SanctionFor(f.call.caller.actor, x), core.Now())
}

package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"

	"github.com/chatd/chatd/chat"
)

// settled is what one caller of a committed batch hears.
type settled struct {
	chat.Committed
	err error
}

// present is the present state that the events of a batch show.
type present struct {
	messages map[chat.MessageID]chat.StoredMessage
	pins     map[chat.RoomID][]chat.Message
}

// renderBatch makes what callers and readers hear of a committed batch: for each op
// its outcome, and the events in commit order.
func (s *Store) renderBatch(ctx context.Context, b *batch, out outcome) (all []settled, events []chat.Event, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("render batch %s: panic: %v\n%s", b.frame.ID, r, debug.Stack())
		}
	}()
	if len(out.Results) != len(b.ops) {
		return nil, nil, fmt.Errorf("batch %s: got %d results for %d ops", b.frame.ID, len(out.Results), len(b.ops))
	}
	now, err := s.present(ctx, b, out)
	if err != nil {
		return nil, nil, err
	}
	all = make([]settled, len(b.ops))
	made := make(map[int64]chat.Event) // by pos, reactions only
	for i, r := range out.Results {
		change := b.waits[i].change
		switch {
		case r.Code != "":
			all[i].err = refusal(r.Code)
			continue
		case r.Again:
			all[i].Event = made[r.Pos]
			continue
		}
		e, err := liveEvent(b.ops[i], change, r, now)
		if err != nil {
			return nil, nil, err
		}
		e.Epoch = epoch(out.Generation, r.Inc)
		all[i].Event, all[i].Duplicate = e, r.Dup
		if r.Seq > 0 && !r.Dup {
			events = append(events, e)
		}
		if e.Kind == chat.EventReaction {
			made[r.Pos] = e
		}
	}
	return all, events, nil
}

// markers stand for the events of a batch that can't be rendered: one for each room, at
// its last event. It has no Kind and its Prev is its own Seq, so it shows nothing, and
// whoever hasn't got so far finds a gap before it and reads the log.
func markers(b *batch, out outcome) []chat.Event {
	last := make(map[string]chat.Event)
	for i, r := range out.Results[:min(len(out.Results), len(b.ops))] {
		if o := b.ops[i]; r.Seq > 0 && !r.Dup && chat.Pos(r.Pos) > last[o.Room].Pos {
			last[o.Room] = chat.Event{
				Room: chat.RoomID(o.Room), Epoch: epoch(out.Generation, r.Inc),
				Seq: chat.Seq(r.Seq), Prev: chat.Seq(r.Seq), Pos: chat.Pos(r.Pos), At: instant(o.At), By: chat.UserID(o.By),
			}
		}
	}
	return slices.SortedFunc(maps.Values(last), func(x, y chat.Event) int { return cmp.Compare(x.Pos, y.Pos) })
}

func refusal(code string) error {
	if e, ok := opRefusals[code]; ok {
		return e
	}
	return fmt.Errorf("append: unknown refusal %q", code)
}

// present reads what the events of a batch show besides what its ops bring along.
func (s *Store) present(ctx context.Context, b *batch, out outcome) (present, error) {
	ids, rooms := shown(b, out)
	p := present{pins: make(map[chat.RoomID][]chat.Message, len(rooms))}
	if len(ids) == 0 && len(rooms) == 0 {
		return p, nil
	}
	err := s.inRead(ctx, func(q querier) (err error) {
		if p.messages, err = messagesByID(ctx, q, ids); err != nil {
			return err
		}
		for room := range rooms {
			if p.pins[room], err = loadPins(ctx, q, room); err != nil {
				return err
			}
		}
		return nil
	})
	return p, err
}

// shown names the messages that the events of a batch show, and the rooms whose pins.
func shown(b *batch, out outcome) (ids map[chat.MessageID]bool, rooms map[chat.RoomID]bool) {
	ids, rooms = make(map[chat.MessageID]bool), make(map[chat.RoomID]bool)
	for i, r := range out.Results {
		o := b.ops[i]
		switch {
		case r.Dup:
			ids[chat.MessageID(r.ID)] = true
		case r.Seq == 0:
		case o.Op == "post" && o.Reply != "":
			ids[chat.MessageID(o.Reply)] = true
		case o.Op == "edit", o.Op == "react":
			ids[chat.MessageID(o.ID)] = true
		case o.Op == "restore":
			for _, id := range r.IDs {
				ids[chat.MessageID(id)] = true
			}
		case o.Op == "pin":
			rooms[chat.RoomID(o.Room)] = true
		}
	}
	return ids, rooms
}

// liveEvent makes an op's event as readers hear it at once. Of an op that made none
// only room, author and time are set.
func liveEvent(o op, c chat.Change, r result, now present) (chat.Event, error) {
	e := chat.Event{
		Room: c.Room, Seq: chat.Seq(r.Seq), Pos: chat.Pos(r.Pos),
		At: instant(o.At), By: c.By,
	}
	if r.Dup {
		duplicate(&e, o, r, now)
		return e, nil
	}
	if r.Seq == 0 {
		return e, nil
	}
	e.Prev = chat.Seq(r.Seq - o.Step)
	switch x := c.Op.(type) {
	case chat.Post:
		e.Kind, e.Message = chat.EventMessage, posted(x, o, r, now)
	case chat.Edit:
		e.Kind, e.Message = chat.EventEdited, edited(x, o, now)
	case chat.Hide:
		e.Kind, e.Deleted = chat.EventDeleted, messageIDs(r.IDs)
	case chat.Restore:
		e.Kind = chat.EventRestored
		for _, id := range r.IDs {
			if m, ok := now.messages[chat.MessageID(id)]; ok {
				e.Restored = append(e.Restored, m.Message)
			}
		}
	case chat.React:
		e.Kind = chat.EventReaction
		e.Reactions = &chat.Reactions{Message: x.ID, Totals: now.messages[x.ID].Reactions}
	case chat.Set:
		e.Kind = chat.EventRoom
		return e, changed(&e, o.Patch, r.Fields)
	case chat.Pin:
		e.Kind, e.PinsSet, e.Pins = chat.EventRoom, true, now.pins[c.Room]
	}
	return e, nil
}

// duplicate answers a repeated post with what was stored the first time. Where
// retention took it since, its number is all that is left.
func duplicate(e *chat.Event, o op, r result, now present) {
	m, ok := now.messages[chat.MessageID(r.ID)]
	if !ok {
		m.Message = goneMessage(e.Room, chat.MessageID(r.ID), chat.UserID(o.Author), r.Seq, r.At)
	}
	e.Kind, e.Message, e.At, e.By = chat.EventMessage, &m.Message, m.At, m.Author.ID
}

func goneMessage(room chat.RoomID, id chat.MessageID, author chat.UserID, seq, at int64) chat.Message {
	return chat.Message{ID: id, Room: room, Seq: chat.Seq(seq), Author: chat.Author{ID: author}, At: instant(at)}
}

func posted(x chat.Post, o op, r result, now present) *chat.Message {
	m := x.Message
	m.Room, m.Seq, m.At, m.Reactions, m.EditedAt = chat.RoomID(o.Room), chat.Seq(r.Seq), instant(o.Posted), nil, instant(0)
	if m.ReplyTo != nil {
		m.ReplyTo = quote(now.messages[m.ReplyTo.ID], m.ReplyTo.ID)
	}
	return &m
}

func edited(x chat.Edit, o op, now present) *chat.Message {
	m := now.messages[x.ID].Message
	m.ID, m.Room = x.ID, chat.RoomID(o.Room)
	m.Text, m.HTML, m.Plain, m.Mentions, m.EditedAt = x.Text, x.HTML, x.Plain, x.Mentions, instant(o.At)
	return &m
}

// changed puts the settings of a patch that made a difference into an event.
func changed(e *chat.Event, patch json.RawMessage, fields []string) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(patch, &all); err != nil {
		return fmt.Errorf("decode patch: %w", err)
	}
	some := make(map[string]json.RawMessage, len(fields))
	for _, f := range fields {
		some[f] = all[f]
	}
	var p patchJSON
	if err := json.Unmarshal(mustJSON(some), &p); err != nil {
		return fmt.Errorf("decode patch: %w", err)
	}
	e.Settings = chat.SettingsPatch(p)
	return nil
}

func messageIDs(ids []string) []chat.MessageID {
	out := make([]chat.MessageID, len(ids))
	for i, id := range ids {
		out[i] = chat.MessageID(id)
	}
	return out
}

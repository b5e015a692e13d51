package store

import (
	"cmp"
	"context"
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
	private  *private
	held     map[chat.MessageID]chat.Held
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
		e := liveEvent(b.ops[i], change, r, now)
		e.Epoch = epoch(out.Generation, r.Inc)
		all[i] = now.settled(e, r)
		if r.Seq > 0 && !r.Dup {
			events = append(events, e)
		}
		if r.Also != nil {
			also := liveEvent(alsoOp(b.ops[i]), change, *r.Also, now)
			also.Epoch = e.Epoch
			events = append(events, also)
		}
		if e.Kind == chat.EventReaction {
			made[r.Pos] = e
		}
	}
	return all, events, nil
}

// settled is what the caller hears of an op and its event.
func (p present) settled(e chat.Event, r result) settled {
	s := settled{Committed: chat.Committed{Event: e, Duplicate: r.Dup}}
	if h, ok := p.held[chat.MessageID(r.ID)]; ok {
		if s.Held = &h; r.Seq == 0 { // it waits, or was refused
			s.Event = chat.Event{}
		}
	}
	return s
}

// alsoOp is o as it made its second event.
func alsoOp(o op) op {
	o.Step = o.Step2
	return o
}

// markers stand for the events of a batch that can't be rendered: one for each room, at
// its last event. It has no Kind and its Prev is its own Seq, so it shows nothing, and
// whoever hasn't got so far finds a gap before it and reads the log.
func markers(b *batch, out outcome) []chat.Event {
	last := make(map[string]chat.Event)
	for i, r := range out.Results[:min(len(out.Results), len(b.ops))] {
		o := b.ops[i]
		if r.Also != nil {
			r = *r.Also
		}
		if r.Seq > 0 && !r.Dup && chat.Pos(r.Pos) > last[o.Room].Pos {
			last[o.Room] = chat.Event{
				Room: chat.RoomID(o.Room), Epoch: epoch(out.Generation, r.Inc), Only: chat.UserID(r.Only),
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
	p := present{private: &private{}}
	ids, held := shown(b, out)
	if len(ids) == 0 && len(held) == 0 {
		return p, nil
	}
	err := s.inRead(ctx, func(q querier) (err error) {
		if p.messages, err = messagesByID(ctx, q, ids); err != nil {
			return err
		}
		if p.private, err = loadPrivate(ctx, q, "", bare(slices.Collect(maps.Values(p.messages)))); err != nil {
			return err
		}
		p.held, err = heldByID(ctx, q, held)
		return err
	})
	return p, err
}

func heldByID(ctx context.Context, q querier, ids []chat.HeldID) (map[chat.HeldID]chat.Held, error) {
	held := make(map[chat.HeldID]chat.Held, len(ids))
	for some := range slices.Chunk(ids, maxList) {
		args := padded(some)
		all, err := listHeld(ctx, q, `WHERE h.id IN (`+list(1, len(args))+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, h := range all {
			held[h.Message.ID] = h
		}
	}
	return held, nil
}

// shown names the messages that the events of a batch show, and those that are, or were, held.
func shown(b *batch, out outcome) (ids map[chat.MessageID]bool, held []chat.HeldID) {
	ids = make(map[chat.MessageID]bool)
	for i, r := range out.Results {
		o := b.ops[i]
		if r.Code == "" && o.Op == "hold" || r.Dup {
			held = append(held, chat.HeldID(r.ID))
		}
		switch {
		case r.Dup:
			ids[chat.MessageID(r.ID)] = true
		case r.Seq == 0:
		case o.Op == "post" && o.Reply != "":
			ids[chat.MessageID(o.Reply)] = true
		case o.Op == "edit", o.Op == "react":
			ids[chat.MessageID(o.ID)] = true
		}
	}
	return ids, held
}

// liveEvent makes an op's event as readers hear it at once. Of an op that made none
// only room, author and time are set.
func liveEvent(o op, c chat.Change, r result, now present) chat.Event {
	e := chat.Event{
		Room: c.Room, Seq: chat.Seq(r.Seq), Pos: chat.Pos(r.Pos), Only: chat.UserID(r.Only),
		At: instant(o.At), By: c.By,
	}
	if r.Dup {
		duplicate(&e, o, r, now)
		return e
	}
	if r.Seq == 0 {
		return e
	}
	e.Prev = chat.Seq(r.Seq - o.Step)
	now.showTo(e.Only, &e, o, c, r)
	if e.Only != "" {
		return e
	}
	for _, u := range now.private.users(now.on(o)...) {
		own := e
		own.Own = nil
		now.showTo(u, &own, o, c, r)
		if e.Own == nil {
			e.Own = make(map[chat.UserID]*chat.Event)
		}
		e.Own[u] = &own
	}
	return e
}

// on are the messages that an op's event shows, or quotes.
func (p present) on(o op) []chat.Message {
	var all []chat.Message
	for _, id := range []string{o.ID, o.Reply} {
		if m, ok := p.messages[chat.MessageID(id)]; ok {
			all = append(all, m.Message)
		}
	}
	return all
}

// showTo fills in what an op's event shows to somebody.
func (p present) showTo(who chat.UserID, e *chat.Event, o op, c chat.Change, r result) {
	switch x := c.Op.(type) {
	case chat.Post:
		e.Kind = chat.EventMessage
		m := p.private.show(who, posted(x, o, r, p))
		e.Message = &m
	case chat.Edit:
		e.Kind = chat.EventEdited
		m := p.private.show(who, p.messages[x.ID].Message)
		m.ID, m.Room = x.ID, chat.RoomID(o.Room)
		m.Text, m.HTML, m.Plain, m.Mentions, m.EditedAt = x.Text, x.HTML, x.Plain, x.Mentions, instant(o.At)
		e.Message = &m
	case chat.Hide:
		e.Kind, e.Deleted = chat.EventDeleted, messageIDs(r.IDs)
	case chat.React:
		e.Kind = chat.EventReaction
		e.Reactions = &chat.Reactions{Message: x.ID, Totals: p.private.totals(who, x.ID, p.messages[x.ID].Reactions)}
	}
}

// duplicate answers a repeated post with what was stored the first time. Where
// retention took it since, its number is all that is left.
func duplicate(e *chat.Event, o op, r result, now present) {
	m, ok := now.messages[chat.MessageID(r.ID)]
	if !ok {
		m.Message = goneMessage(e.Room, chat.MessageID(r.ID), chat.UserID(o.Author), r.Seq, r.At)
	}
	m.Message = now.private.show(chat.UserID(o.Author), m.Message)
	e.Kind, e.Message, e.At, e.By = chat.EventMessage, &m.Message, m.At, m.Author.ID
}

func goneMessage(room chat.RoomID, id chat.MessageID, author chat.UserID, seq, at int64) chat.Message {
	return chat.Message{ID: id, Room: room, Seq: chat.Seq(seq), Author: chat.Author{ID: author}, At: instant(at)}
}

func posted(x chat.Post, o op, r result, now present) chat.Message {
	m := x.Message
	m.Room, m.Seq, m.At, m.Reactions, m.EditedAt = chat.RoomID(o.Room), chat.Seq(r.Seq), instant(o.Posted), nil, instant(0)
	if m.ReplyTo != nil {
		q := now.messages[m.ReplyTo.ID]
		m.ReplyTo = quote(q, m.ReplyTo.ID)
		if q.Shadow && !x.Shadow { // which others don't know of
			m.ReplyTo = nil
		}
	}
	return m
}

func messageIDs(ids []string) []chat.MessageID {
	out := make([]chat.MessageID, len(ids))
	for i, id := range ids {
		out[i] = chat.MessageID(id)
	}
	return out
}

package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/chatd/chatd/chat"
)

// view shows events of a room as things stand now: to viewer, or to everybody and to
// those whom events are for alone.
type view struct {
	room   roomRow
	viewer chat.UserID
	all    bool // events that others alone see, too

	states   map[chat.MessageID]messageState
	messages map[chat.MessageID]chat.Message // as everybody sees them
	private  *private
	pins     []chat.Message
}

// messageState says who sees a message.
type messageState struct {
	hidden int
	author chat.UserID
}

func (s messageState) visibleTo(u chat.UserID) bool {
	return s.hidden == hiddenNot || s.hidden == hiddenAlone && s.author == u
}

// load reads what the events show. Of deletions readers hear only ids, and one can name
// very many, so of hidden messages no more is read than that they are hidden.
func (v *view) load(ctx context.Context, q querier, rows []eventRow) error {
	if err := v.loadStates(ctx, q, rows); err != nil {
		return err
	}
	stored, err := messagesByID(ctx, q, v.inFull(rows))
	if err != nil {
		return err
	}
	v.messages = make(map[chat.MessageID]chat.Message, len(stored))
	for id, m := range stored {
		v.messages[id] = m.Message
	}
	if slices.ContainsFunc(rows, func(e eventRow) bool { return e.detail.Pins }) {
		if v.pins, err = loadPins(ctx, q, v.room.ID); err != nil {
			return err
		}
	}
	return v.loadPrivate(ctx, q)
}

// inFull are the messages of events that somebody is shown.
func (v *view) inFull(rows []eventRow) map[chat.MessageID]bool {
	ids := make(map[chat.MessageID]bool)
	for _, e := range rows {
		if e.Kind == chat.EventDeleted {
			continue
		}
		for _, id := range e.messageRefs() {
			if s, ok := v.states[id]; ok && (s.visibleTo(v.viewer) || v.all && s.hidden == hiddenAlone) {
				ids[id] = true
			}
		}
	}
	return ids
}

func (v *view) loadStates(ctx context.Context, q querier, rows []eventRow) error {
	ids := make(map[chat.MessageID]bool)
	for _, e := range rows {
		for _, id := range e.messageRefs() {
			ids[id] = true
		}
	}
	v.states = make(map[chat.MessageID]messageState, len(ids))
	for some := range slices.Chunk(slices.Collect(maps.Keys(ids)), maxList) {
		args := padded(some)
		found, err := q.QueryContext(ctx, `SELECT m.id, m.hidden, m.author_id FROM messages m WHERE m.id IN (`+list(1, len(args))+`)`, args...)
		if err != nil {
			return fmt.Errorf("look at messages: %w", err)
		}
		err = eachRow(found, func() error {
			var id chat.MessageID
			var s messageState
			err := found.Scan(&id, &s.hidden, &s.author)
			v.states[id] = s
			return err
		})
		if err != nil {
			return fmt.Errorf("look at messages: %w", err)
		}
	}
	return nil
}

// loadPrivate reads what the viewer, or anybody, sees otherwise.
func (v *view) loadPrivate(ctx context.Context, q querier) (err error) {
	v.private = &private{}
	if !v.all && !v.room.private {
		return nil
	}
	who := v.viewer
	if v.all {
		who = ""
	}
	v.private, err = loadPrivate(ctx, q, who, slices.Concat(slices.Collect(maps.Values(v.messages)), v.pins))
	return err
}

// shown are the messages that were read in full, as the viewer sees them.
func (v *view) shown() []chat.Message {
	all := make([]chat.Message, 0, len(v.messages))
	for _, m := range v.messages {
		all = append(all, v.private.show(v.viewer, m))
	}
	return all
}

// render shows the events; those that show nothing any more are left out.
func (v *view) render(rows []eventRow) ([]chat.Event, error) {
	events := make([]chat.Event, 0, len(rows))
	for i := range rows {
		e, ok, err := v.event(&rows[i])
		if err != nil {
			return nil, err
		}
		if ok {
			events = append(events, e)
		}
	}
	return events, nil
}

// event shows one event to whom it is for, and to those who see it otherwise; false
// where there is nothing to be seen.
func (v *view) event(row *eventRow) (chat.Event, bool, error) {
	who := v.viewer
	if v.all {
		who = row.Only
	}
	e, ok, err := v.showTo(who, row)
	if err != nil || !ok || !v.all || row.Only != "" {
		return e, ok, err
	}
	for _, u := range v.private.users(v.on(row)...) {
		own, _, err := v.showTo(u, row)
		if err != nil {
			return e, false, err
		}
		if e.Own == nil {
			e.Own = make(map[chat.UserID]*chat.Event)
		}
		e.Own[u] = &own
	}
	return e, true, nil
}

// on are the messages that an event shows.
func (v *view) on(row *eventRow) []chat.Message {
	var all []chat.Message
	if row.Kind != chat.EventDeleted {
		for _, id := range row.messageRefs() {
			if m, ok := v.messages[id]; ok {
				all = append(all, m)
			}
		}
	}
	if row.detail.Pins {
		all = append(all, v.pins...)
	}
	return all
}

// showTo fills in what the event shows to somebody today; false where that is nothing.
func (v *view) showTo(who chat.UserID, row *eventRow) (chat.Event, bool, error) {
	e := row.Event
	e.Epoch = v.room.Epoch
	visible := v.states[row.message].visibleTo(who) && v.states[row.message].author != ""
	switch e.Kind {
	case chat.EventMessage, chat.EventEdited:
		m := v.private.show(who, v.messages[row.message])
		e.Message = &m
		return e, visible, nil
	case chat.EventReaction:
		e.Reactions = &chat.Reactions{Message: row.message, Totals: v.private.totals(who, row.message, v.messages[row.message].Reactions)}
		return e, visible, nil
	case chat.EventDeleted, chat.EventRestored:
		v.listed(&e, who, row)
		return e, len(e.Deleted)+len(e.Restored) > 0, nil
	case chat.EventCleared:
		return e, true, nil
	case chat.EventRoom:
		return e, true, v.setRoom(&e, who, row)
	}
	return e, false, fmt.Errorf("room %s, seq %d: unknown kind %q", e.Room, e.Seq, e.Kind)
}

// listed fills in those messages of a deletion that are hidden by now, or those of a restoration that aren't.
func (v *view) listed(e *chat.Event, who chat.UserID, row *eventRow) {
	for _, id := range row.messageRefs() {
		s, ok := v.states[id]
		switch seen := ok && s.visibleTo(who); {
		case e.Kind == chat.EventDeleted && !seen:
			e.Deleted = append(e.Deleted, id)
		case e.Kind == chat.EventRestored && seen:
			e.Restored = append(e.Restored, v.private.show(who, v.messages[id]))
		}
	}
}

func (v *view) setRoom(e *chat.Event, who chat.UserID, row *eventRow) (err error) {
	if e.PinsSet = row.detail.Pins; e.PinsSet {
		for _, m := range v.pins {
			e.Pins = append(e.Pins, v.private.show(who, m))
		}
	}
	if row.detail.Archived {
		archived := !v.room.ArchivedAt.IsZero()
		e.Archived = &archived
	}
	e.Settings, err = patchOf(v.room.Settings, row.detail.Fields)
	return err
}

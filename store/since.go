package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/chatd/chatd/chat"
)

// detail is what an event's row holds besides one message's id: never text or names of
// people.
type detail struct {
	IDs    []string `json:"ids,omitempty"`    // messages hidden or restored
	Fields []string `json:"fields,omitempty"` // settings changed
	Pins   bool     `json:"pins,omitempty"`
}

func encodeDetail(d detail) string { return string(mustJSON(d)) }

// eventRow is an event as it is stored.
type eventRow struct {
	chat.Event
	message chat.MessageID
	detail  detail
}

// Since implements chat.Log.
func (s *Store) Since(ctx context.Context, room chat.RoomID, since chat.Position, limit int, want chat.SnapshotQuery) ([]chat.Event, chat.Snapshot, error) {
	var (
		events []chat.Event
		snap   chat.Snapshot
	)
	err := s.inRead(ctx, func(q querier) error {
		r, err := loadRoom(ctx, q, room)
		if err != nil {
			return err
		}
		if since.Epoch != r.Epoch || since.Seq > r.Seq || since.Seq < r.floor {
			return errCannotRecover
		}
		rows, err := loadEvents(ctx, q, `WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3`, string(room), int64(since.Seq), limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			return errCannotRecover
		}
		var messages map[chat.MessageID]chat.Message
		if events, messages, err = renderEvents(ctx, q, r, rows); err != nil {
			return err
		}
		if snap, err = snapshot(ctx, q, r, want); err != nil {
			return err
		}
		return addReacted(ctx, q, &snap, want.Viewer, messages)
	})
	if err != nil {
		return nil, chat.Snapshot{}, err
	}
	return events, snap, nil
}

// addReacted adds the viewer's own emoji on messages that aren't in the snapshot.
func addReacted(ctx context.Context, q querier, snap *chat.Snapshot, viewer chat.UserID, messages map[chat.MessageID]chat.Message) error {
	more, err := loadReacted(ctx, q, viewer, slices.Collect(maps.Values(messages)))
	for id, own := range more {
		snap.Reacted[id] = own
	}
	return err
}

func loadEvents(ctx context.Context, q querier, where string, args ...any) ([]eventRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT room, seq, pos, at, by_id, kind, message, detail FROM events `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	var all []eventRow
	err = eachRow(rows, func() error {
		var e eventRow
		var at int64
		var more string
		if err := rows.Scan(&e.Room, &e.Seq, &e.Pos, &at, &e.By, &e.Kind, &e.message, &more); err != nil {
			return err
		}
		e.At = instant(at)
		if more != "" {
			if err := json.Unmarshal([]byte(more), &e.detail); err != nil {
				return fmt.Errorf("decode detail: %w", err)
			}
		}
		all = append(all, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return all, nil
}

// messageRefs are the messages that an event is about.
func (e *eventRow) messageRefs() []chat.MessageID {
	if e.message != "" && e.Kind != chat.EventRoom {
		return []chat.MessageID{e.message}
	}
	return messageIDs(e.detail.IDs)
}

// visibleNow are those of the events' messages that may be shown.
func visibleNow(ctx context.Context, q querier, rows []eventRow) (map[chat.MessageID]bool, error) {
	ids := make(map[chat.MessageID]bool)
	for _, e := range rows {
		for _, id := range e.messageRefs() {
			ids[id] = true
		}
	}
	visible := make(map[chat.MessageID]bool, len(ids))
	for some := range slices.Chunk(slices.Collect(maps.Keys(ids)), maxList) {
		args := padded(some)
		found, err := q.QueryContext(ctx, `SELECT m.id FROM messages m WHERE m.id IN (`+list(1, len(args))+`) AND`+isVisible, args...)
		if err != nil {
			return nil, fmt.Errorf("look at messages: %w", err)
		}
		err = eachRow(found, func() error {
			var id chat.MessageID
			err := found.Scan(&id)
			visible[id] = true
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look at messages: %w", err)
		}
	}
	return visible, nil
}

// showable reads in full what the events show. Of deletions readers hear only ids, and
// one can name very many, so their messages aren't read.
func showable(ctx context.Context, q querier, rows []eventRow, visible map[chat.MessageID]bool) (map[chat.MessageID]chat.Message, error) {
	ids := make(map[chat.MessageID]bool)
	for _, e := range rows {
		if e.Kind == chat.EventDeleted {
			continue
		}
		for _, id := range e.messageRefs() {
			if visible[id] {
				ids[id] = true
			}
		}
	}
	stored, err := messagesByID(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	messages := make(map[chat.MessageID]chat.Message, len(stored))
	for id, m := range stored {
		messages[id] = m.Message
	}
	return messages, nil
}

// renderEvents shows a room's events as things stand now, and the messages in them;
// what is hidden by now is left out.
func renderEvents(ctx context.Context, q querier, r roomRow, rows []eventRow) ([]chat.Event, map[chat.MessageID]chat.Message, error) {
	visible, err := visibleNow(ctx, q, rows)
	if err != nil {
		return nil, nil, err
	}
	messages, err := showable(ctx, q, rows, visible)
	if err != nil {
		return nil, nil, err
	}
	var pins []chat.Message
	for _, e := range rows {
		if e.detail.Pins {
			if pins, err = loadPins(ctx, q, r.ID); err != nil {
				return nil, nil, err
			}
			break
		}
	}
	events := make([]chat.Event, 0, len(rows))
	for _, e := range rows {
		e.Epoch = r.Epoch
		ok, err := e.render(r, visible, messages, pins)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			events = append(events, e.Event)
		}
	}
	return events, messages, nil
}

// render fills in what the event shows today; false where that is nothing.
func (e *eventRow) render(r roomRow, visible map[chat.MessageID]bool, messages map[chat.MessageID]chat.Message, pins []chat.Message) (bool, error) {
	switch e.Kind {
	case chat.EventMessage, chat.EventEdited:
		m := messages[e.message]
		e.Message = &m
		return visible[e.message], nil
	case chat.EventReaction:
		e.Reactions = &chat.Reactions{Message: e.message, Totals: messages[e.message].Reactions}
		return visible[e.message], nil
	case chat.EventDeleted:
		for _, id := range e.messageRefs() {
			if !visible[id] {
				e.Deleted = append(e.Deleted, id)
			}
		}
		return len(e.Deleted) > 0, nil
	case chat.EventRestored:
		for _, id := range e.messageRefs() {
			if visible[id] {
				e.Restored = append(e.Restored, messages[id])
			}
		}
		return len(e.Restored) > 0, nil
	case chat.EventRoom:
		e.Pins, e.PinsSet = pins, e.detail.Pins
		if !e.PinsSet {
			e.Pins = nil
		}
		var err error
		e.Settings, err = patchOf(r.Settings, e.detail.Fields)
		return true, err
	}
	return false, fmt.Errorf("room %s, seq %d: unknown kind %q", e.Room, e.Seq, e.Kind)
}

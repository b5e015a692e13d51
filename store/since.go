package store

import (
	"context"
	"encoding/json"
	"fmt"

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
		var messages map[chat.MessageID]chat.StoredMessage
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
func addReacted(ctx context.Context, q querier, snap *chat.Snapshot, viewer chat.UserID, messages map[chat.MessageID]chat.StoredMessage) error {
	var visible []chat.Message
	for _, m := range messages {
		if !m.Hidden {
			visible = append(visible, m.Message)
		}
	}
	more, err := loadReacted(ctx, q, viewer, visible)
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

// messageRefs are the messages that events are about.
func messageRefs(rows []eventRow) map[chat.MessageID]bool {
	ids := make(map[chat.MessageID]bool, len(rows))
	for _, e := range rows {
		if e.message != "" && e.Kind != chat.EventRoom {
			ids[e.message] = true
		}
		for _, id := range e.detail.IDs {
			ids[chat.MessageID(id)] = true
		}
	}
	return ids
}

// renderEvents shows a room's events as things stand now; what is hidden by now is left out.
func renderEvents(ctx context.Context, q querier, r roomRow, rows []eventRow) ([]chat.Event, map[chat.MessageID]chat.StoredMessage, error) {
	messages, err := messagesByID(ctx, q, messageRefs(rows))
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
		ok, err := e.render(r, messages, pins)
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
func (e *eventRow) render(r roomRow, messages map[chat.MessageID]chat.StoredMessage, pins []chat.Message) (bool, error) {
	m, known := messages[e.message]
	visible := known && !m.Hidden
	switch e.Kind {
	case chat.EventMessage, chat.EventEdited:
		e.Message = &m.Message
		return visible, nil
	case chat.EventReaction:
		e.Reactions = &chat.Reactions{Message: e.message, Totals: m.Reactions}
		return visible, nil
	case chat.EventDeleted, chat.EventRestored:
		return e.renderList(messages), nil
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

// renderList names what a deletion still hides, or shows what a restoration still shows.
func (e *eventRow) renderList(messages map[chat.MessageID]chat.StoredMessage) bool {
	for _, id := range messageIDs(e.detail.IDs) {
		m, known := messages[id]
		switch visible := known && !m.Hidden; {
		case e.Kind == chat.EventDeleted && !visible:
			e.Deleted = append(e.Deleted, id)
		case e.Kind == chat.EventRestored && visible:
			e.Restored = append(e.Restored, m.Message)
		}
	}
	return len(e.Deleted)+len(e.Restored) > 0
}

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
	IDs      []string `json:"ids,omitempty"`    // messages hidden or restored
	Fields   []string `json:"fields,omitempty"` // settings changed
	Pins     bool     `json:"pins,omitempty"`
	Archived bool     `json:"archived,omitempty"` // the room was archived, or taken back
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
		r, err := loadRoom(ctx, q, room, want.Viewer)
		if err != nil {
			return err
		}
		rows, err := missed(ctx, q, r, since, limit, want)
		if err != nil {
			return err
		}
		v := view{room: r, viewer: want.Viewer, all: want.All}
		if err := v.load(ctx, q, rows); err != nil {
			return err
		}
		if events, err = v.render(rows); err != nil {
			return err
		}
		if snap, err = snapshot(ctx, q, r, want); err != nil {
			return err
		}
		return addReacted(ctx, q, &snap, want.Viewer, v.shown())
	})
	if err != nil {
		return nil, chat.Snapshot{}, err
	}
	return events, snap, nil
}

// missed reads the events after since that the asker may know of. Of what it must not
// know, it doesn't learn by being refused either.
func missed(ctx context.Context, q querier, r roomRow, since chat.Position, limit int, want chat.SnapshotQuery) ([]eventRow, error) {
	head := r.Shown
	if want.All {
		head = r.Seq
	}
	if since.Epoch != r.Epoch || since.Seq < 0 || since.Seq > head {
		return nil, errCannotRecover
	}
	if since.Seq == head {
		return nil, nil
	}
	if since.Seq < r.floor {
		return nil, errCannotRecover
	}
	where, args := ` AND only_id IN ('', $4)`, []any{string(r.ID), int64(since.Seq), limit + 1, string(want.Viewer)}
	if want.All {
		where, args = "", args[:3]
	}
	rows, err := loadEvents(ctx, q, `WHERE room = $1 AND seq > $2`+where+` ORDER BY seq LIMIT $3`, args...)
	if err == nil && len(rows) > limit {
		err = errCannotRecover
	}
	return rows, err
}

// addReacted adds the viewer's own emoji on messages that aren't in the snapshot.
func addReacted(ctx context.Context, q querier, snap *chat.Snapshot, viewer chat.UserID, messages []chat.Message) error {
	more, err := loadReacted(ctx, q, viewer, messages)
	for id, own := range more {
		snap.Reacted[id] = own
	}
	return err
}

func loadEvents(ctx context.Context, q querier, where string, args ...any) ([]eventRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT room, seq, pos, at, by_id, kind, message, detail, only_id FROM events `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	var all []eventRow
	err = eachRow(rows, func() error {
		var e eventRow
		var at int64
		var more string
		if err := rows.Scan(&e.Room, &e.Seq, &e.Pos, &at, &e.By, &e.Kind, &e.message, &more, &e.Only); err != nil {
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

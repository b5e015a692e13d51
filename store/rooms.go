package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/chatd/chatd/chat"
)

// roomRow is a room as it is stored.
type roomRow struct {
	chat.Room
	generation string
	floor      chat.Seq
	// private says that the viewer has been told something here that others haven't.
	private bool
}

// roomColumns are those of a room r, which need not be stored, and of the generation g,
// in the order of scan.
const roomColumns = `r.id IS NOT NULL, g.value, coalesce(r.incarnation, 0), coalesce(r.seq, 0), coalesce(r.shown, 0),
	coalesce(r.floor, 0), coalesce(r.version, 0), coalesce(r.settings, '{}'), coalesce(r.archived_at, 0), coalesce(r.created_at, 0)`

// loadRoom reads a room as viewer may know it; one that isn't stored has the epoch that it
// would get, one that is being deleted is room_unknown.
func loadRoom(ctx context.Context, q querier, id chat.RoomID, viewer chat.UserID) (roomRow, error) {
	r := roomRow{Room: chat.Room{ID: id}}
	var next, own sql.NullInt64
	var removed int64
	err := r.scan(q.QueryRowContext(ctx, `SELECT `+roomColumns+`,
		(SELECT incarnation + 1 FROM removed_rooms WHERE id = $1),
		(SELECT max(e.seq) FROM events e WHERE e.room = $1 AND e.only_id = $2 AND e.only_id <> ''),
		coalesce(r.removed_at, 0)
		FROM meta g LEFT JOIN rooms r ON r.id = $1 WHERE g.name = 'generation'`, string(id), string(viewer)), &next, &own, &removed)
	if err != nil {
		return roomRow{}, fmt.Errorf("read room: %w", err)
	}
	if removed > 0 {
		return roomRow{}, errRoomUnknown
	}
	if !r.Stored {
		r.Epoch = epoch(r.generation, next.Int64)
	}
	r.private = own.Valid
	r.Shown = max(r.Shown, chat.Seq(own.Int64))
	return r, nil
}

// scan reads roomColumns and what follows.
func (r *roomRow) scan(row interface{ Scan(into ...any) error }, more ...any) error {
	var settings string
	var incarnation, archived, created int64
	err := row.Scan(append([]any{&r.Stored, &r.generation, &incarnation, &r.Seq, &r.Shown, &r.floor, &r.Version, &settings,
		&archived, &created}, more...)...)
	if err != nil {
		return err
	}
	r.Epoch, r.ArchivedAt, r.CreatedAt = epoch(r.generation, incarnation), instant(archived), instant(created)
	r.Settings, err = decodeSettings(settings)
	return err
}

// inKnownRoom is that a row of h isn't of a room that is being deleted.
const inKnownRoom = ` h.room NOT IN (SELECT id FROM rooms WHERE removed_at > 0) `

// notRemoved refuses a room that is being deleted; room_unknown.
func notRemoved(ctx context.Context, q querier, room chat.RoomID) error {
	var removed bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM rooms WHERE id = $1 AND removed_at > 0)`, string(room)).Scan(&removed)
	switch {
	case err != nil:
		return fmt.Errorf("read room: %w", err)
	case removed:
		return errRoomUnknown
	}
	return nil
}

// isPrivate reports whether viewer has been told something in room that others haven't.
func isPrivate(ctx context.Context, q querier, room chat.RoomID, viewer chat.UserID) (bool, error) {
	if viewer == "" {
		return false, nil
	}
	var yes bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM events e WHERE e.room = $1 AND e.only_id = $2 AND e.only_id <> '')`,
		string(room), string(viewer)).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look for own events: %w", err)
	}
	return yes, nil
}

// Snapshot implements chat.Log.
func (s *Store) Snapshot(ctx context.Context, room chat.RoomID, want chat.SnapshotQuery) (chat.Snapshot, error) {
	var snap chat.Snapshot
	err := s.inRead(ctx, func(q querier) error {
		r, err := loadRoom(ctx, q, room, want.Viewer)
		if err == nil {
			snap, err = snapshot(ctx, q, r, want)
		}
		return err
	})
	return snap, err
}

func snapshot(ctx context.Context, q querier, r roomRow, want chat.SnapshotQuery) (chat.Snapshot, error) {
	snap := chat.Snapshot{Room: r.Room, Reacted: map[chat.MessageID][]string{}}
	err := loadRead(ctx, q, r.ID, want.Viewer, &snap.Read)
	if err == nil && want.Viewer != "" {
		snap.Held, err = heldOf(ctx, q, r.ID, want.Viewer)
	}
	if err != nil || !r.Stored {
		return snap, err
	}
	if want.Messages > 0 {
		if snap.Messages, err = visibleBefore.load(ctx, q, r.private, r.ID, want.Viewer, math.MaxInt64, want.Messages); err != nil {
			return snap, err
		}
	}
	if snap.Pins, err = loadPins(ctx, q, r.ID); err != nil {
		return snap, err
	}
	if r.private {
		if err = showTo(ctx, q, want.Viewer, snap.Messages, snap.Pins); err != nil {
			return snap, err
		}
	}
	snap.Reacted, err = loadReacted(ctx, q, want.Viewer, snap.Messages)
	return snap, err
}

func loadRead(ctx context.Context, q querier, room chat.RoomID, viewer chat.UserID, into *chat.Seq) error {
	if viewer == "" {
		return nil
	}
	err := q.QueryRowContext(ctx, `SELECT seq FROM read_markers WHERE user_id = $1 AND room = $2`,
		string(viewer), string(room)).Scan(into)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read marker: %w", err)
	}
	return nil
}

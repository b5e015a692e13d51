package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/cases"

	"github.com/chatd/chatd/chat"
)

// roomRow is a room as it is stored.
type roomRow struct {
	chat.Room
	floor chat.Seq
	// private says that the viewer has been told something here that others haven't.
	private bool
}

// roomColumns are those of a room r and the generation g, in the order of scanRoom.
const roomColumns = `g.value, r.incarnation, r.seq, r.shown, r.floor, r.version, r.settings, r.archived_at, r.created_at`

// loadRoom reads a room as viewer may know it; one that was never stored has the present generation.
func loadRoom(ctx context.Context, q querier, id chat.RoomID, viewer chat.UserID) (roomRow, error) {
	r := roomRow{Room: chat.Room{ID: id, Settings: chat.DefaultSettings()}}
	var generation string
	var removed, own sql.NullInt64
	var stored bool
	err := q.QueryRowContext(ctx, `SELECT g.value, r.id IS NOT NULL, x.incarnation + 1,
		(SELECT max(e.seq) FROM events e WHERE e.room = $1 AND e.only_id = $2 AND e.only_id <> '')
		FROM meta g LEFT JOIN rooms r ON r.id = $1 LEFT JOIN removed_rooms x ON x.id = $1 WHERE g.name = 'generation'`,
		string(id), string(viewer)).Scan(&generation, &stored, &removed, &own)
	if err == nil && stored {
		err = r.scan(q.QueryRowContext(ctx, `SELECT r.id, `+roomColumns+` FROM rooms r
			JOIN meta g ON g.name = 'generation' WHERE r.id = $1`, string(id)))
	} else {
		r.Epoch = epoch(generation, removed.Int64)
	}
	if err != nil {
		return roomRow{}, fmt.Errorf("read room: %w", err)
	}
	r.private = own.Valid
	r.Shown = max(r.Shown, chat.Seq(own.Int64))
	return r, nil
}

// scan reads an id and roomColumns.
func (r *roomRow) scan(row interface{ Scan(into ...any) error }) error {
	var generation, settings string
	var incarnation, archived, created int64
	err := row.Scan(&r.ID, &generation, &incarnation, &r.Seq, &r.Shown, &r.floor, &r.Version, &settings, &archived, &created)
	if err != nil {
		return err
	}
	r.Stored = true
	r.Epoch, r.ArchivedAt, r.CreatedAt = epoch(generation, incarnation), instant(archived), instant(created)
	r.Settings, err = decodeSettings(settings)
	return err
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
		snap.Held, err = loadHeld(ctx, q, `WHERE author_id = $1 AND room = $2 AND state = 'pending' ORDER BY id LIMIT $3`,
			string(want.Viewer), string(r.ID), chat.MaxHeldShown)
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

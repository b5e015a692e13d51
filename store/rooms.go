package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/chatd/chatd/chat"
)

// roomRow is a room as it is stored.
type roomRow struct {
	chat.Room
	floor chat.Seq
}

// loadRoom reads a room; one that was never stored has the present generation.
func loadRoom(ctx context.Context, q querier, id chat.RoomID) (roomRow, error) {
	var (
		generation, settings  string
		incarnation, seq, low sql.NullInt64
		stored                sql.NullString
	)
	err := q.QueryRowContext(ctx, `SELECT g.value, r.incarnation, r.seq, r.floor, r.settings
		FROM meta g LEFT JOIN rooms r ON r.id = $1 WHERE g.name = 'generation'`, string(id)).
		Scan(&generation, &incarnation, &seq, &low, &stored)
	if err != nil {
		return roomRow{}, fmt.Errorf("read room: %w", err)
	}
	settings = "{}"
	if stored.Valid {
		settings = stored.String
	}
	r := roomRow{
		Room:  chat.Room{ID: id, Epoch: epoch(generation, incarnation.Int64), Seq: chat.Seq(seq.Int64), Stored: stored.Valid},
		floor: chat.Seq(low.Int64),
	}
	r.Settings, err = decodeSettings(settings)
	return r, err
}

// Rooms implements chat.Rooms.
func (s *Store) Rooms(ctx context.Context, after chat.RoomID, limit int) ([]chat.Room, error) {
	var all []chat.Room
	err := s.inRead(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT r.id, r.incarnation, r.seq, r.settings, g.value
			FROM rooms r JOIN meta g ON g.name = 'generation'
			WHERE r.id COLLATE "binary" > $1 ORDER BY r.id COLLATE "binary" LIMIT $2`, string(after), limit)
		if err != nil {
			return err
		}
		return eachRow(rows, func() error {
			r := chat.Room{Stored: true}
			var incarnation int64
			var settings, generation string
			if err := rows.Scan(&r.ID, &incarnation, &r.Seq, &settings, &generation); err != nil {
				return err
			}
			r.Epoch = epoch(generation, incarnation)
			r.Settings, err = decodeSettings(settings)
			all = append(all, r)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	return all, nil
}

// CountRooms implements chat.Rooms.
func (s *Store) CountRooms(ctx context.Context) (int, error) {
	return s.count(ctx, `SELECT count(*) FROM rooms`)
}

func (s *Store) count(ctx context.Context, query string) (int, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("count: %w", s.passing(err))
	}
	return n, nil
}

// Snapshot implements chat.Log.
func (s *Store) Snapshot(ctx context.Context, room chat.RoomID, want chat.SnapshotQuery) (chat.Snapshot, error) {
	var snap chat.Snapshot
	err := s.inRead(ctx, func(q querier) error {
		r, err := loadRoom(ctx, q, room)
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
	if err != nil || !r.Stored {
		return snap, err
	}
	if want.Messages > 0 {
		last, err := loadMessages(ctx, q, newestVisible, string(r.ID), want.Messages)
		if err != nil {
			return snap, err
		}
		snap.Messages = oldestFirst(last)
	}
	if snap.Pins, err = loadPins(ctx, q, r.ID); err != nil {
		return snap, err
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

func oldestFirst(newest []chat.StoredMessage) []chat.Message {
	out := make([]chat.Message, len(newest))
	for i, m := range newest {
		out[len(out)-1-i] = m.Message
	}
	return out
}

package store

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"

	"github.com/chatd/chatd/chat"
)

// listStep is how many rows one statement reads of a list that is filtered outside of the database.
const listStep = 256

// Rooms implements chat.Rooms.
func (s *Store) Rooms(ctx context.Context, want chat.RoomQuery) ([]chat.Room, error) {
	var all []chat.Room
	text := fold(want.Text)
	err := s.inRead(ctx, func(q querier) error {
		for after := string(want.After); len(all) < want.Limit; {
			step := listStep
			if text == "" && want.Within == nil {
				step = want.Limit
			}
			some, err := listRooms(ctx, q, after, want, step)
			if err != nil {
				return err
			}
			for _, r := range some {
				if within(want.Within, r.ID) && (strings.Contains(string(r.ID), text) || strings.Contains(fold(r.Settings.Title), text)) {
					all = append(all, r)
				}
			}
			if len(some) < step {
				return nil
			}
			after = string(some[len(some)-1].ID)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	return all[:min(len(all), max(want.Limit, 0))], nil
}

func fold(s string) string { return cases.Fold().String(s) }

// within reports whether a room's name matches one of globs; nil: every one does.
func within(globs []string, room chat.RoomID) bool {
	return globs == nil || slices.ContainsFunc(globs, func(glob string) bool {
		ok, _ := path.Match(glob, string(room))
		return ok
	})
}

func listRooms(ctx context.Context, q querier, after string, want chat.RoomQuery, limit int) ([]chat.Room, error) {
	where := map[bool]string{true: ` AND r.archived_at > 0`, false: ` AND r.archived_at = 0`}
	which, args := "", []any{after, limit}
	if want.Archived != nil {
		which = where[*want.Archived]
	}
	if want.Only != nil {
		only := padded(want.Only)
		which += ` AND r.id IN (` + list(len(args)+1, len(only)) + `)`
		args = append(args, only...)
	}
	rows, err := q.QueryContext(ctx, `SELECT r.id, r.incarnation, r.seq, r.version, r.settings, r.archived_at, r.created_at, g.value
		FROM rooms r CROSS JOIN meta g WHERE g.name = 'generation' AND r.removed_at = 0 AND r.id COLLATE "binary" > $1`+which+`
		ORDER BY r.id COLLATE "binary" LIMIT $2`, args...)
	if err != nil {
		return nil, err
	}
	var all []chat.Room
	err = eachRow(rows, func() error {
		r := chat.Room{Stored: true}
		var incarnation, archivedAt, createdAt int64
		var settings, generation string
		if err := rows.Scan(&r.ID, &incarnation, &r.Seq, &r.Version, &settings, &archivedAt, &createdAt, &generation); err != nil {
			return err
		}
		r.Epoch, r.Shown = epoch(generation, incarnation), r.Seq
		r.ArchivedAt, r.CreatedAt = instant(archivedAt), instant(createdAt)
		var err error
		r.Settings, err = decodeSettings(settings)
		all = append(all, r)
		return err
	})
	return all, err
}

// CountRooms implements chat.Rooms.
func (s *Store) CountRooms(ctx context.Context) (int, error) {
	return s.count(ctx, `SELECT count(*) FROM rooms WHERE removed_at = 0`)
}

func (s *Store) count(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count: %w", s.passing(err))
	}
	return n, nil
}

// lockdownColumns are those of scanLockdown.
const lockdownColumns = `id, act, room, level, interval_ms, by_id, reason, at, until_at`

// Lockdowns implements chat.Rooms, the oldest first.
func (s *Store) Lockdowns(ctx context.Context, now time.Time) ([]chat.Lockdown, error) {
	all, err := listLockdowns(ctx, s.read, `WHERE lifted_at = 0 AND until_at > $1 ORDER BY id`, millis(now))
	return all, s.passing(err)
}

func listLockdowns(ctx context.Context, q querier, where string, args ...any) ([]chat.Lockdown, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+lockdownColumns+` FROM lockdowns `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read lock-downs: %w", err)
	}
	var all []chat.Lockdown
	err = eachRow(rows, func() error {
		var l chat.Lockdown
		var interval, at, until int64
		err := rows.Scan(&l.ID, &l.Act, &l.Room, &l.Level, &interval, &l.By, &l.Reason, &at, &until)
		l.Interval, l.At, l.Until = time.Duration(interval)*time.Millisecond, instant(at), instant(until)
		all = append(all, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read lock-downs: %w", err)
	}
	return all, nil
}

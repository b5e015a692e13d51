package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// The bounds of one step of the housekeeper, so that appends hardly wait for it.
const (
	retainStep = 500  // events trimmed
	cleanStep  = 1000 // rows deleted
	roomsStep  = 200  // rooms looked at
)

// decidedLife is how long a held message is kept after it was released or refused.
const decidedLife = 30 * 24 * time.Hour

// guestMarkerLife is how long a guest's read markers are kept.
const guestMarkerLife = 30 * 24 * time.Hour

func (s *Store) housekeepingLoop(ctx context.Context) {
	t := time.NewTicker(s.cfg.Housekeeping)
	defer t.Stop()
	for do := s.keepHouse; ; {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("housekeeping failed, trying again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			do = s.keepHouse
		case <-s.sweep:
			do = s.sweepRooms
		}
	}
}

// keepHouse takes away what is no longer to be kept.
func (s *Store) keepHouse(ctx context.Context) error {
	now := s.cfg.Clock()
	if err := s.db.stamp(ctx); err != nil {
		return err
	}
	if err := s.sweepRooms(ctx); err != nil {
		return err
	}
	if err := s.retain(ctx, now); err != nil {
		return err
	}
	all := slices.Concat(cleanings, directoryCleanings)
	if s.node != nil {
		all = append(all, batchCleaning)
	}
	for _, c := range all {
		if err := s.clean(ctx, c.query, millis(now.Add(-c.life))); err != nil {
			return err
		}
	}
	return nil
}

// cleaning deletes what is older than $1, its life, at most $2 rows at a time.
type cleaning struct {
	query string
	life  time.Duration
}

// cleanings are those of the log.
var cleanings = []cleaning{
	{`DELETE FROM kept WHERE (caller, name) IN
		(SELECT caller, name FROM kept WHERE at < $1 ORDER BY at LIMIT $2)`, chat.KeepFor},
	{fmt.Sprintf(`UPDATE held SET state = 'refused', code = 'expired', by_id = '%s', decided_at = CAST($1 AS BIGINT) + %d
		WHERE state = 'pending' AND id IN (SELECT id FROM held WHERE state = 'pending' AND posted_at < $1 ORDER BY posted_at LIMIT $2)`,
		chat.System, chat.HeldFor.Milliseconds()), chat.HeldFor},
	{`DELETE FROM held WHERE id IN
		(SELECT id FROM held WHERE decided_at > 0 AND decided_at < $1 ORDER BY decided_at LIMIT $2)`, decidedLife},
	{`DELETE FROM nonces WHERE (room, author, nonce) IN
		(SELECT room, author, nonce FROM nonces WHERE at < $1 ORDER BY at LIMIT $2)`, nonceLife},
	{`DELETE FROM read_markers WHERE (user_id, room) IN
		(SELECT user_id, room FROM read_markers WHERE at < $1 AND user_id LIKE 'g:%' ORDER BY at LIMIT $2)`, guestMarkerLife},
}

// batchCleaning is of committers that are long gone; a live one writes with every batch.
// SQLite has one.
var batchCleaning = cleaning{`DELETE FROM batches WHERE writer IN
	(SELECT writer FROM batches WHERE at < $1 ORDER BY at LIMIT $2)`, guestMarkerLife}

func (s *Store) clean(ctx context.Context, query string, before int64) error {
	for {
		res, err := s.write.ExecContext(ctx, query, before, cleanStep)
		if err != nil {
			return fmt.Errorf("clean: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n < cleanStep {
			return err
		}
	}
}

// retain raises the floor of every room that keeps a limited history.
func (s *Store) retain(ctx context.Context, now time.Time) error {
	var last chat.RoomID
	for {
		rooms, err := s.Rooms(ctx, chat.RoomQuery{After: last, Limit: roomsStep})
		if err != nil {
			return err
		}
		for _, r := range rooms {
			if err := s.retainRoom(ctx, r, now); err != nil {
				return fmt.Errorf("retain %s: %w", r.ID, err)
			}
			last = r.ID
		}
		if len(rooms) < roomsStep {
			return nil
		}
	}
}

// retainRoom trims what a room's settings don't keep, step by step. The room's last
// number stays what it is, even when its event goes.
func (s *Store) retainRoom(ctx context.Context, r chat.Room, now time.Time) error {
	cut, err := s.cut(ctx, r, now)
	if err != nil {
		return err
	}
	for cut > 0 {
		var next sql.NullInt64
		err := s.read.QueryRowContext(ctx, `SELECT max(seq) FROM (SELECT seq FROM events
			WHERE room = $1 AND seq <= $2 ORDER BY seq LIMIT $3) AS step`, string(r.ID), cut, retainStep).Scan(&next)
		if err != nil || !next.Valid {
			return err
		}
		if err := s.db.trim(ctx, r.ID, chat.Seq(next.Int64)); err != nil {
			return err
		}
		if next.Int64 >= cut {
			return nil
		}
	}
	return nil
}

// inRoom are all messages of room $1, by the index messages_visible.
const inRoom = `SELECT seq, at, shadow FROM messages WHERE room = $1 AND hidden = 0
	UNION ALL SELECT seq, at, shadow FROM messages WHERE room = $1 AND hidden = 1
	UNION ALL SELECT seq, at, shadow FROM messages WHERE room = $1 AND hidden = 2`

// cut is the seq of the newest message that r doesn't keep; 0: it keeps all.
func (s *Store) cut(ctx context.Context, r chat.Room, now time.Time) (int64, error) {
	var byCount, byAge sql.NullInt64
	if n := r.Settings.RetainCount; n > 0 { // of those that everybody could see, or they could count others'
		err := s.read.QueryRowContext(ctx, `SELECT max(seq) FROM (SELECT seq FROM (`+inRoom+`) AS m
			WHERE shadow = 0 ORDER BY seq DESC LIMIT 1 OFFSET $2) AS beyond`, string(r.ID), n).Scan(&byCount)
		if err != nil {
			return 0, fmt.Errorf("count messages: %w", err)
		}
	}
	if d := r.Settings.RetainFor; d > 0 {
		err := s.read.QueryRowContext(ctx, `SELECT max(seq) FROM messages WHERE room = $1 AND hidden IN (0, 1, 2) AND seq <
			coalesce((SELECT seq FROM (`+inRoom+`) AS m WHERE at >= $2 ORDER BY seq LIMIT 1), $3)`,
			string(r.ID), millis(now.Add(-d)), int64(math.MaxInt64)).Scan(&byAge)
		if err != nil {
			return 0, fmt.Errorf("find old messages: %w", err)
		}
	}
	return max(byCount.Int64, byAge.Int64), nil
}

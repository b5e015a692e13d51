package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// sweepStep is how many rows one transaction deletes of a room that was removed. With its
// messages goes what hangs on them.
const sweepStep = 250

// sweepings delete at most $2 rows of room $1.
var sweepings = []string{
	`DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE room = $1 LIMIT $2)`,
	`DELETE FROM events WHERE room = $1 AND seq IN (SELECT seq FROM events WHERE room = $1 ORDER BY seq LIMIT $2)`,
	`DELETE FROM nonces WHERE (room, author, nonce) IN (SELECT room, author, nonce FROM nonces WHERE room = $1 LIMIT $2)`,
	`DELETE FROM held WHERE id IN (SELECT id FROM held WHERE room = $1 LIMIT $2)`,
	`DELETE FROM read_markers WHERE (user_id, room) IN (SELECT user_id, room FROM read_markers WHERE room = $1 LIMIT $2)`,
}

// wakeSweeper hints that there is a room to be swept, where a deed removed one.
func (s *Store) wakeSweeper(e chat.Enacted) {
	if !slices.ContainsFunc(e.Act.Effects, func(x chat.ActEffect) bool { return x.What == "room_deleted" }) {
		return
	}
	select {
	case s.sweep <- struct{}{}:
	default:
	}
}

// sweepRooms deletes what removed rooms hold, step by step and outside of the log's lock,
// and then gives their names free.
func (s *Store) sweepRooms(ctx context.Context) error {
	rooms, err := s.removedRooms(ctx)
	if err != nil {
		return fmt.Errorf("list removed rooms: %w", err)
	}
	for _, room := range rooms {
		if err := s.sweepRoom(ctx, room); err != nil {
			return fmt.Errorf("sweep %s: %w", room, err)
		}
	}
	return nil
}

func (s *Store) removedRooms(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM rooms WHERE removed_at > 0`)
	if err != nil {
		return nil, err
	}
	var all []string
	err = eachRow(rows, func() error {
		var id string
		err := rows.Scan(&id)
		all = append(all, id)
		return err
	})
	return all, err
}

func (s *Store) sweepRoom(ctx context.Context, room string) error {
	for _, query := range sweepings {
		for more := true; more; {
			start := time.Now()
			n, err := s.inRemoved(ctx, room, query, room, sweepStep)
			if err != nil {
				return err
			}
			if more = n == sweepStep; s.committing() {
				pause(ctx, searchShare*time.Since(start))
			}
		}
	}
	_, err := s.inRemoved(ctx, room, `DELETE FROM rooms WHERE id = $1`, room)
	return err
}

// inRemoved runs a statement while a room is a removed one, and says how many rows it
// changed. Another node may have been done with it, and the name may be in use again.
func (s *Store) inRemoved(ctx context.Context, room, query string, args ...any) (n int64, err error) {
	err = s.inWrite(ctx, func(q querier) error {
		held, err := q.ExecContext(ctx, `UPDATE rooms SET removed_at = removed_at WHERE id = $1 AND removed_at > 0`, room)
		if err != nil {
			return err
		}
		if there, err := held.RowsAffected(); err != nil || there == 0 {
			return err
		}
		res, err := q.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/chatd/chatd/chat"
)

// The visible messages of a room, found by the index messages_visible.
const (
	newestVisible = `WHERE m.room = $1 AND` + isVisible + `ORDER BY m.seq DESC LIMIT $2`
	visibleBefore = `WHERE m.room = $1 AND m.seq < $2 AND` + isVisible + `ORDER BY m.seq DESC LIMIT $3`
	visibleFrom   = `WHERE m.room = $1 AND m.seq >= $2 AND` + isVisible + `ORDER BY m.seq LIMIT $3`
	visibleBeyond = `SELECT
		EXISTS (SELECT 1 FROM messages m WHERE m.room = $1 AND m.seq < $2 AND` + isVisible + `),
		EXISTS (SELECT 1 FROM messages m WHERE m.room = $1 AND m.seq > $3 AND` + isVisible + `)`
)

// Page implements chat.Log.
func (s *Store) Page(ctx context.Context, room chat.RoomID, want chat.PageQuery) (chat.Page, error) {
	var p chat.Page
	err := s.inRead(ctx, func(q querier) error {
		older, newer, from := want.Limit, 0, int64(want.Before)
		if want.Around != "" {
			var err error
			if from, err = visibleSeq(ctx, q, room, want.Around); err != nil {
				return err
			}
			older = want.Limit / 2
			newer = max(want.Limit-older, 1) // the message itself is the first of these
		}
		var before, after []chat.StoredMessage
		var err error
		if older > 0 {
			before, err = loadMessages(ctx, q, visibleBefore, string(room), from, older)
		}
		if err == nil && newer > 0 {
			after, err = loadMessages(ctx, q, visibleFrom, string(room), from, newer)
		}
		if err != nil {
			return err
		}
		p.Messages = append(oldestFirst(before), bare(after)...)
		if err := setMore(ctx, q, room, &p, from); err != nil {
			return err
		}
		p.Reacted, err = loadReacted(ctx, q, want.Viewer, p.Messages)
		return err
	})
	return p, err
}

// setMore tells whether visible messages exist on either side of a page. An empty page is at from.
func setMore(ctx context.Context, q querier, room chat.RoomID, p *chat.Page, from int64) error {
	first, last := from, from-1
	if n := len(p.Messages); n > 0 {
		first, last = int64(p.Messages[0].Seq), int64(p.Messages[n-1].Seq)
	}
	err := q.QueryRowContext(ctx, visibleBeyond, string(room), first, last).Scan(&p.MoreBefore, &p.MoreAfter)
	if err != nil {
		return fmt.Errorf("look beyond page: %w", err)
	}
	return nil
}

func visibleSeq(ctx context.Context, q querier, room chat.RoomID, id chat.MessageID) (int64, error) {
	var seq int64
	err := q.QueryRowContext(ctx, `SELECT m.seq FROM messages m WHERE m.id = $1 AND m.room = $2 AND`+isVisible,
		string(id), string(room)).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errMessageNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("find message: %w", err)
	}
	return seq, nil
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/chatd/chatd/chat"
)

// visibleQuery finds messages of a room that everybody sees, by the index
// messages_visible, and those that one author alone sees, by messages_own. However many
// hidden ones lie between, none is read past.
type visibleQuery struct {
	all, own string
	newest   bool // the newest first
}

var (
	visibleBefore = visibleQuery{
		all:    `WHERE m.room = $1 AND m.seq < $2 AND` + isVisible + `ORDER BY m.seq DESC LIMIT $3`,
		own:    `WHERE m.room = $1 AND m.author_id = $4 AND m.seq < $2 AND` + isOwn + `ORDER BY m.seq DESC LIMIT $3`,
		newest: true,
	}
	visibleFrom = visibleQuery{
		all: `WHERE m.room = $1 AND m.seq >= $2 AND` + isVisible + `ORDER BY m.seq LIMIT $3`,
		own: `WHERE m.room = $1 AND m.author_id = $4 AND m.seq >= $2 AND` + isOwn + `ORDER BY m.seq LIMIT $3`,
	}
)

// visibleBeyond tells whether there are messages before $2 and after $3.
const (
	visibleBeyond = `SELECT
		EXISTS (SELECT 1 FROM messages m WHERE m.room = $1 AND m.seq < $2 AND` + isVisible + `),
		EXISTS (SELECT 1 FROM messages m WHERE m.room = $1 AND m.seq > $3 AND` + isVisible + `)`
	ownBeyond = `SELECT
		EXISTS (SELECT 1 FROM messages m WHERE m.room = $1 AND m.author_id = $4 AND m.seq < $2 AND` + isOwn + `),
		EXISTS (SELECT 1 FROM messages m WHERE m.room = $1 AND m.author_id = $4 AND m.seq > $3 AND` + isOwn + `)`
)

// load reads up to limit messages, oldest first. Only where the viewer has something
// private there are some that they alone see.
func (v visibleQuery) load(ctx context.Context, q querier, private bool, room chat.RoomID, viewer chat.UserID, from int64, limit int) ([]chat.Message, error) {
	args := []any{string(room), from, limit}
	stored, err := loadMessages(ctx, q, v.all, args...)
	if err == nil && private {
		var own []chat.StoredMessage
		own, err = loadMessages(ctx, q, v.own, append(args, string(viewer))...)
		stored = append(stored, own...)
	}
	if err != nil {
		return nil, err
	}
	all := bare(stored)
	slices.SortFunc(all, func(x, y chat.Message) int { return cmp.Compare(x.Seq, y.Seq) })
	if extra := len(all) - limit; extra > 0 && v.newest {
		all = all[extra:]
	} else if extra > 0 {
		all = all[:limit]
	}
	return all, nil
}

// Page implements chat.Log.
func (s *Store) Page(ctx context.Context, room chat.RoomID, want chat.PageQuery) (chat.Page, error) {
	var p chat.Page
	err := s.inRead(ctx, func(q querier) error {
		if err := notRemoved(ctx, q, room); err != nil {
			return err
		}
		private, err := isPrivate(ctx, q, room, want.Viewer)
		if err != nil {
			return err
		}
		older, newer, from := want.Limit, 0, int64(want.Before)
		if want.Around != "" {
			if from, err = visibleSeq(ctx, q, room, want.Around, want.Viewer); err != nil {
				return err
			}
			older = want.Limit / 2
			newer = max(want.Limit-older, 1) // the message itself is the first of these
		}
		if older > 0 {
			p.Messages, err = visibleBefore.load(ctx, q, private, room, want.Viewer, from, older)
		}
		if err == nil && newer > 0 {
			var after []chat.Message
			after, err = visibleFrom.load(ctx, q, private, room, want.Viewer, from, newer)
			p.Messages = append(p.Messages, after...)
		}
		if err == nil {
			err = setMore(ctx, q, room, &p, from, private, want.Viewer)
		}
		if err == nil && private {
			err = showTo(ctx, q, want.Viewer, p.Messages)
		}
		if err != nil {
			return err
		}
		p.Reacted, err = loadReacted(ctx, q, want.Viewer, p.Messages)
		return err
	})
	return p, err
}

// setMore tells whether visible messages exist on either side of a page. An empty page is at from.
func setMore(ctx context.Context, q querier, room chat.RoomID, p *chat.Page, from int64, private bool, viewer chat.UserID) error {
	first, last := from, from-1
	if n := len(p.Messages); n > 0 {
		first, last = int64(p.Messages[0].Seq), int64(p.Messages[n-1].Seq)
	}
	err := q.QueryRowContext(ctx, visibleBeyond, string(room), first, last).Scan(&p.MoreBefore, &p.MoreAfter)
	if err == nil && private {
		var before, after bool
		err = q.QueryRowContext(ctx, ownBeyond, string(room), first, last, string(viewer)).Scan(&before, &after)
		p.MoreBefore, p.MoreAfter = p.MoreBefore || before, p.MoreAfter || after
	}
	if err != nil {
		return fmt.Errorf("look beyond page: %w", err)
	}
	return nil
}

func visibleSeq(ctx context.Context, q querier, room chat.RoomID, id chat.MessageID, viewer chat.UserID) (int64, error) {
	var seq int64
	err := q.QueryRowContext(ctx, `SELECT m.seq FROM messages m WHERE m.id = $1 AND m.room = $2
		AND (`+isVisible+`OR`+isOwn+`AND m.author_id = $3)`, string(id), string(room), string(viewer)).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errMessageNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("find message: %w", err)
	}
	return seq, nil
}

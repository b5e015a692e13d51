package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/chatd/chatd/chat"
)

// sqlMark reads what of a room changes whenever anything does that everybody sees of it.
const sqlMark = `SELECT g.value, coalesce(r.incarnation, (SELECT incarnation + 1 FROM removed_rooms WHERE id = $1), 0),
	coalesce(r.seq, 0), coalesce(r.floor, 0), coalesce(r.version, 0), coalesce(r.removed_at, 0)
	FROM meta g LEFT JOIN rooms r ON r.id = $1 WHERE g.name = 'generation'`

// loadMark reads a room's mark; room_unknown where it is being deleted.
func loadMark(row *sql.Row) (chat.Mark, error) {
	var m chat.Mark
	var generation string
	var incarnation, removed int64
	if err := row.Scan(&generation, &incarnation, &m.Seq, &m.Floor, &m.Version, &removed); err != nil {
		return m, fmt.Errorf("read room: %w", err)
	}
	if removed > 0 {
		return m, errRoomUnknown
	}
	m.Epoch = epoch(generation, incarnation)
	return m, nil
}

// Look implements chat.Looks. That nothing has changed is found out with one statement.
func (s *Store) Look(ctx context.Context, room chat.RoomID, want chat.LookQuery) (chat.Look, error) {
	ctx = s.short(ctx)
	if want.Have != (chat.Mark{}) {
		m, err := loadMark(s.read.QueryRowContext(ctx, sqlMark, string(room)))
		if err != nil {
			return chat.Look{}, s.passing(err)
		}
		if m == want.Have {
			return chat.Look{Mark: m, Same: true}, nil
		}
	}
	var l chat.Look
	err := s.inRead(ctx, func(q querier) (err error) {
		if l.Mark, err = loadMark(q.QueryRowContext(ctx, sqlMark, string(room))); err != nil {
			return err
		}
		r, err := loadRoom(ctx, q, room, "")
		if err != nil {
			return err
		}
		if want.Replay {
			if err := replay(ctx, q, r, want, &l); err != nil {
				return err
			}
			l.Snapshot, err = snapshot(ctx, q, r, chat.SnapshotQuery{})
			return err
		}
		l.Snapshot, err = snapshot(ctx, q, r, chat.SnapshotQuery{Messages: r.Settings.History})
		return err
	})
	if err != nil {
		return chat.Look{}, err
	}
	return l, nil
}

// replay reads the newest events after want.After that everybody may know of, one more than want.Limit.
func replay(ctx context.Context, q querier, r roomRow, want chat.LookQuery, l *chat.Look) error {
	if want.After >= r.Shown {
		return nil
	}
	rows, err := loadEvents(ctx, q, `WHERE room = $1 AND seq > $2 AND only_id = '' ORDER BY seq DESC LIMIT $3`,
		string(r.ID), int64(want.After), want.Limit+1)
	if err != nil {
		return err
	}
	slices.Reverse(rows)
	for i := range rows {
		l.Stored = append(l.Stored, rows[i].Seq)
	}
	v := view{room: r}
	if err := v.load(ctx, q, rows); err != nil {
		return err
	}
	l.Events, err = v.render(rows)
	return err
}

// sqlOwn tells of each of n viewers how far they have read, and what else there is to be read. With LIMIT instead of EXISTS,
// PostgreSQL looks each one up; it would read those of all viewers to hash them.
func sqlOwn(n int) string {
	var b strings.Builder
	b.WriteString(`WITH v (id) AS (VALUES `)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `(CAST($%d AS TEXT))`, i+2)
	}
	b.WriteString(`) SELECT v.id, coalesce((SELECT x.seq FROM read_markers x WHERE x.user_id = v.id AND x.room = $1), 0),
		(SELECT 1 FROM events e WHERE e.room = $1 AND e.only_id = v.id AND e.only_id <> '' LIMIT 1) IS NOT NULL,
		(SELECT 1 FROM held h WHERE h.author_id = v.id AND h.room = $1 AND h.state = 'pending' LIMIT 1) IS NOT NULL FROM v`)
	return b.String()
}

// Own implements chat.Looks.
func (s *Store) Own(ctx context.Context, room chat.RoomID, viewers []chat.UserID, messages []chat.MessageID) (map[chat.UserID]chat.Own, error) {
	ctx = s.short(ctx)
	all := make(map[chat.UserID]chat.Own)
	viewers = slices.Clone(viewers) // sessions, of whom several may be one's
	slices.Sort(viewers)
	viewers = slices.Compact(viewers)
	for some := range slices.Chunk(viewers, maxList) {
		if err := s.ownOf(ctx, room, some, all); err != nil {
			return nil, s.passing(err)
		}
		for ids := range slices.Chunk(messages, maxList) {
			if err := reactedBy(ctx, s.read, some, ids, all); err != nil {
				return nil, s.passing(err)
			}
		}
	}
	return all, nil
}

func (s *Store) ownOf(ctx context.Context, room chat.RoomID, viewers []chat.UserID, into map[chat.UserID]chat.Own) error {
	args := padded(viewers)
	rows, err := s.read.QueryContext(ctx, sqlOwn(len(args)), append([]any{string(room)}, args...)...)
	if err != nil {
		return fmt.Errorf("read what viewers have of their own: %w", err)
	}
	var waiting []chat.UserID
	err = eachRow(rows, func() error {
		var id chat.UserID
		var own chat.Own
		var held bool
		if err := rows.Scan(&id, &own.Read, &own.Private, &held); err != nil {
			return err
		}
		if held {
			waiting = append(waiting, id)
		}
		if own.Read > 0 || own.Private {
			into[id] = own
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what viewers have of their own: %w", err)
	}
	slices.Sort(waiting)
	for _, id := range slices.Compact(waiting) {
		own := into[id]
		if own.Held, err = heldOf(ctx, s.read, room, id); err != nil {
			return err
		}
		into[id] = own
	}
	return nil
}

// heldOf reads what of an author's waits in a room, oldest first.
func heldOf(ctx context.Context, q querier, room chat.RoomID, author chat.UserID) ([]chat.Held, error) {
	all, err := listHeld(ctx, q, `WHERE h.author_id = $1 AND h.room = $2 AND h.state = 'pending' ORDER BY h.id DESC LIMIT $3`,
		string(author), string(room), chat.MaxHeldShown)
	slices.Reverse(all)
	return all, err
}

// reactedBy reads viewers' own emoji on messages, as loadReacted does for one.
func reactedBy(ctx context.Context, q querier, viewers []chat.UserID, messages []chat.MessageID, into map[chat.UserID]chat.Own) error {
	ids, users := padded(messages), padded(viewers)
	rows, err := q.QueryContext(ctx, `SELECT r.user_id, r.message, r.emoji FROM reactions r
		LEFT JOIN reaction_totals t ON t.message = r.message AND t.emoji = r.emoji
		WHERE r.shadow <> 2 AND r.message IN (`+list(1, len(ids))+`) AND r.user_id IN (`+list(1+len(ids), len(users))+`)
		ORDER BY r.message, t.place IS NULL, t.place, r.emoji COLLATE "binary"`, append(ids, users...)...)
	if err != nil {
		return fmt.Errorf("read own reactions: %w", err)
	}
	err = eachRow(rows, func() error {
		var user chat.UserID
		var id chat.MessageID
		var emoji string
		if err := rows.Scan(&user, &id, &emoji); err != nil {
			return err
		}
		own := into[user]
		if own.Reacted == nil {
			own.Reacted = make(map[chat.MessageID][]string)
		}
		own.Reacted[id] = append(own.Reacted[id], emoji)
		into[user] = own
		return nil
	})
	if err != nil {
		return fmt.Errorf("read own reactions: %w", err)
	}
	return nil
}

// short is ctx for a read that is soon over. On SQLite it isn't interrupted: nothing in it waits for others, and watching a context
// would cost a goroutine for each statement.
func (s *Store) short(ctx context.Context) context.Context {
	if s.node == nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

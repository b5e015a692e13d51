package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
)

// place is where a message stands among all: by time, then by id.
type place struct {
	at   int64
	id   chat.MessageID
	room chat.RoomID
}

func (p place) compare(o place) int { return cmp.Or(cmp.Compare(p.at, o.at), cmp.Compare(p.id, o.id)) }

// maxRooms is in how many rooms messages are looked for one by one; in more of them, all
// are read and those of other rooms left out.
const maxRooms = 32

// FindMessages implements chat.Messages.
func (s *Store) FindMessages(ctx context.Context, want chat.MessageQuery) ([]chat.StoredMessage, error) {
	var all []chat.StoredMessage
	err := s.inRead(ctx, func(q querier) error {
		places, err := findPlaces(ctx, q, s.db.words(), want)
		if err != nil {
			return fmt.Errorf("find messages: %w", err)
		}
		all, err = storedAt(ctx, q, places)
		return err
	})
	return all, err
}

// findPlaces finds where the messages stand that are wanted, the latest first.
func findPlaces(ctx context.Context, q querier, words wordIndex, want chat.MessageQuery) ([]place, error) {
	if want.Limit <= 0 || want.Room != "" && !within(want.Within, want.Room) {
		return nil, nil
	}
	f := finder{ctx: ctx, q: q, words: words, want: want, glances: rare}
	if want.Before != "" {
		var err error
		if f.before, err = placeOf(ctx, q, want.Before, want.BeforeAt); err != nil {
			return nil, err
		}
	}
	if want.Room != "" || want.Within == nil {
		return f.find(want.Room, f.before, want.Limit)
	}
	rooms, err := roomsWithin(ctx, q, want.Within)
	if err != nil {
		return nil, err
	}
	if len(rooms) > maxRooms {
		return f.sift()
	}
	f.glances = rare / max(1, len(rooms))
	var all []place
	for _, room := range rooms {
		some, err := f.find(room, f.before, want.Limit)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(x, y place) int { return y.compare(x) })
	return all[:min(len(all), want.Limit)], nil
}

// placeOf is where a message stands, or stood: ids tell the time at which they were made.
func placeOf(ctx context.Context, q querier, id chat.MessageID, at time.Time) (place, error) {
	p := place{at: millis(at), id: id}
	if p.at != 0 {
		return p, nil
	}
	err := q.QueryRowContext(ctx, `SELECT at FROM messages WHERE id = $1`, string(id)).Scan(&p.at)
	if errors.Is(err, sql.ErrNoRows) {
		u, err := uuid.Parse(string(id))
		if err != nil || u.Version() != 7 {
			return p, errMessageNotFound
		}
		p.at = int64(u[0])<<40 | int64(u[1])<<32 | int64(u[2])<<24 | int64(u[3])<<16 | int64(u[4])<<8 | int64(u[5])
		return p, nil
	}
	return p, err
}

// roomsWithin lists stored rooms that match one of globs, at most maxRooms and one more.
func roomsWithin(ctx context.Context, q querier, globs []string) ([]chat.RoomID, error) {
	var rooms []chat.RoomID
	for after := ""; len(rooms) <= maxRooms; {
		some, err := roomNames(ctx, q, after)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			if within(globs, r) {
				rooms = append(rooms, r)
			}
		}
		if len(some) < listStep {
			break
		}
		after = string(some[len(some)-1])
	}
	return rooms, nil
}

func roomNames(ctx context.Context, q querier, after string) ([]chat.RoomID, error) {
	rows, err := q.QueryContext(ctx, `SELECT r.id FROM rooms r WHERE r.removed_at = 0 AND r.id COLLATE "binary" > $1
		ORDER BY r.id COLLATE "binary" LIMIT $2`, after, listStep)
	if err != nil {
		return nil, fmt.Errorf("read rooms: %w", err)
	}
	var all []chat.RoomID
	err = eachRow(rows, func() error {
		var r chat.RoomID
		err := rows.Scan(&r)
		all = append(all, r)
		return err
	})
	return all, err
}

// storedAt reads the messages at places, in their order, with why they are hidden.
func storedAt(ctx context.Context, q querier, places []place) ([]chat.StoredMessage, error) {
	ids := make(map[chat.MessageID]bool, len(places))
	for _, p := range places {
		ids[p.id] = true
	}
	found, err := messagesByID(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	all := make([]chat.StoredMessage, 0, len(places))
	for _, p := range places {
		if m, ok := found[p.id]; ok {
			all = append(all, m)
		}
	}
	return all, addHides(ctx, q, all)
}

// addHides fills in the acts that hide messages now, the oldest first.
func addHides(ctx context.Context, q querier, all []chat.StoredMessage) error {
	at := make(map[chat.MessageID]int)
	var ids []chat.MessageID
	for i, m := range all {
		if m.Hidden {
			at[m.ID] = i
			ids = append(ids, m.ID)
		}
	}
	for some := range slices.Chunk(ids, maxList) {
		args := padded(some)
		rows, err := q.QueryContext(ctx, `SELECT message, act, by_id, at, own FROM message_hides
			WHERE message IN (`+list(1, len(args))+`) AND ended_by = '' ORDER BY message, at, act`, args...)
		if err != nil {
			return fmt.Errorf("read hides: %w", err)
		}
		err = eachRow(rows, func() error {
			var id chat.MessageID
			var h chat.Hidden
			var when int64
			err := rows.Scan(&id, &h.Act, &h.By, &when, &h.Own)
			h.At = instant(when)
			m := &all[at[id]]
			m.Hides = append(m.Hides, h)
			return err
		})
		if err != nil {
			return fmt.Errorf("read hides: %w", err)
		}
	}
	return nil
}

// Message implements chat.Messages.
func (s *Store) Message(ctx context.Context, room chat.RoomID, id chat.MessageID) (chat.StoredMessage, error) {
	var m chat.StoredMessage
	err := s.inRead(ctx, func(q querier) error {
		if err := notRemoved(ctx, q, room); err != nil {
			return err
		}
		all, err := loadMessages(ctx, q, `WHERE m.id = $1 AND m.room = $2`, string(id), string(room))
		if err == nil && len(all) == 0 {
			err = errMessageNotFound
		}
		if err == nil {
			err = addHides(ctx, q, all)
		}
		if err == nil {
			m = all[0]
		}
		return err
	})
	return m, err
}

// MessagesAround implements chat.Messages. The message itself is among them.
func (s *Store) MessagesAround(ctx context.Context, room chat.RoomID, id chat.MessageID, limit int) ([]chat.StoredMessage, error) {
	var all []chat.StoredMessage
	err := s.inRead(ctx, func(q querier) error {
		if err := notRemoved(ctx, q, room); err != nil {
			return err
		}
		var at int64
		err := q.QueryRowContext(ctx, `SELECT at FROM messages WHERE id = $1 AND room = $2`, string(id), string(room)).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			return errMessageNotFound
		}
		if err != nil {
			return fmt.Errorf("find message: %w", err)
		}
		older, err := readPlaces(ctx, q, aroundBefore, string(room), at, string(id), limit/2)
		if err != nil {
			return err
		}
		newer, err := readPlaces(ctx, q, aroundFrom, string(room), at, string(id), max(limit-limit/2, 1))
		if err != nil {
			return err
		}
		slices.Reverse(older)
		all, err = storedAt(ctx, q, append(older, newer...))
		return err
	})
	return all, err
}

const (
	aroundBefore = `SELECT m.at, m.id, m.room FROM messages m WHERE m.room = $1 AND (m.at, m.id) < ($2, $3)
		ORDER BY m.at DESC, m.id DESC LIMIT $4`
	aroundFrom = `SELECT m.at, m.id, m.room FROM messages m WHERE m.room = $1 AND (m.at, m.id) >= ($2, $3)
		ORDER BY m.at, m.id LIMIT $4`
)

func readPlaces(ctx context.Context, q querier, query string, args ...any) ([]place, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("find messages: %w", err)
	}
	var all []place
	err = eachRow(rows, func() error {
		var p place
		err := rows.Scan(&p.at, &p.id, &p.room)
		all = append(all, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find messages: %w", err)
	}
	return all, nil
}

// EarlierTexts implements chat.Messages.
func (s *Store) EarlierTexts(ctx context.Context, id chat.MessageID) ([]chat.EarlierText, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT text, until_at FROM edits WHERE message = $1 ORDER BY seq LIMIT 100`, string(id))
	if err != nil {
		return nil, fmt.Errorf("read earlier texts: %w", s.passing(err))
	}
	var all []chat.EarlierText
	err = eachRow(rows, func() error {
		var x chat.EarlierText
		var until int64
		err := rows.Scan(&x.Text, &until)
		x.Until = instant(until)
		all = append(all, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read earlier texts: %w", s.passing(err))
	}
	return all, nil
}

// authorsRead is how many messages AuthorsSince reads at most, the latest ones.
const authorsRead = 200_000

// AuthorsSince implements chat.Messages. Texts are the latest of each author, hidden ones too.
func (s *Store) AuthorsSince(ctx context.Context, room chat.RoomID, since time.Time, perAuthor, limit int) (map[chat.UserID][]string, error) {
	var c conditions
	c.add(`at >= $%d`, millis(since))
	if room != "" {
		c.add(`room = $%d`, string(room))
	}
	rows, err := s.read.QueryContext(ctx, fmt.Sprintf(`SELECT author_id, text FROM messages %s ORDER BY at DESC, id DESC LIMIT %d`,
		c.where(), authorsRead), c.args...)
	if err != nil {
		return nil, fmt.Errorf("read authors: %w", s.passing(err))
	}
	found := authors{texts: make(map[chat.UserID][]string), perAuthor: perAuthor, limit: limit}
	err = eachRow(rows, func() error {
		var by chat.UserID
		var text string
		if err := rows.Scan(&by, &text); err != nil {
			return err
		}
		return found.add(by, text)
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("read authors: %w", s.passing(err))
	}
	return found.texts, nil
}

// authors gathers authors with some of their texts.
type authors struct {
	texts            map[chat.UserID][]string
	perAuthor, limit int
	full             int // of whom enough is known
}

// add notes a text; errStop says that nothing is missing any more.
func (a *authors) add(by chat.UserID, text string) error {
	have, known := a.texts[by]
	if !known && len(a.texts) >= a.limit || known && len(have) >= a.perAuthor {
		return nil
	}
	if a.perAuthor > 0 {
		have = append(have, text)
	}
	a.texts[by] = have
	if len(have) == a.perAuthor {
		a.full++
	}
	if a.full == a.limit {
		return errStop
	}
	return nil
}

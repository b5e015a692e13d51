package store

import (
	"errors"
	"strings"
)

// rowsToWrite are rows of an append that aren't written yet: many at once cost much less
// than one by one. Whatever reads them has them flushed first.
type rowsToWrite struct {
	events, messages, nonces tableRows
}

// tableRows are rows of one table, as the values of their columns.
type tableRows struct {
	n    int
	args []any
}

func (k *tableRows) add(values ...any) {
	k.n++
	k.args = append(k.args, values...)
}

// manyInserts are the statements that insert so many rows at once: few, so that all stay prepared.
type manyInserts []struct {
	rows  int
	query string
}

// insertsOf makes the statements; after goes behind the rows.
func insertsOf(into string, columns int, after string) manyInserts {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
	var all manyInserts
	for _, n := range []int{64, 16, 4, 1} {
		q := into + " VALUES " + strings.TrimSuffix(strings.Repeat(row+",", n), ",") + after
		all = append(all, struct {
			rows  int
			query string
		}{n, q})
	}
	return all
}

// An insert that fails leaves the rows before it, for its transaction is rolled back as a
// whole: to be able to take back a statement alone, SQLite copies each page that it changes.
var (
	insertEvents = insertsOf(`INSERT OR FAIL INTO events (room, seq, pos, at, by_id, kind, message, detail, only_id)`, 9, ``)

	insertMessages = insertsOf(`INSERT OR FAIL INTO messages
		(doc, id, room, seq, author_id, author_name, author_role, text, mentions, reply_to, at, edited_at, shadow, hidden)`, 14, ``)

	// What was stored within the nonces' life is left alone.
	insertNonces = insertsOf(`INSERT OR FAIL INTO nonces (room, author, nonce, message, seq, at)`, 6,
		` ON CONFLICT (room, author, nonce) DO UPDATE SET message = excluded.message, seq = excluded.seq, at = excluded.at
		WHERE nonces.at <= ?`)
)

// insert writes rows and forgets them; more are arguments of each statement behind them. It
// says how many were written.
func (tx *logTx) insert(by manyInserts, k *tableRows, more ...any) (written int64, err error) {
	if k.n == 0 {
		return 0, nil
	}
	columns, left := len(k.args)/k.n, k.args
	for _, s := range by {
		for len(left) >= s.rows*columns {
			args := left[: s.rows*columns : s.rows*columns]
			if len(more) > 0 {
				args = append(args, more...)
			}
			n, err := tx.exec(s.query, args...)
			if err != nil {
				return written, err
			}
			written += n
			left = left[s.rows*columns:]
		}
	}
	clear(k.args)
	k.n, k.args = 0, k.args[:0]
	return written, nil
}

// roomState is what a batch has to know of a room, and changes in it.
type roomState struct {
	row     int64 // its rowid; 0: it isn't stored
	seq     int64
	shown   int64
	inc     int64
	removed bool  // and what it holds is being deleted
	gone    int64 // how many lives of it have ended
	at      int64 // when it was made
	changed bool
}

const (
	sqlRoomState = `SELECT coalesce(r.rowid, 0), coalesce(r.seq, 0), coalesce(r.shown, 0), coalesce(r.incarnation, -1),
		coalesce(r.removed_at, 0) > 0, coalesce((SELECT g.incarnation + 1 FROM removed_rooms g WHERE g.id = k.id), 0)
		FROM (SELECT ? AS id) k LEFT JOIN rooms r ON r.id = k.id`
	sqlMoveRoom = `UPDATE rooms SET seq = ?, shown = ? WHERE rowid = ?`
	sqlAddRoom  = `INSERT INTO rooms (id, incarnation, seq, shown, floor, settings, created_at) VALUES (?, ?, ?, ?, 0, '{}', ?)`
)

// room reads a room, once in a batch.
func (a *applier) room(id string) (*roomState, error) {
	if r, ok := a.rooms[id]; ok {
		return r, nil
	}
	r := &roomState{}
	_, err := a.tx.first(sqlRoomState, []any{id}, &r.row, &r.seq, &r.shown, &r.inc, &r.removed, &r.gone)
	if err != nil {
		return nil, err
	}
	if r.inc < 0 {
		r.inc = r.gone
	}
	a.rooms[id] = r
	return r, nil
}

// errNonceKnown is why a batch has to be applied with care: one of its nonces was used before.
var errNonceKnown = errors.New("a nonce was used before")

// flush writes what was kept.
func (a *applier) flush() error {
	for id, r := range a.rooms {
		if !r.changed {
			continue
		}
		r.changed = false
		if err := a.writeRoom(id, r); err != nil {
			return err
		}
	}
	want := int64(a.kept.nonces.n)
	if n, err := a.tx.insert(insertNonces, &a.kept.nonces, a.frame.NoncesAfter); err != nil {
		return err
	} else if n != want {
		return errNonceKnown
	}
	if _, err := a.tx.insert(insertMessages, &a.kept.messages); err != nil {
		return err
	}
	_, err := a.tx.insert(insertEvents, &a.kept.events)
	return err
}

func (a *applier) writeRoom(id string, r *roomState) (err error) {
	if r.row != 0 {
		_, err = a.tx.exec(sqlMoveRoom, r.seq, r.shown, r.row)
		return err
	}
	if _, err = a.tx.exec(sqlAddRoom, id, r.inc, r.seq, r.shown, r.at); err != nil {
		return err
	}
	delete(a.rooms, id) // to be read with its rowid
	return nil
}

package store

import (
	"errors"
	"fmt"
)

// applier is the append on SQLite: what migrations/postgres says in PL/pgSQL, in the
// same order. A refusal is found by reading, before anything is written. Rooms are read
// once, and rows are kept until something may read them, or the end.
type applier struct {
	tx    *logTx
	frame batchFrame
	first int64 // the pos before this batch
	pos   int64 // the pos now
	gen   string
	rooms map[string]*roomState
	kept  rowsToWrite
	// careful: each nonce is looked up, and nothing is kept from one op to the next. Without it, a
	// nonce that was used before makes flush fail.
	careful bool
}

// The statements that most batches run, and sqlNonce.
const (
	sqlVisible = `SELECT m.hidden FROM messages m WHERE m.id = ?1 AND m.room = ?2
		AND (m.hidden = 0 OR m.hidden = 2 AND m.author_id = ?3)`
	sqlNonce = `SELECT n.message, n.seq, n.at, coalesce(r.incarnation, 0) FROM nonces n LEFT JOIN rooms r ON r.id = n.room
		WHERE n.room = $1 AND n.author = $2 AND n.nonce = $3 AND n.at > $4`
	sqlStands = `SELECT m.value, c.pos FROM meta m, counters c WHERE m.name = ? AND c.shard = 0`
	sqlSetPos = `UPDATE counters SET pos = ?, writer = ?, n = ? WHERE shard = 0`
)

func newApplier(tx *logTx, frame batchFrame, careful bool) *applier {
	return &applier{tx: tx, frame: frame, rooms: make(map[string]*roomState), careful: careful}
}

// begin reads where the log stands.
func (a *applier) begin() error {
	if _, err := a.tx.first(sqlStands, []any{metaGeneration}, &a.gen, &a.first); err != nil {
		return fmt.Errorf("read where the log stands: %w", err)
	}
	a.pos = a.first
	return nil
}

// apply writes a whole batch.
func (a *applier) apply(ops []op) (outcome, error) {
	if err := a.begin(); err != nil {
		return outcome{}, err
	}
	out := outcome{Generation: a.gen, Results: make([]result, 0, len(ops))}
	for i := range ops {
		r, err := a.one(&ops[i])
		if err != nil {
			return out, fmt.Errorf("%s: %w", ops[i].Op, err)
		}
		out.Results = append(out.Results, r)
	}
	return out, a.end("")
}

// end implements opRunner. What a batch came to isn't stored with it: see sqliteDB.resolve.
func (a *applier) end(string) error {
	if err := a.flush(); err != nil {
		return err
	}
	if _, err := a.tx.exec(sqlSetPos, a.pos, a.frame.Writer, a.frame.N); err != nil {
		return fmt.Errorf("note batch: %w", err)
	}
	return nil
}

// place implements opRunner.
func (a *applier) place() (int64, error) {
	a.pos++
	return a.pos, nil
}

// op implements opRunner. What the deed does between its ops may change rooms.
func (a *applier) op(o op) (result, error) {
	clear(a.rooms)
	r, err := a.one(&o)
	if err == nil {
		err = a.flush()
	}
	return r, err
}

// one does an op.
func (a *applier) one(o *op) (r result, err error) {
	room, err := a.room(o.Room)
	if err != nil {
		return result{}, fmt.Errorf("read room: %w", err)
	}
	if room.removed || o.Life > 0 && room.gone >= o.Life {
		return result{Code: "room_unknown"}, nil
	}
	if o.Op == "post" && !a.careful {
		return a.post(o)
	}
	if err := a.flush(); err != nil { // the others read what was written before
		return result{}, err
	}
	return a.do(o)
}

// do does an op in a room that is there.
func (a *applier) do(o *op) (result, error) {
	switch o.Op {
	case "post":
		return a.post(o)
	case "hold":
		return a.hold(o)
	case "edit":
		return a.edit(o)
	case "hide":
		return a.hide(*o)
	case "react":
		return a.react(o)
	case "event":
		return a.number(o, o.Kind, o.ID, o.Detail, o.Only)
	}
	return result{}, fmt.Errorf("unknown op %q", o.Op)
}

// number makes an event, and the room with its first one. It is for everybody, or for
// one user only.
func (a *applier) number(o *op, kind, message, detail, only string) (result, error) {
	room, err := a.room(o.Room)
	if err != nil {
		return result{}, fmt.Errorf("read room: %w", err)
	}
	a.pos++
	if room.seq += o.Step; only == "" {
		room.shown = room.seq
	}
	if room.row == 0 && !room.changed {
		room.at = o.At
	}
	room.changed = true
	a.kept.events.add(o.Room, room.seq, a.pos, o.At, o.By, kind, message, detail, only)
	return result{Seq: room.seq, Pos: a.pos, Inc: room.inc, Only: only}, nil
}

// visible reports whether viewer sees a message, and whether nobody else does.
func (a *applier) visible(o *op, id, viewer string) (yes, alone bool, err error) {
	var hidden int64
	yes, err = a.tx.first(sqlVisible, []any{id, o.Room, viewer}, &hidden)
	return yes, hidden != 0, err
}

// written finds what was stored with the nonce of o before, and otherwise looks at what o answers.
func (a *applier) written(o *op) (r result, over bool, err error) {
	if a.careful {
		if r, over, err = a.stored(o); over || err != nil {
			return r, over, err
		}
	}
	if o.Reply == "" {
		return result{}, false, nil
	}
	if err := a.flush(); err != nil { // it may answer one of the same batch
		return result{}, false, err
	}
	seen, alone, err := a.visible(o, o.Reply, o.Author)
	if err != nil {
		return result{}, false, err
	}
	if !seen {
		if r, over, err = a.stored(o); !over {
			r = result{Code: "reply_not_found"}
		}
		return r, true, err
	}
	if alone && !o.Shadow {
		o.Reply = "" // what others don't know of isn't quoted to them
	}
	return result{}, false, nil
}

// stored finds what was stored with the nonce of o before.
func (a *applier) stored(o *op) (r result, found bool, err error) {
	if o.Nonce == "" {
		return r, false, nil
	}
	r.Dup = true
	found, err = a.scan(sqlNonce, []any{o.Room, o.Author, o.Nonce, a.frame.NoncesAfter}, &r.ID, &r.Seq, &r.At, &r.Inc)
	if err != nil {
		err = fmt.Errorf("look up nonce: %w", err)
	}
	return r, found, err
}

func (a *applier) post(o *op) (result, error) {
	to := *o
	r, over, err := a.written(&to)
	if over || err != nil {
		return r, err
	}
	only, shadow := "", int64(0)
	if o.Shadow {
		only, shadow = o.Author, 1
	}
	if r, err = a.number(o, "message", o.ID, "", only); err != nil {
		return r, err
	}
	a.kept.messages.add(docOf(o.Posted, r.Pos), o.ID, o.Room, r.Seq, o.Author, o.Name, o.Role, o.Text, o.Mentions, to.Reply, o.Posted, int64(0), shadow, 2*shadow)
	a.keepNonce(o, r.Seq)
	return r, nil
}

func (a *applier) keepNonce(o *op, seq int64) {
	if o.Nonce != "" {
		a.kept.nonces.add(o.Room, o.Author, o.Nonce, o.ID, seq, a.frame.Now)
	}
}

// hold keeps a message outside of the log.
func (a *applier) hold(o *op) (result, error) {
	to := *o
	r, over, err := a.stored(&to)
	if !over && err == nil {
		r, over, err = a.written(&to)
	}
	if over || err != nil {
		return r, err
	}
	_, err = a.tx.exec(`INSERT INTO held
		(id, room, author_id, author_name, author_role, text, mentions, reply_to, posted_at, why, sanction)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.ID, o.Room, o.Author, o.Name, o.Role, o.Text, o.Mentions, to.Reply, o.Posted, o.Why, o.Sanction)
	a.keepNonce(o, 0)
	return result{ID: o.ID}, err
}

func (a *applier) edit(o *op) (result, error) {
	seen, alone, err := a.visible(o, o.ID, o.Author)
	if err != nil || !seen {
		return result{Code: "message_not_found"}, err
	}
	var author string
	var at int64
	if _, err := a.scan(`SELECT author_id, at FROM messages WHERE id = $1`, []any{o.ID}, &author, &at); err != nil {
		return result{}, err
	}
	switch {
	case author != o.Author:
		return result{Code: "not_your_message"}, nil
	case at < o.NotBefore:
		return result{Code: "edit_too_late"}, nil
	case o.Shadow && !alone:
		return a.editAlone(o)
	}
	only := ""
	if alone {
		only = o.Author
	}
	r, err := a.number(o, "edited", o.ID, "", only)
	if err != nil {
		return r, err
	}
	return r, errors.Join(
		a.exec(`INSERT INTO edits (message, seq, text, mentions, until_at)
			SELECT id, $2, text, mentions, $3 FROM messages WHERE id = $1`, o.ID, r.Seq, o.At),
		a.exec(`UPDATE messages SET text = $2, mentions = $3, edited_at = $4 WHERE id = $1`, o.ID, o.Text, o.Mentions, o.At),
		a.exec(`DELETE FROM shadow_edits WHERE message = $1`, o.ID),
	)
}

// editAlone keeps an edit of what everybody sees apart, for its author alone.
func (a *applier) editAlone(o *op) (result, error) {
	r, err := a.number(o, "edited", o.ID, "", o.Author)
	if err != nil {
		return r, err
	}
	return r, a.exec(`INSERT INTO shadow_edits (message, text, mentions, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (message) DO UPDATE SET text = excluded.text, mentions = excluded.mentions, at = excluded.at`,
		o.ID, o.Text, o.Mentions, o.At)
}

// scan reads one row; false where there is none.
func (a *applier) scan(query string, args []any, into ...any) (bool, error) {
	return a.tx.first(query, args, into...)
}

func (a *applier) exec(query string, args ...any) error {
	_, err := a.tx.exec(query, args...)
	return err
}

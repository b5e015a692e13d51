package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// applier is the append on SQLite: what migrations/postgres says in PL/pgSQL, in the
// same order. A refusal is found by reading, before anything is written.
type applier struct {
	ctx   context.Context
	tx    *sql.Tx
	hot   map[string]*sql.Stmt
	frame batchFrame
	first int64 // the pos before this batch
	pos   int64 // the pos now
	gen   string
	stmts map[string]*sql.Stmt
}

// The statements that most batches run.
const (
	sqlVisible = `SELECT m.hidden FROM messages m WHERE m.id = $1 AND m.room = $2
		AND (m.hidden = 0 OR m.hidden = 2 AND m.author_id = $3)`
	sqlNumber = `INSERT INTO rooms (id, incarnation, seq, shown, floor, settings, created_at)
		VALUES ($1, coalesce((SELECT incarnation + 1 FROM removed_rooms WHERE id = $1), 0), $2, $2 * $3, 0, '{}', $4)
		ON CONFLICT (id) DO UPDATE SET seq = rooms.seq + excluded.seq,
		shown = CASE WHEN $3 = 1 THEN rooms.seq + excluded.seq ELSE rooms.shown END RETURNING seq, incarnation`
	sqlEvent = `INSERT INTO events (room, seq, pos, at, by_id, kind, message, detail, only_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlNonce = `SELECT n.message, n.seq, n.at, coalesce(r.incarnation, 0) FROM nonces n LEFT JOIN rooms r ON r.id = n.room
		WHERE n.room = $1 AND n.author = $2 AND n.nonce = $3 AND n.at > $4`
	sqlAddNonce = `INSERT INTO nonces (room, author, nonce, message, seq, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (room, author, nonce)
		DO UPDATE SET message = excluded.message, seq = excluded.seq, at = excluded.at`
	sqlMessage = `INSERT INTO messages
		(id, room, seq, author_id, author_name, author_role, text, mentions, reply_to, at, edited_at, shadow, hidden)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, 2 * $11)`
	sqlOver = `SELECT EXISTS (SELECT 1 FROM rooms WHERE id = $1 AND removed_at > 0)
		OR EXISTS (SELECT 1 FROM removed_rooms WHERE id = $1 AND incarnation + 1 >= $2 AND $2 > 0)`
	sqlPos    = `SELECT pos FROM counters WHERE shard = 0`
	sqlSetPos = `UPDATE counters SET pos = $1 WHERE shard = 0`
	sqlBatch  = `INSERT INTO batches (writer, n, outcome, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (writer) DO UPDATE SET n = excluded.n, outcome = excluded.outcome, at = excluded.at`
	sqlGetMeta = `SELECT value FROM meta WHERE name = $1`
)

var hotStatements = []string{
	sqlVisible, sqlNumber, sqlEvent, sqlNonce, sqlAddNonce, sqlMessage, sqlOver, sqlPos, sqlSetPos, sqlBatch, sqlGetMeta,
}

// begin reads where the log stands.
func (a *applier) begin() error {
	if _, err := a.scan(sqlGetMeta, []any{metaGeneration}, &a.gen); err != nil {
		return fmt.Errorf("read generation: %w", err)
	}
	if _, err := a.scan(sqlPos, nil, &a.first); err != nil {
		return fmt.Errorf("read pos: %w", err)
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
	for _, o := range ops {
		r, err := a.op(o)
		if err != nil {
			return out, fmt.Errorf("%s: %w", o.Op, err)
		}
		out.Results = append(out.Results, r)
	}
	return out, a.end(string(mustJSON(out)))
}

// end implements opRunner.
func (a *applier) end(outcome string) error {
	return errors.Join(
		a.exec(sqlSetPos, a.pos),
		a.exec(sqlBatch, a.frame.Writer, a.frame.N, outcome, a.frame.Now),
	)
}

// place implements opRunner.
func (a *applier) place() (int64, error) {
	a.pos++
	return a.pos, nil
}

// op implements opRunner.
func (a *applier) op(o op) (result, error) {
	var over bool // its room was removed
	if _, err := a.scan(sqlOver, []any{o.Room, o.Life}, &over); err != nil || over {
		return result{Code: "room_unknown"}, err
	}
	switch o.Op {
	case "post":
		return a.post(o)
	case "hold":
		return a.hold(o)
	case "edit":
		return a.edit(o)
	case "hide":
		return a.hide(o)
	case "react":
		return a.react(o)
	case "event":
		return a.number(o, o.Kind, o.ID, o.Detail, o.Only)
	}
	return result{}, fmt.Errorf("unknown op %q", o.Op)
}

// number stores an event, and the room with its first one. It is for everybody, or for
// one user only.
func (a *applier) number(o op, kind, message, detail, only string) (result, error) {
	a.pos++
	r := result{Pos: a.pos, Only: only}
	forAll := 1
	if only != "" {
		forAll = 0
	}
	if _, err := a.scan(sqlNumber, []any{o.Room, o.Step, forAll, o.At}, &r.Seq, &r.Inc); err != nil {
		return result{}, fmt.Errorf("number event: %w", err)
	}
	if err := a.exec(sqlEvent, o.Room, r.Seq, r.Pos, o.At, o.By, kind, message, detail, only); err != nil {
		return result{}, fmt.Errorf("insert event: %w", err)
	}
	return r, nil
}

// visible reports whether viewer sees a message, and whether nobody else does.
func (a *applier) visible(o op, id, viewer string) (yes, alone bool, err error) {
	var hidden int
	yes, err = a.scan(sqlVisible, []any{id, o.Room, viewer}, &hidden)
	return yes, hidden != 0, err
}

// written finds what was stored with the nonce of o before, and otherwise looks at what o answers.
func (a *applier) written(o *op) (r result, over bool, err error) {
	if o.Nonce != "" {
		r := result{Dup: true}
		found, err := a.scan(sqlNonce, []any{o.Room, o.Author, o.Nonce, a.frame.NoncesAfter}, &r.ID, &r.Seq, &r.At, &r.Inc)
		if err != nil || found {
			return r, true, err
		}
	}
	if o.Reply == "" {
		return result{}, false, nil
	}
	seen, alone, err := a.visible(*o, o.Reply, o.Author)
	if err != nil || !seen {
		return result{Code: "reply_not_found"}, true, err
	}
	if alone && !o.Shadow {
		o.Reply = "" // what others don't know of isn't quoted to them
	}
	return result{}, false, nil
}

func (a *applier) post(o op) (result, error) {
	if r, over, err := a.written(&o); over || err != nil {
		return r, err
	}
	only, shadow := "", 0
	if o.Shadow {
		only, shadow = o.Author, 1
	}
	r, err := a.number(o, "message", o.ID, "", only)
	if err != nil {
		return r, err
	}
	err = a.exec(sqlMessage, o.ID, o.Room, r.Seq, o.Author, o.Name, o.Role, o.Text, o.Mentions, o.Reply, o.Posted, shadow)
	if err == nil && o.Nonce != "" {
		err = a.exec(sqlAddNonce, o.Room, o.Author, o.Nonce, o.ID, r.Seq, a.frame.Now)
	}
	return r, err
}

// hold keeps a message outside of the log.
func (a *applier) hold(o op) (result, error) {
	if r, over, err := a.written(&o); over || err != nil {
		return r, err
	}
	err := a.exec(`INSERT INTO held
		(id, room, author_id, author_name, author_role, text, mentions, reply_to, posted_at, why, sanction)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		o.ID, o.Room, o.Author, o.Name, o.Role, o.Text, o.Mentions, o.Reply, o.Posted, o.Why, o.Sanction)
	if err == nil && o.Nonce != "" {
		err = a.exec(sqlAddNonce, o.Room, o.Author, o.Nonce, o.ID, 0, a.frame.Now)
	}
	return result{ID: o.ID}, err
}

func (a *applier) edit(o op) (result, error) {
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
func (a *applier) editAlone(o op) (result, error) {
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
	var row *sql.Row
	if st := a.stmt(query); st != nil {
		row = st.QueryRowContext(a.ctx, args...)
	} else {
		row = a.tx.QueryRowContext(a.ctx, query, args...)
	}
	err := row.Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (a *applier) exec(query string, args ...any) error {
	if st := a.stmt(query); st != nil {
		_, err := st.ExecContext(a.ctx, args...)
		return err
	}
	_, err := a.tx.ExecContext(a.ctx, query, args...)
	return err
}

// stmt is a prepared statement bound to this transaction, nil where query isn't a hot one.
func (a *applier) stmt(query string) *sql.Stmt {
	if st, ok := a.stmts[query]; ok {
		return st
	}
	st := a.hot[query]
	if st == nil {
		return nil
	}
	if a.stmts == nil {
		a.stmts = make(map[string]*sql.Stmt, len(a.hot))
	}
	a.stmts[query] = a.tx.StmtContext(a.ctx, st)
	return a.stmts[query]
}

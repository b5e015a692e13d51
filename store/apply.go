package store

import (
	"context"
	"database/sql"
	"encoding/json"
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
	stmts map[string]*sql.Stmt
}

// The statements that most batches run.
const (
	sqlVisible = `SELECT EXISTS (SELECT 1 FROM messages m WHERE m.id = $1 AND m.room = $2 AND` + isVisible + `)`
	sqlNumber  = `INSERT INTO rooms (id, incarnation, seq, floor, settings, created_at) VALUES ($1, 0, $2, 0, '{}', $3)
		ON CONFLICT (id) DO UPDATE SET seq = rooms.seq + excluded.seq RETURNING seq, incarnation`
	sqlEvent = `INSERT INTO events (room, seq, pos, at, by_id, kind, message, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlNonce = `SELECT n.message, n.seq, n.at, r.incarnation FROM nonces n JOIN rooms r ON r.id = n.room
		WHERE n.room = $1 AND n.author = $2 AND n.nonce = $3 AND n.at > $4`
	sqlAddNonce = `INSERT INTO nonces (room, author, nonce, message, seq, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (room, author, nonce)
		DO UPDATE SET message = excluded.message, seq = excluded.seq, at = excluded.at`
	sqlMessage = `INSERT INTO messages (id, room, seq, author_id, author_name, author_role, text, mentions, reply_to, at, edited_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)`
	sqlPos    = `SELECT pos FROM counters WHERE shard = 0`
	sqlSetPos = `UPDATE counters SET pos = $1 WHERE shard = 0`
	sqlBatch  = `INSERT INTO batches (writer, n, outcome, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (writer) DO UPDATE SET n = excluded.n, outcome = excluded.outcome, at = excluded.at`
	sqlGetMeta = `SELECT value FROM meta WHERE name = $1`
)

var hotStatements = []string{
	sqlVisible, sqlNumber, sqlEvent, sqlNonce, sqlAddNonce, sqlMessage, sqlPos, sqlSetPos, sqlBatch, sqlGetMeta,
}

// apply writes a whole batch.
func (a *applier) apply(ops []op) (outcome, error) {
	out := outcome{Results: make([]result, 0, len(ops))}
	if _, err := a.scan(sqlGetMeta, []any{metaGeneration}, &out.Generation); err != nil {
		return out, fmt.Errorf("read generation: %w", err)
	}
	if _, err := a.scan(sqlPos, nil, &a.first); err != nil {
		return out, fmt.Errorf("read pos: %w", err)
	}
	a.pos = a.first
	for _, o := range ops {
		r, err := a.applyOp(o)
		if err != nil {
			return out, fmt.Errorf("%s: %w", o.Op, err)
		}
		out.Results = append(out.Results, r)
	}
	return out, errors.Join(
		a.exec(sqlSetPos, a.pos),
		a.exec(sqlBatch, a.frame.Writer, a.frame.N, string(mustJSON(out)), a.frame.Now),
	)
}

func (a *applier) applyOp(o op) (result, error) {
	switch o.Op {
	case "post":
		return a.post(o)
	case "edit":
		return a.edit(o)
	case "hide":
		return a.hide(o)
	case "restore":
		return a.restore(o)
	case "react":
		return a.react(o)
	case "set":
		return a.set(o)
	case "pin":
		return a.pin(o)
	}
	return result{}, fmt.Errorf("unknown op %q", o.Op)
}

// number stores an event, and the room with its first one.
func (a *applier) number(o op, kind, message, detail string) (result, error) {
	a.pos++
	r := result{Pos: a.pos}
	if _, err := a.scan(sqlNumber, []any{o.Room, o.Step, o.At}, &r.Seq, &r.Inc); err != nil {
		return result{}, fmt.Errorf("number event: %w", err)
	}
	if err := a.exec(sqlEvent, o.Room, r.Seq, r.Pos, o.At, o.By, kind, message, detail); err != nil {
		return result{}, fmt.Errorf("insert event: %w", err)
	}
	return r, nil
}

func (a *applier) visible(o op, id string) (bool, error) {
	var yes bool
	_, err := a.scan(sqlVisible, []any{id, o.Room}, &yes)
	return yes, err
}

func (a *applier) post(o op) (result, error) {
	if o.Nonce != "" {
		r := result{Dup: true}
		found, err := a.scan(sqlNonce, []any{o.Room, o.Author, o.Nonce, a.frame.NoncesAfter}, &r.ID, &r.Seq, &r.At, &r.Inc)
		if err != nil || found {
			return r, err
		}
	}
	if o.Reply != "" {
		if ok, err := a.visible(o, o.Reply); err != nil || !ok {
			return result{Code: "reply_not_found"}, err
		}
	}
	r, err := a.number(o, "message", o.ID, "")
	if err != nil {
		return r, err
	}
	err = a.exec(sqlMessage, o.ID, o.Room, r.Seq, o.Author, o.Name, o.Role, o.Text, o.Mentions, o.Reply, o.Posted)
	if err == nil && o.Nonce != "" {
		err = a.exec(sqlAddNonce, o.Room, o.Author, o.Nonce, o.ID, r.Seq, a.frame.Now)
	}
	return r, err
}

func (a *applier) edit(o op) (result, error) {
	if ok, err := a.visible(o, o.ID); err != nil || !ok {
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
	}
	err := a.exec(`UPDATE messages SET text = $2, mentions = $3, edited_at = $4 WHERE id = $1`, o.ID, o.Text, o.Mentions, o.At)
	if err != nil {
		return result{}, err
	}
	return a.number(o, "edited", o.ID, "")
}

// set changes settings: those whose value differs from the one in force.
func (a *applier) set(o op) (result, error) {
	stored := "{}"
	if _, err := a.scan(`SELECT settings FROM rooms WHERE id = $1`, []any{o.Room}, &stored); err != nil {
		return result{}, err
	}
	var own, inForce, patch map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal([]byte(stored), &own), json.Unmarshal(a.frame.Defaults, &inForce),
		json.Unmarshal([]byte(stored), &inForce), json.Unmarshal(o.Patch, &patch)); err != nil {
		return result{}, fmt.Errorf("decode settings: %w", err)
	}
	var fields []string
	for name, value := range patch {
		if string(inForce[name]) != string(value) {
			fields = append(fields, name)
			own[name] = value
		}
	}
	if len(fields) == 0 {
		return result{}, nil
	}
	r, err := a.number(o, "room", "", encodeDetail(detail{Fields: fields}))
	if err != nil {
		return r, err
	}
	r.Fields = fields
	return r, a.exec(`UPDATE rooms SET settings = $2 WHERE id = $1`, o.Room, string(mustJSON(own)))
}

func (a *applier) pin(o op) (result, error) {
	if ok, err := a.visible(o, o.ID); err != nil || !ok {
		return result{Code: "message_not_found"}, err
	}
	var pinned bool
	var count int
	if _, err := a.scan(`SELECT count(*), coalesce(max(message = $2), false) FROM pins WHERE room = $1`,
		[]any{o.Room, o.ID}, &count, &pinned); err != nil {
		return result{}, err
	}
	switch {
	case pinned == o.On:
		return result{}, nil
	case o.On && count >= o.Max:
		return result{Code: "too_many_pins"}, nil
	}
	r, err := a.number(o, "room", o.ID, encodeDetail(detail{Pins: true}))
	if err != nil {
		return r, err
	}
	if pinned {
		return r, a.exec(`DELETE FROM pins WHERE message = $1`, o.ID)
	}
	return r, a.exec(`INSERT INTO pins (message, room, seq) VALUES ($1, $2, $3)`, o.ID, o.Room, r.Seq)
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

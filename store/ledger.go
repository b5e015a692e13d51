package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// enacted is a deed and what it came to, which is known before its commit: where the
// answer is lost, only whether it happened has to be looked up.
type enacted struct {
	deed   *chat.Deed
	result chat.Enacted
}

// errTakenBack has a deed's transaction rolled back, although nothing went wrong.
var errTakenBack = errors.New("taken back")

// Enact implements chat.Ledger.
func (s *Store) Enact(ctx context.Context, d chat.Deed, done func(chat.Enacted, error)) {
	err := checkDeed(d)
	if err == nil {
		err = s.queue.put(ctx, pending{deed: &d, enacted: done})
	}
	if err != nil {
		done(chat.Enacted{}, err)
	}
}

// deedTimeout bounds a statement of a deed, which may change very much at once.
const deedTimeout = time.Minute

// tryFor bounds one commit of a batch. The server gives up before this side does.
func (s *Store) tryFor(b *batch) time.Duration {
	limit := s.cfg.CommitTimeout
	if b.deed != nil {
		limit = max(limit, deedTimeout)
	}
	return limit + limit/2
}

// checkDeed reports a Deed that can't be recorded.
func checkDeed(d chat.Deed) error {
	if d.Act.ID == "" || d.Act.By == "" || d.Act.Kind == "" {
		return fmt.Errorf("enact: an act without id, actor or kind")
	}
	return nil
}

// enact does a deed in one transaction.
func (s *Store) enact(ctx context.Context, b *batch) error {
	err := s.db.enact(ctx, b, func(ctx context.Context, q querier, ops opRunner) error {
		e := &enactment{
			ctx: ctx, q: q, ops: ops, deed: b.deed.deed, now: s.cfg.Clock(), at: millis(b.deed.deed.Act.At),
			step: s.step, newID: s.cfg.NewID,
		}
		if e.at == 0 {
			e.at = millis(e.now)
		}
		err := e.whole()
		b.deed.result = e.done
		return err
	})
	if errors.Is(err, errTakenBack) {
		return nil
	}
	if err == nil {
		s.wakeSweeper(b.deed.result)
	}
	return err
}

// whole does the deed from its first step to the note that it is done.
func (e *enactment) whole() error {
	keep := e.deed.Keep
	if e.deed.DryRun {
		keep = nil
	}
	if keep != nil {
		kept, found, err := loadKept(e.ctx, e.q, keep.Caller, keep.Key, keep.Fingerprint, millis(e.now.Add(-chat.KeepFor)))
		if err != nil {
			return err
		}
		if found {
			e.done = chat.Enacted{Kept: &kept}
			return errTakenBack
		}
	}
	e.done.Act = e.deed.Act
	e.done.Act.At = instant(e.at)
	e.done.Act.Rooms, e.done.Act.Users = slices.Clone(e.deed.Act.Rooms), slices.Clone(e.deed.Act.Users)
	e.done.Act.Effects = slices.Clone(e.deed.Act.Effects)
	for _, s := range e.deed.Steps {
		if err := e.run(s); err != nil {
			return err
		}
	}
	slices.Sort(e.done.Act.Rooms)
	slices.Sort(e.done.Act.Users)
	if err := e.present(); err != nil {
		return err
	}
	if e.deed.DryRun {
		e.done.Events = nil
		return errTakenBack
	}
	if err := e.record(); err != nil {
		return err
	}
	if err := e.keep(keep); err != nil {
		return err
	}
	return e.ops.end(string(mustJSON(outcome{Results: []result{}})))
}

// event numbers an event and remembers it.
func (e *enactment) event(room chat.RoomID, kind chat.EventKind, message chat.MessageID, d *detail, only chat.UserID) error {
	o := e.newOp("event", room)
	o.Kind, o.ID, o.Only = string(kind), string(message), string(only)
	if d != nil {
		o.Detail = encodeDetail(*d)
	}
	_, err := e.number(o)
	return err
}

func (e *enactment) newOp(name string, room chat.RoomID) op {
	return op{Op: name, Room: string(room), By: string(e.deed.Act.By), At: e.at, Step: e.step(), Step2: e.step()}
}

// number runs an op that makes one event.
func (e *enactment) number(o op) (result, error) {
	r, err := e.ops.op(o)
	if err != nil {
		return r, fmt.Errorf("%s: %w", o.Op, err)
	}
	if r.Code != "" {
		return r, refusal(r.Code)
	}
	rows, err := loadEvents(e.ctx, e.q, `WHERE room = $1 AND seq = $2`, o.Room, r.Seq)
	if err != nil || len(rows) == 0 {
		return r, fmt.Errorf("read back event: %w", err)
	}
	rows[0].Prev = chat.Seq(r.Seq - o.Step)
	e.events = append(e.events, rows[0])
	return r, nil
}

// present renders the events and reads the room that was changed, as things stand now.
func (e *enactment) present() error {
	if e.done.Room != nil {
		r, err := loadRoom(e.ctx, e.q, e.done.Room.ID, "")
		if err != nil {
			return err
		}
		r.Shown = r.Seq
		e.done.Room = &r.Room
	}
	back := slices.ContainsFunc(e.events, func(x eventRow) bool { return x.Kind == chat.EventRestored })
	views := make(map[chat.RoomID]*view)
	for i := range e.events {
		row := &e.events[i]
		v := views[row.Room]
		if v == nil {
			var err error
			if v, err = e.view(row.Room, back); err != nil {
				return err
			}
			views[row.Room] = v
		}
		x, ok, err := v.event(row)
		if err != nil {
			return err
		}
		if !ok { // a later step took back what it shows: a marker (see markers)
			x = chat.Event{
				Room: row.Room, Epoch: x.Epoch, Seq: row.Seq, Prev: row.Seq, Pos: row.Pos, At: row.At, By: row.By, Only: row.Only,
			}
		}
		e.done.Events = append(e.done.Events, x)
	}
	return nil
}

// view shows the events that were made in a room. Where nothing was shown again, what
// was just deleted, which may be very much, need not be looked at.
func (e *enactment) view(room chat.RoomID, back bool) (*view, error) {
	r, err := loadRoom(e.ctx, e.q, room, "")
	if err != nil {
		return nil, err
	}
	of := slices.DeleteFunc(slices.Clone(e.events), func(x eventRow) bool {
		return x.Room != room || !back && x.Kind == chat.EventDeleted
	})
	v := &view{room: r, all: true}
	return v, v.load(e.ctx, e.q, of)
}

// record writes the act down, who was hit apart from it.
func (e *enactment) record() error {
	pos, err := e.ops.place()
	if err != nil {
		return fmt.Errorf("number act: %w", err)
	}
	a := &e.done.Act
	a.Pos = chat.Pos(pos)
	if _, err := e.exec(`INSERT INTO acts (id, pos, at, by_id, via, kind, reason, effects, undoes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, string(a.ID), pos, e.at, string(a.By), string(a.Via), string(a.Kind),
		a.Reason, encodeEffects(a.Effects), string(a.Undoes)); err != nil {
		return fmt.Errorf("record act: %w", err)
	}
	for _, r := range a.Rooms {
		if _, err := e.exec(`INSERT INTO act_rooms (act, room, pos) VALUES ($1, $2, $3) ON CONFLICT (act, room) DO NOTHING`,
			string(a.ID), string(r), pos); err != nil {
			return fmt.Errorf("record act: %w", err)
		}
	}
	for _, u := range a.Users {
		if _, err := e.exec(`INSERT INTO act_subjects (act, user_id, pos) VALUES ($1, $2, $3) ON CONFLICT (act, user_id) DO NOTHING`,
			string(a.ID), string(u), pos); err != nil {
			return fmt.Errorf("record act: %w", err)
		}
	}
	return nil
}

// keep stores the answer to a request that may be repeated.
func (e *enactment) keep(k *chat.Keep) error {
	if k == nil {
		return nil
	}
	r, err := k.Reply(e.done)
	if err != nil {
		return fmt.Errorf("make the answer: %w", err)
	}
	if r.Body == nil {
		r.Body = []byte{}
	}
	if _, err := e.exec(`DELETE FROM kept WHERE caller = $1 AND name = $2`, string(k.Caller), k.Key); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	if _, err := e.exec(`INSERT INTO kept (caller, name, fingerprint, status, body, act, etag, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, string(k.Caller), k.Key, k.Fingerprint, r.Status, r.Body,
		string(e.done.Act.ID), r.ETag, millis(e.now)); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	return nil
}

// KeptReply implements chat.Ledger.
func (s *Store) KeptReply(ctx context.Context, caller chat.UserID, key string, fingerprint []byte) (chat.KeptReply, bool, error) {
	r, found, err := loadKept(ctx, s.read, caller, key, fingerprint, millis(s.cfg.Clock().Add(-chat.KeepFor)))
	return r, found, s.passing(err)
}

func loadKept(ctx context.Context, q querier, caller chat.UserID, key string, fingerprint []byte, after int64) (chat.KeptReply, bool, error) {
	var r chat.KeptReply
	var print []byte
	err := q.QueryRowContext(ctx, `SELECT fingerprint, status, body, act, etag FROM kept WHERE caller = $1 AND name = $2 AND at > $3`,
		string(caller), key, after).Scan(&print, &r.Status, &r.Body, &r.Act, &r.ETag)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return chat.KeptReply{}, false, nil
	case err != nil:
		return chat.KeptReply{}, false, fmt.Errorf("read the kept answer: %w", err)
	case !bytes.Equal(print, fingerprint):
		return chat.KeptReply{}, false, errIdempotencyMismatch
	}
	return r, true, nil
}

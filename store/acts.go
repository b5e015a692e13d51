package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/chatd/chatd/chat"
)

// effectJSON is a chat.ActEffect as it is stored.
type effectJSON struct {
	What     string           `json:"what"`
	Room     chat.RoomID      `json:"room,omitempty"`
	Scope    string           `json:"scope,omitempty"`
	Messages []chat.MessageID `json:"messages,omitempty"`
	Subject  string           `json:"subject,omitempty"`
	Before   string           `json:"before,omitempty"`
	After    string           `json:"after,omitempty"`
	Count    int              `json:"count,omitempty"`
}

func encodeEffects(all []chat.ActEffect) string {
	stored := make([]effectJSON, len(all))
	for i, x := range all {
		stored[i] = effectJSON(x)
	}
	return string(mustJSON(stored))
}

func decodeEffects(text string) ([]chat.ActEffect, error) {
	var stored []effectJSON
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return nil, fmt.Errorf("decode effects: %w", err)
	}
	all := make([]chat.ActEffect, len(stored))
	for i, x := range stored {
		all[i] = chat.ActEffect(x)
	}
	return all, nil
}

// loadActs reads the acts that a condition on a selects, with rooms and users.
func loadActs(ctx context.Context, q querier, where string, args ...any) ([]chat.Act, error) {
	rows, err := q.QueryContext(ctx, `SELECT a.id, a.pos, a.at, a.by_id, a.via, a.kind, a.reason, a.effects, a.undoes, a.undone_by
		FROM acts a `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read acts: %w", err)
	}
	var all []chat.Act
	err = eachRow(rows, func() error {
		var a chat.Act
		var at int64
		var effects string
		err := rows.Scan(&a.ID, &a.Pos, &at, &a.By, &a.Via, &a.Kind, &a.Reason, &effects, &a.Undoes, &a.UndoneBy)
		if err != nil {
			return err
		}
		a.At = instant(at)
		a.Effects, err = decodeEffects(effects)
		all = append(all, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read acts: %w", err)
	}
	return all, addActors(ctx, q, all)
}

// addActors fills in the rooms of acts, and whom they hit.
func addActors(ctx context.Context, q querier, all []chat.Act) error {
	at := make(map[chat.ActID]*chat.Act, len(all))
	ids := make([]chat.ActID, len(all))
	for i := range all {
		ids[i] = all[i].ID
		at[all[i].ID] = &all[i]
	}
	for some := range slices.Chunk(ids, maxList) {
		args := padded(some)
		err := eachPair(ctx, q, `SELECT act, room FROM act_rooms WHERE act IN (`+list(1, len(args))+`) ORDER BY act, room COLLATE "binary"`, args,
			func(id chat.ActID, room string) { at[id].Rooms = append(at[id].Rooms, chat.RoomID(room)) })
		if err == nil {
			err = eachPair(ctx, q, `SELECT act, user_id FROM act_subjects WHERE act IN (`+list(1, len(args))+`) ORDER BY act, user_id COLLATE "binary"`, args,
				func(id chat.ActID, user string) { at[id].Users = append(at[id].Users, chat.UserID(user)) })
		}
		if err != nil {
			return fmt.Errorf("read acts: %w", err)
		}
	}
	return nil
}

func eachPair(ctx context.Context, q querier, query string, args []any, f func(id chat.ActID, value string)) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, func() error {
		var id chat.ActID
		var value string
		if err := rows.Scan(&id, &value); err != nil {
			return err
		}
		f(id, value)
		return nil
	})
}

// loadAct reads one act; act_not_found.
func loadAct(ctx context.Context, q querier, id chat.ActID) (chat.Act, error) {
	all, err := loadActs(ctx, q, `WHERE a.id = $1`, string(id))
	if err == nil && len(all) == 0 {
		err = errActNotFound
	}
	if err != nil {
		return chat.Act{}, err
	}
	return all[0], nil
}

// Act implements chat.Ledger.
func (s *Store) Act(ctx context.Context, id chat.ActID) (chat.Act, error) {
	var a chat.Act
	err := s.inRead(ctx, func(q querier) (err error) {
		a, err = loadAct(ctx, q, id)
		return err
	})
	return a, err
}

// Acts implements chat.Ledger.
func (s *Store) Acts(ctx context.Context, want chat.ActQuery) ([]chat.Act, error) {
	var all []chat.Act
	err := s.inRead(ctx, func(q querier) error {
		step := want.Limit
		if want.Within != nil {
			step = listStep
		}
		for before := want.Before; len(all) < want.Limit; {
			where, args := actsWhere(want, before)
			some, err := loadActs(ctx, q, fmt.Sprintf(`%s ORDER BY a.pos DESC LIMIT %d`, where, step), args...)
			if err != nil {
				return err
			}
			for _, a := range some {
				if a.Within(want.Within, want.Self) {
					all = append(all, a)
				}
			}
			if len(some) < step {
				return nil
			}
			before = some[len(some)-1].Pos
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all[:min(len(all), max(want.Limit, 0))], nil
}

func actsWhere(want chat.ActQuery, before chat.Pos) (string, []any) {
	var c conditions
	if before > 0 {
		c.add(`a.pos < $%d`, int64(before))
	}
	if want.By != "" {
		c.add(`a.by_id = $%d`, string(want.By))
	}
	if want.Kind != "" {
		c.add(`a.kind = $%d`, string(want.Kind))
	}
	if want.Room != "" {
		c.add(`a.pos IN (SELECT r.pos FROM act_rooms r WHERE r.room = $%d)`, string(want.Room))
	}
	if want.User != "" {
		c.add(`a.pos IN (SELECT u.pos FROM act_subjects u WHERE u.user_id = $%d)`, string(want.User))
	}
	if !want.Since.IsZero() {
		c.add(`a.at >= $%d`, millis(want.Since))
	}
	if !want.Until.IsZero() {
		c.add(`a.at < $%d`, millis(want.Until))
	}
	if want.Undone != nil {
		c.add(map[bool]string{true: `a.undone_by <> ''`, false: `a.undone_by = ''`}[*want.Undone])
	}
	return c.where(), c.args
}

package store

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/chatd/chatd/chat"
)

func (e *enactment) hideStep(s chat.HideStep) error {
	ids := unique(s.IDs)
	if err := e.mayHide(len(ids)); err != nil {
		return err
	}
	for some := range slices.Chunk(ids, maxList) {
		args := append([]any{string(s.Room)}, padded(some)...)
		var known int
		if err := e.q.QueryRowContext(e.ctx, `SELECT count(*) FROM messages WHERE room = $1 AND id IN (`+list(2, len(args)-1)+`)`,
			args...).Scan(&known); err != nil {
			return fmt.Errorf("look at messages: %w", err)
		}
		if known < len(some) {
			return errMessageNotFound
		}
	}
	for some := range slices.Chunk(ids, maxList) {
		args := append([]any{string(s.Room)}, padded(some)...)
		if err := e.hide(`room = $1 AND id IN (`+list(2, len(args)-1)+`)`, args...); err != nil {
			return err
		}
	}
	return e.hidden(s.Room)
}

// mayHide counts messages that a step is about to hide; too_many_messages.
func (e *enactment) mayHide(n int) error {
	if e.hides += n; e.hides > chat.MaxActMessages {
		return errTooManyMessages
	}
	return nil
}

// mayHideWhere counts those that a condition selects, no further than it matters.
func (e *enactment) mayHideWhere(where string, args ...any) error {
	var n int
	err := e.q.QueryRowContext(e.ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM messages WHERE %s LIMIT %d) AS few`,
		where, chat.MaxActMessages+1), args...).Scan(&n)
	if err != nil {
		return fmt.Errorf("count messages: %w", err)
	}
	return e.mayHide(n)
}

// hide adds a row of this act for each message that a condition selects.
func (e *enactment) hide(where string, args ...any) error {
	n := len(args)
	_, err := e.exec(fmt.Sprintf(`INSERT INTO message_hides (message, act, own, by_id, at)
		SELECT id, $%d, false, $%d, CAST($%d AS BIGINT) FROM messages WHERE %s ON CONFLICT (message, act) DO NOTHING`, n+1, n+2, n+3, where),
		append(slices.Clone(args), e.id(), string(e.deed.Act.By), e.at)...)
	if err != nil {
		return fmt.Errorf("hide messages: %w", err)
	}
	return nil
}

func (e *enactment) purgeStep(s chat.PurgeStep) error {
	e.hits(s.Authors...)
	var all []conditions
	for authors := range slices.Chunk(s.Authors, maxList) {
		some, err := e.purged(authors, s)
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	for _, c := range all { // all of it before the first is written
		if err := e.mayHideWhere(c.joined(), c.args...); err != nil {
			return err
		}
	}
	for _, c := range all {
		if err := e.hide(c.joined(), c.args...); err != nil {
			return err
		}
	}
	if err := e.hidden(""); err != nil {
		return err
	}
	return e.purgeHeld(s)
}

// purged are the conditions, no two of which select the same, for what of some authors a purge hides.
func (e *enactment) purged(authors []chat.UserID, s chat.PurgeStep) ([]conditions, error) {
	var c conditions
	c.add(`author_id IN (` + c.places(padded(authors)) + `)`)
	if !s.Since.IsZero() {
		c.add(`at >= $%d`, millis(s.Since))
	}
	if !s.Until.IsZero() {
		c.add(`at < $%d`, millis(s.Until))
	}
	if s.Rooms == nil {
		return []conditions{c}, nil
	}
	rooms, err := e.roomsOf(authors, s.Rooms)
	var all []conditions
	for some := range slices.Chunk(rooms, maxList) {
		in := c
		in.all, in.args = slices.Clone(c.all), slices.Clone(c.args)
		in.add(`room IN (` + in.places(padded(some)) + `)`)
		all = append(all, in)
	}
	return all, err
}

// roomsOf are those rooms with messages of some authors that one of globs names.
func (e *enactment) roomsOf(authors []chat.UserID, globs []string) ([]chat.RoomID, error) {
	args := padded(authors)
	rows, err := e.q.QueryContext(e.ctx, `SELECT DISTINCT room FROM messages WHERE author_id IN (`+list(1, len(args))+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	var all []chat.RoomID
	err = eachRow(rows, func() error {
		var room chat.RoomID
		err := rows.Scan(&room)
		if within(globs, room) {
			all = append(all, room)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	return all, nil
}

// purgeHeld refuses what of the purged authors waits.
func (e *enactment) purgeHeld(s chat.PurgeStep) error {
	for authors := range slices.Chunk(s.Authors, maxList) {
		args := padded(authors)
		waiting, err := listHeld(e.ctx, e.q, `WHERE h.state = 'pending' AND h.author_id IN (`+list(1, len(args))+`) ORDER BY h.id LIMIT `+
			strconv.Itoa(chat.MaxActMessages+1), args...)
		if err == nil {
			err = e.mayHide(len(waiting))
		}
		if err != nil {
			return err
		}
		for _, h := range waiting {
			at := h.Message.At
			if !within(s.Rooms, h.Message.Room) || at.Before(s.Since) || !s.Until.IsZero() && !at.Before(s.Until) {
				continue
			}
			if err := e.refuseHeld(h, "purged"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *enactment) restoreStep(s chat.RestoreStep) error {
	ids := unique(s.IDs)
	was := make(map[string]int, len(ids))
	for some := range slices.Chunk(ids, maxList) {
		if err := e.states(s.Room, some, was); err != nil {
			return err
		}
		args := append([]any{e.id(), string(s.Room)}, padded(some)...)
		if _, err := e.exec(`UPDATE message_hides SET ended_by = $1 WHERE NOT own AND ended_by = '' AND message IN
			(SELECT m.id FROM messages m WHERE m.room = $2 AND m.id IN (`+list(3, len(args)-2)+`))`, args...); err != nil {
			return fmt.Errorf("restore messages: %w", err)
		}
	}
	if err := e.restored(s.Room); err != nil {
		return err
	}
	now := make(map[string]int, len(ids))
	for some := range slices.Chunk(ids, maxList) {
		if err := e.states(s.Room, some, now); err != nil {
			return err
		}
	}
	for _, id := range ids {
		e.unrestored(s.Room, id, was, now)
	}
	return nil
}

// unrestored notes why a message wasn't restored, if it wasn't.
func (e *enactment) unrestored(room chat.RoomID, id string, was, now map[string]int) {
	x := chat.ActEffect{What: "messages_restored", Room: room, Subject: id}
	switch hidden, ok := now[id]; {
	case !ok:
		e.left(x, "gone", "There is no such message.")
	case hidden == hiddenByAct:
		e.left(x, "own_deletion", "Its author deleted it.")
	case was[id] != hiddenByAct:
		e.left(x, "already", "It isn't deleted.")
	}
}

// states reads the column hidden of messages of a room.
func (e *enactment) states(room chat.RoomID, ids []string, into map[string]int) error {
	args := append([]any{string(room)}, padded(ids)...)
	rows, err := e.q.QueryContext(e.ctx, `SELECT id, hidden FROM messages WHERE room = $1 AND id IN (`+list(2, len(args)-1)+`)`, args...)
	if err != nil {
		return fmt.Errorf("look at messages: %w", err)
	}
	return eachRow(rows, func() error {
		var id string
		var hidden int
		err := rows.Scan(&id, &hidden)
		into[id] = hidden
		return err
	})
}

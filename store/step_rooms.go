package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/chatd/chatd/chat"
)

// room reads a room that must be stored; room_unknown.
func (e *enactment) room(id chat.RoomID) (roomRow, error) {
	r, err := loadRoom(e.ctx, e.q, id, "")
	if err == nil && !r.Stored {
		err = errRoomUnknown
	}
	return r, err
}

func (e *enactment) setStep(s chat.SetStep) error {
	r, err := loadRoom(e.ctx, e.q, s.Room, "")
	switch {
	case err != nil:
		return err
	case s.New && r.Stored:
		return errRoomExists
	case s.IfVersion != 0 && s.IfVersion != r.Version:
		return errStale
	}
	var patch map[string]json.RawMessage
	if err := json.Unmarshal(encodePatch(s.Patch), &patch); err != nil {
		return fmt.Errorf("decode patch: %w", err)
	}
	if !r.Stored {
		e.effect(chat.ActEffect{What: "room_created", Room: s.Room})
	}
	e.done.Room = &r.Room
	return e.set(r, patch)
}

// set changes the settings whose value is another than the one in force, and makes the room where it isn't stored.
func (e *enactment) set(r roomRow, patch map[string]json.RawMessage) error {
	own, inForce, err := e.settings(r)
	if err != nil {
		return err
	}
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if string(inForce[name]) == string(patch[name]) {
			continue
		}
		fields = append(fields, name)
		own[name] = patch[name]
		e.effect(chat.ActEffect{
			What: "setting", Room: r.ID, Subject: name, Before: string(inForce[name]), After: string(patch[name]),
		})
	}
	if len(fields) == 0 && r.Stored {
		return nil
	}
	if err := e.event(r.ID, chat.EventRoom, "", &detail{Fields: fields}, ""); err != nil {
		return err
	}
	if len(fields) == 0 {
		return nil
	}
	if _, err := e.exec(`UPDATE rooms SET settings = $2, version = version + 1 WHERE id = $1`,
		string(r.ID), string(mustJSON(own))); err != nil {
		return fmt.Errorf("set: %w", err)
	}
	return nil
}

// settings are those that a room has of its own, and those in force in it.
func (e *enactment) settings(r roomRow) (own, inForce map[string]json.RawMessage, err error) {
	stored := "{}"
	if r.Stored {
		if err := e.q.QueryRowContext(e.ctx, `SELECT settings FROM rooms WHERE id = $1`, string(r.ID)).Scan(&stored); err != nil {
			return nil, nil, fmt.Errorf("read settings: %w", err)
		}
	}
	if err := errors.Join(json.Unmarshal([]byte(stored), &own), json.Unmarshal(encodeSettings(r.Settings), &inForce)); err != nil {
		return nil, nil, fmt.Errorf("decode settings: %w", err)
	}
	return own, inForce, nil
}

func (e *enactment) archiveStep(s chat.ArchiveStep) error {
	r, err := e.room(s.Room)
	if err != nil {
		return err
	}
	e.done.Room = &r.Room
	what := map[bool]string{true: "room_archived", false: "room_unarchived"}[s.On]
	if s.On == !r.ArchivedAt.IsZero() {
		e.skip(chat.Skipped{What: what, Room: s.Room, Code: "already", Message: "It is so already."})
		return nil
	}
	at := int64(0)
	if s.On {
		at = max(e.at, 1)
	}
	if _, err := e.exec(`UPDATE rooms SET archived_at = $2, version = version + 1 WHERE id = $1`, string(s.Room), at); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	e.effect(chat.ActEffect{What: what, Room: s.Room})
	return e.event(s.Room, chat.EventRoom, "", &detail{Archived: true}, "")
}

// removeRoomStep has a room be unknown from now on; see sweepRooms for what it holds, where that is much. What
// is left is how often there was one of its name, so that the next has another epoch.
func (e *enactment) removeRoomStep(s chat.RemoveRoomStep) error {
	r, err := e.room(s.Room)
	if err != nil {
		return err
	}
	if s.IfVersion != 0 && s.IfVersion != r.Version {
		return errStale
	}
	if err := e.unlockRoom(s.Room); err != nil {
		return err
	}
	if _, err := e.exec(`INSERT INTO removed_rooms (id, incarnation) SELECT id, incarnation FROM rooms WHERE id = $1
		ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation`, string(s.Room)); err != nil {
		return fmt.Errorf("delete room: %w", err)
	}
	if _, err := e.exec(`UPDATE rooms SET removed_at = $2 WHERE id = $1`, string(s.Room), max(e.at, 1)); err != nil {
		return fmt.Errorf("delete room: %w", err)
	}
	if err := e.sweepSmall(s.Room); err != nil {
		return fmt.Errorf("delete room: %w", err)
	}
	e.events = slices.DeleteFunc(e.events, func(x eventRow) bool { return x.Room == s.Room })
	if e.done.Room != nil && e.done.Room.ID == s.Room {
		e.done.Room = nil
	}
	e.effect(chat.ActEffect{What: "room_deleted", Room: s.Room})
	e.reset(s.Room)
	return nil
}

// sweepSmall empties a room that holds little within the deed: its name is free at once, for whoever deletes a room to make
// it anew.
func (e *enactment) sweepSmall(room chat.RoomID) error {
	for _, query := range sweepings {
		n, err := e.exec(query, string(room), sweepStep)
		if err != nil || n == sweepStep {
			return err
		}
	}
	_, err := e.exec(`DELETE FROM rooms WHERE id = $1`, string(room))
	return err
}

// reset notes that a room's readers must start afresh.
func (e *enactment) reset(room chat.RoomID) {
	if !slices.Contains(e.done.Reset, room) {
		e.done.Reset = append(e.done.Reset, room)
	}
}

func (e *enactment) clearStep(s chat.ClearStep) error {
	r, err := e.room(s.Room)
	if err != nil {
		return err
	}
	e.done.Room = &r.Room
	if err := e.mayHideWhere(`room = $1`, string(s.Room)); err != nil {
		return err
	}
	if err := e.hide(`room = $1`, string(s.Room)); err != nil {
		return err
	}
	if _, err := e.conceal(); err != nil {
		return err
	}
	n, err := e.hiddenIn(s.Room)
	if err != nil {
		return err
	}
	e.effect(chat.ActEffect{What: "room_cleared", Room: s.Room, Count: n})
	return e.event(s.Room, chat.EventCleared, "", nil, "")
}

// hiddenIn is how many messages of a room rows of this act hide.
func (e *enactment) hiddenIn(room chat.RoomID) (n int, err error) {
	err = e.q.QueryRowContext(e.ctx, `SELECT count(*) FROM message_hides h JOIN messages m ON m.id = h.message
		WHERE h.act = $1 AND m.room = $2`, e.id(), string(room)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count hidden messages: %w", err)
	}
	return n, nil
}

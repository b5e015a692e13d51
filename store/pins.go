package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/chatd/chatd/chat"
)

// pinned is a pin of a room: a message, and the seq of the event that pinned it.
type pinned struct {
	message chat.MessageID
	seq     int64
}

// unpinned is the effect of pins that go; their seqs say where they stood.
func unpinned(room chat.RoomID, pins []pinned) chat.ActEffect {
	x := chat.ActEffect{What: "message_unpinned", Room: room}
	seqs := make([]int64, len(pins))
	for i, p := range pins {
		x.Messages = append(x.Messages, p.message)
		seqs[i] = p.seq
	}
	x.Before = string(mustJSON(seqs))
	return x
}

// pinsOf are the pins that an effect of (un)pinning names.
func pinsOf(x chat.ActEffect) ([]pinned, error) {
	var seqs []int64
	text := x.Before
	if text == "" {
		text = x.After
	}
	if err := json.Unmarshal([]byte(text), &seqs); err != nil || len(seqs) != len(x.Messages) {
		return nil, fmt.Errorf("decode pins %q: %w", text, err)
	}
	all := make([]pinned, len(seqs))
	for i, id := range x.Messages {
		all[i] = pinned{id, seqs[i]}
	}
	return all, nil
}

func (e *enactment) pinStep(s chat.PinStep) error {
	ok, seq, count, err := e.lookAtPin(s.Room, s.ID)
	switch {
	case err != nil:
		return err
	case !ok:
		return errMessageNotFound
	case s.On == (seq > 0):
		what := map[bool]string{true: "message_pinned", false: "message_unpinned"}[s.On]
		e.skip(chat.Skipped{What: what, Subject: string(s.ID), Room: s.Room, Code: "already", Message: "It is so already."})
		return nil
	case !s.On:
		return e.unpin(s.Room, pinned{s.ID, seq})
	case count >= chat.MaxPins:
		return opRefusals["too_many_pins"]
	}
	return e.pin(s.Room, []pinned{{message: s.ID}})
}

// lookAtPin tells whether everybody sees a message, the seq of its pin (0: none), and how many pins its room has.
func (e *enactment) lookAtPin(room chat.RoomID, id chat.MessageID) (visible bool, seq int64, count int, err error) {
	err = e.q.QueryRowContext(e.ctx, `SELECT EXISTS (SELECT 1 FROM messages m WHERE m.id = $1 AND m.room = $2 AND`+isVisible+`),
		coalesce((SELECT seq FROM pins WHERE message = $1), 0), (SELECT count(*) FROM pins WHERE room = $2)`,
		string(id), string(room)).Scan(&visible, &seq, &count)
	if err != nil {
		err = fmt.Errorf("look at pins: %w", err)
	}
	return visible, seq, count, err
}

// pin pins messages of a room, at the places that they had, or by a new event.
func (e *enactment) pin(room chat.RoomID, pins []pinned) error {
	x := chat.ActEffect{What: "message_pinned", Room: room}
	if err := e.event(room, chat.EventRoom, pins[0].message, &detail{Pins: true}, ""); err != nil {
		return err
	}
	seqs := make([]int64, len(pins))
	for i, p := range pins {
		if seqs[i] = p.seq; p.seq == 0 {
			seqs[i] = int64(e.events[len(e.events)-1].Seq)
		}
		if _, err := e.exec(`INSERT INTO pins (message, room, seq) VALUES ($1, $2, $3)`, string(p.message), string(room), seqs[i]); err != nil {
			return fmt.Errorf("pin: %w", err)
		}
		x.Messages = append(x.Messages, p.message)
	}
	x.After = string(mustJSON(seqs))
	e.effect(x)
	return nil
}

func (e *enactment) unpin(room chat.RoomID, p pinned) error {
	if _, err := e.exec(`DELETE FROM pins WHERE message = $1`, string(p.message)); err != nil {
		return fmt.Errorf("unpin: %w", err)
	}
	e.effect(unpinned(room, []pinned{p}))
	return e.event(room, chat.EventRoom, p.message, &detail{Pins: true}, "")
}

// undoPinned unpins what is still pinned as the act did it.
func (e *enactment) undoPinned(x chat.ActEffect) error {
	pins, err := pinsOf(x)
	if err != nil {
		return err
	}
	for _, p := range pins {
		var seq int64
		err := e.q.QueryRowContext(e.ctx, `SELECT seq FROM pins WHERE message = $1 AND room = $2`, string(p.message), string(x.Room)).Scan(&seq)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look at pins: %w", err)
		}
		if seq != p.seq {
			e.changedLater(chat.ActEffect{What: x.What, Room: x.Room, Subject: string(p.message)})
			continue
		}
		if err := e.unpin(x.Room, p); err != nil {
			return err
		}
	}
	return nil
}

// undoUnpinned pins again, where it stood, what everybody sees and nobody has pinned since.
func (e *enactment) undoUnpinned(x chat.ActEffect) error {
	pins, err := pinsOf(x)
	if err != nil {
		return err
	}
	var back []pinned
	for _, p := range pins {
		ok, seq, count, err := e.lookAtPin(x.Room, p.message)
		if err != nil {
			return err
		}
		left := chat.ActEffect{What: x.What, Room: x.Room, Subject: string(p.message)}
		switch {
		case !ok:
			e.left(left, "gone", "The message isn't there to be pinned.")
		case seq > 0:
			e.changedLater(left)
		case count+len(back) >= chat.MaxPins:
			e.left(left, "too_many_pins", "The room has as many pins as it can.")
		default:
			back = append(back, p)
		}
	}
	slices.SortFunc(back, func(x, y pinned) int { return int(x.seq - y.seq) })
	if len(back) == 0 {
		return nil
	}
	return e.pin(x.Room, back)
}

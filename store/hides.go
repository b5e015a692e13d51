package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"

	"github.com/chatd/chatd/chat"
)

// maxEffectIDs is up to how many messages an act names those that it hid or restored;
// beyond it only counts them. What undoes it goes by the rows of message_hides.
const maxEffectIDs = 10_000

// maxRestored bounds the messages of one event that restores them, for each is shown in full.
const maxRestored = 100

// maxLeft bounds the messages that an act names as left alone.
const maxLeft = 100

// touched is a message that an act hides, or shows again.
type touched struct {
	id     string
	room   chat.RoomID
	seq    int64
	author chat.UserID
	shadow bool
}

func (e *enactment) id() string { return string(e.deed.Act.ID) }

// touch changes messages, and says which, by room and seq.
func (e *enactment) touch(update string) ([]touched, error) {
	rows, err := e.q.QueryContext(e.ctx, update+` RETURNING id, room, seq, author_id, shadow`, e.id())
	if err != nil {
		return nil, fmt.Errorf("change messages: %w", err)
	}
	var all []touched
	err = eachRow(rows, func() error {
		var t touched
		var shadow int
		err := rows.Scan(&t.id, &t.room, &t.seq, &t.author, &shadow)
		t.shadow = shadow == 1
		all = append(all, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("change messages: %w", err)
	}
	slices.SortFunc(all, func(x, y touched) int { return cmp.Or(cmp.Compare(x.room, y.room), cmp.Compare(x.seq, y.seq)) })
	return all, nil
}

// hiddenBy is that a row was made, or made to stand again, by the act $1.
const hiddenBy = ` (h.act = $1 OR h.reopened = $1 AND h.reopened <> '') `

// conceal hides what rows of this act hide by now, unpins it, and says what it was.
func (e *enactment) conceal() ([]touched, error) {
	if err := e.unpinConcealed(); err != nil {
		return nil, err
	}
	return e.touch(`UPDATE messages SET hidden = 1 WHERE hidden <> 1
		AND id IN (SELECT h.message FROM message_hides h WHERE` + hiddenBy + `AND h.ended_by = '')`)
}

// unpinConcealed takes away the pins of what is to be hidden. Readers drop them with it.
func (e *enactment) unpinConcealed() error {
	rows, err := e.q.QueryContext(e.ctx, `SELECT room, message, seq FROM pins WHERE message IN
		(SELECT h.message FROM message_hides h WHERE`+hiddenBy+`AND h.ended_by = '') ORDER BY room, seq`, e.id())
	if err != nil {
		return fmt.Errorf("read pins: %w", err)
	}
	gone := make(map[chat.RoomID][]pinned)
	var rooms []chat.RoomID
	err = eachRow(rows, func() error {
		var room chat.RoomID
		var p pinned
		err := rows.Scan(&room, &p.message, &p.seq)
		if gone[room] == nil {
			rooms = append(rooms, room)
		}
		gone[room] = append(gone[room], p)
		return err
	})
	if err != nil {
		return fmt.Errorf("read pins: %w", err)
	}
	if len(rooms) == 0 {
		return nil
	}
	if _, err := e.exec(`DELETE FROM pins WHERE message IN
		(SELECT h.message FROM message_hides h WHERE`+hiddenBy+`AND h.ended_by = '')`, e.id()); err != nil {
		return fmt.Errorf("unpin: %w", err)
	}
	for _, room := range rooms { // before the effect that hides: undone in reverse, it comes after
		e.effect(unpinned(room, gone[room]))
	}
	return nil
}

// reveal shows what no row hides any more after this act has ended some, and says what it was.
func (e *enactment) reveal() ([]touched, error) {
	return e.touch(`UPDATE messages SET hidden = 2 * shadow WHERE hidden = 1
		AND id IN (SELECT h.message FROM message_hides h WHERE h.ended_by = $1 AND h.ended_by <> '')
		AND NOT EXISTS (SELECT 1 FROM message_hides s WHERE s.message = messages.id AND s.ended_by = '')`)
}

// tell numbers the events about messages that were hidden or restored: for everybody, and
// for the authors who alone saw them.
func (e *enactment) tell(kind chat.EventKind, all []touched) error {
	size := chat.MaxPurgeIDs
	if kind == chat.EventRestored {
		size = maxRestored
	}
	type reader struct {
		room chat.RoomID
		only chat.UserID
	}
	ids := make(map[reader][]string)
	var readers []reader
	for _, t := range all {
		r := reader{room: t.room}
		if t.shadow {
			r.only = t.author
		}
		if ids[r] == nil {
			readers = append(readers, r)
		}
		ids[r] = append(ids[r], t.id)
	}
	for _, r := range readers {
		for some := range slices.Chunk(ids[r], size) {
			if err := e.event(r.room, kind, "", &detail{IDs: some}, r.only); err != nil {
				return err
			}
		}
	}
	return nil
}

// hidden tells of what rows of this act hide by now, and notes it; of room, where that is nothing.
func (e *enactment) hidden(room chat.RoomID) error {
	all, err := e.conceal()
	if err != nil {
		return err
	}
	if err := e.tell(chat.EventDeleted, all); err != nil {
		return err
	}
	authors := make(map[chat.UserID]bool)
	for _, t := range all {
		if !authors[t.author] {
			authors[t.author] = true
			e.hits(t.author)
		}
	}
	e.noteMessages("messages_hidden", room, all)
	return nil
}

// restored tells of what this act has shown again, and notes it; of room, where that is nothing.
func (e *enactment) restored(room chat.RoomID) error {
	all, err := e.reveal()
	if err != nil {
		return err
	}
	few, err := e.freshRooms(all)
	if err != nil {
		return err
	}
	if err := e.tell(chat.EventRestored, few); err != nil {
		return err
	}
	e.noteMessages("messages_restored", room, all)
	return nil
}

// freshRooms has readers of rooms that show very much again start afresh, and returns
// what others are to be told of. all is sorted by room.
func (e *enactment) freshRooms(all []touched) ([]touched, error) {
	var few []touched
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].room == all[i].room {
			j++
		}
		if j-i > chat.MaxShownAgain {
			if _, err := e.freshStart(chat.ActEffect{What: "messages_restored", Room: all[i].room}); err != nil {
				return nil, err
			}
		} else {
			few = append(few, all[i:j]...)
		}
		i = j
	}
	return few, nil
}

// noteMessages notes, for each room, what changed for its readers. Where that is nothing,
// the act may still have hidden what another hides, or ended one of several hides.
func (e *enactment) noteMessages(what string, room chat.RoomID, all []touched) {
	if len(all) == 0 {
		e.effect(chat.ActEffect{What: what, Room: room})
	}
	for i := 0; i < len(all); {
		x := chat.ActEffect{What: what, Room: all[i].room}
		for ; i < len(all) && all[i].room == x.Room; i++ {
			x.Count++
			if len(all) <= maxEffectIDs {
				x.Messages = append(x.Messages, chat.MessageID(all[i].id))
			}
		}
		e.effect(x)
	}
}

// leftMessages notes messages that were left alone, the first of them by name.
func (e *enactment) leftMessages(what, code, message, query string, args ...any) error {
	rows, err := e.q.QueryContext(e.ctx, query, args...)
	if err != nil {
		return fmt.Errorf("look at what is left: %w", err)
	}
	n := 0
	return eachRow(rows, func() error {
		var id sql.NullString
		var room chat.RoomID
		err := rows.Scan(&id, &room)
		if n++; n <= maxLeft {
			e.skip(chat.Skipped{What: what, Subject: id.String, Room: room, Code: code, Message: message})
		} else if n == maxLeft+1 {
			e.skip(chat.Skipped{What: what, Code: code, Message: message + " There are more of these."})
		}
		return err
	})
}

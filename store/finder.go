package store

import (
	"context"
	"fmt"

	"github.com/chatd/chatd/chat"
)

// finder looks for messages by words, else by their author, else by time, so that it reads few that it doesn't find. Where what is looked
// for besides is rare among them, it reads on until the page is full.
type finder struct {
	ctx    context.Context
	q      querier
	words  wordIndex
	want   chat.MessageQuery
	before place // without an id: none
	// glances is how many of the latest messages may be looked through for a prefix.
	glances int
}

// rare is how many rows are few enough to be read and sorted.
const rare = 2000

// lead is what messages are looked for by, where it isn't words.
type lead int

const (
	byTime lead = iota
	byAuthor
)

// find finds up to limit messages in room (empty: any) before a place, the latest first.
func (f *finder) find(room chat.RoomID, before place, limit int) ([]place, error) {
	if len(f.want.Tokens) > 0 {
		return f.words.find(f, room, before, limit)
	}
	return f.wordless(room, before, limit)
}

// wordless is find whatever the messages say.
func (f *finder) wordless(room chat.RoomID, before place, limit int) ([]place, error) {
	by, err := f.chooseAuthor(room)
	if err != nil {
		return nil, err
	}
	query, args := f.query(by, room, before, limit)
	return readPlaces(f.ctx, f.q, query, args...)
}

// maxSift bounds how many messages sift reads at once.
const maxSift = 16 * listStep

// sift finds messages of rooms that are many, out of those of all rooms.
func (f *finder) sift() ([]place, error) {
	var all []place
	known := make(map[chat.RoomID]bool)
	step := listStep
	for before := f.before; ; step = min(2*step, maxSift) {
		some, err := f.find("", before, step)
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			in, asked := known[p.room]
			if !asked {
				in = within(f.want.Within, p.room)
				known[p.room] = in
			}
			if in {
				if all = append(all, p); len(all) == f.want.Limit {
					return all, nil
				}
			}
		}
		if len(some) < step {
			return all, nil
		}
		before = some[len(some)-1]
	}
}

// exact are the tokens that have to be there as they are, prefix is the start of one; empty: none.
func (f *finder) exact() (exact []string, prefix string) {
	exact = f.want.Tokens
	if n := len(exact); n > 0 && f.want.Prefix {
		return exact[:n-1], exact[n-1]
	}
	return exact, ""
}

// chooseAuthor looks by the author who is wanted, unless the room has less than they have.
func (f *finder) chooseAuthor(room chat.RoomID) (lead, error) {
	if f.want.User == "" {
		return byTime, nil
	}
	if room == "" {
		return byAuthor, nil
	}
	theirs, err := f.count(`SELECT 1 FROM messages m WHERE m.author_id = $1`, []any{string(f.want.User)})
	if err != nil || theirs < rare {
		return byAuthor, err
	}
	all, err := f.count(`SELECT 1 FROM messages m WHERE m.room = $1`, []any{string(room)})
	if all < rare {
		return byTime, err
	}
	return byAuthor, err
}

// count counts rows, as far as they are rare.
func (f *finder) count(query string, args []any) (int, error) {
	var n int
	err := f.q.QueryRowContext(f.ctx, fmt.Sprintf(`SELECT count(*) FROM (%s LIMIT %d) AS few`, query, rare), args...).Scan(&n)
	return n, err
}

// addTimes bounds rows that stand as messages do by the wanted time and a place.
func (f *finder) addTimes(c *conditions, alias, id string, before place) {
	if !f.want.Since.IsZero() {
		c.add(alias+`.at >= $%d`, millis(f.want.Since))
	}
	if !f.want.Until.IsZero() {
		c.add(alias+`.at < $%d`, millis(f.want.Until))
	}
	if before.id != "" {
		c.add(`(`+alias+`.at, `+alias+`.`+id+`) < ($%d, $%d)`, before.at, string(before.id))
	}
}

// query makes the statement that reads places. SQLite knows no statistics: a column that
// is not to be looked for by stands in an expression.
func (f *finder) query(by lead, room chat.RoomID, before place, limit int) (string, []any) {
	var c conditions
	if by == byAuthor {
		c.add(`m.author_id = $%d`, string(f.want.User))
	}
	f.addTimes(&c, "m", "id", before)
	switch {
	case room == "":
	case by == byAuthor:
		c.add(`m.room || '' = $%d`, string(room))
	default:
		c.add(`m.room = $%d`, string(room))
	}
	if by != byAuthor {
		f.addAuthor(&c)
	}
	f.addFlags(&c)
	return fmt.Sprintf(`SELECT m.at, m.id, m.room FROM messages m %s ORDER BY m.at DESC, m.id DESC LIMIT %d`, c.where(), limit), c.args
}

// addAuthor asks for the author who is wanted, where they aren't what is looked for by.
func (f *finder) addAuthor(c *conditions) {
	if f.want.User != "" {
		c.add(`m.author_id || '' = $%d`, string(f.want.User))
	}
}

// addFlags asks for what is wanted besides, and leaves out what is being deleted.
func (f *finder) addFlags(c *conditions) {
	if f.want.Visible {
		c.add(`m.hidden = 0`)
	}
	if flag, ok := flagged[f.want.Flag]; ok {
		c.add(flag)
	}
	c.add(`m.room NOT IN (SELECT id FROM rooms WHERE removed_at > 0)`)
}

// flagged are the conditions of the flags, which are those of indexes.
var flagged = map[chat.MessageFlag]string{
	chat.FlagDeleted: `m.hidden = 1`, chat.FlagEdited: `m.edited_at > 0`, chat.FlagShadow: `m.shadow = 1`,
}

package store

import (
	"context"
	"fmt"

	"github.com/chatd/chatd/chat"
)

// finder looks for messages by what is rarest of them: a word, an author, a prefix of
// words; else by time. What it reads is proportional to that, not to how many are stored.
type finder struct {
	ctx    context.Context
	q      querier
	want   chat.MessageQuery
	before place // without an id: none
}

// rare is how many rows are few enough to be read and sorted.
const rare = 2000

// lead is what messages are looked for by.
type lead int

const (
	byTime lead = iota
	byAuthor
	byToken
	byPrefix
)

// find finds up to limit messages in room (empty: any) before a place, the latest first.
func (f *finder) find(room chat.RoomID, before place, limit int) ([]place, error) {
	by, token, err := f.choose(room)
	if err != nil {
		return nil, err
	}
	query, args := f.query(by, token, room, before, limit)
	return readPlaces(f.ctx, f.q, query, args...)
}

// sift finds messages of rooms that are many, out of those of all rooms.
func (f *finder) sift() ([]place, error) {
	var all []place
	known := make(map[chat.RoomID]bool)
	for before := f.before; ; {
		some, err := f.find("", before, listStep)
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
		if len(some) < listStep {
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

// choose counts, as far as it matters, what there is the least of.
func (f *finder) choose(room chat.RoomID) (by lead, token string, err error) {
	if len(f.want.Tokens) == 0 {
		by, err = f.chooseAuthor(room)
		return by, "", err
	}
	exact, prefix := f.exact()
	r := rarest{finder: f, least: rare}
	for _, t := range exact {
		c := f.tokenConditions(room, place{})
		c.add(`t.token = $%d`, t)
		r.try(byToken, t, `SELECT 1 FROM search_tokens t `+c.where(), c.args)
	}
	if f.want.User != "" {
		r.try(byAuthor, "", `SELECT 1 FROM messages m WHERE m.author_id = $1`, []any{string(f.want.User)})
		if r.by == byTime {
			r.by = byAuthor
		}
	}
	if prefix != "" && r.by != byToken {
		c := f.tokenConditions(room, place{})
		addPrefix(&c, "t", prefix)
		r.try(byPrefix, prefix, `SELECT 1 FROM search_tokens t `+c.where(), c.args)
	}
	return r.by, r.token, r.err
}

// rarest is what there is the least of, so far. Without anything rare it is a token.
type rarest struct {
	*finder

	by    lead
	token string
	least int
	err   error // the first
}

func (r *rarest) try(by lead, token, query string, args []any) {
	if r.err != nil {
		return
	}
	n, err := r.count(query, args)
	if r.err = err; err == nil && (n < r.least || r.by == byTime && by == byToken) {
		r.by, r.token, r.least = by, token, n
	}
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

func addPrefix(c *conditions, alias, prefix string) {
	c.add(alias+`.token >= $%d`, prefix)
	c.add(alias+`.token < $%d`, prefix+"\U0010FFFF")
}

// tokenConditions bound the rows of search_tokens by room and time.
func (f *finder) tokenConditions(room chat.RoomID, before place) conditions {
	var c conditions
	if room != "" {
		c.add(`t.room = $%d`, string(room))
	}
	f.addTimes(&c, "t", "message", before)
	return c
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

// query makes the statement that reads places.
func (f *finder) query(by lead, token string, room chat.RoomID, before place, limit int) (string, []any) {
	var c conditions
	from, order := `messages m`, `m.at DESC, m.id DESC`
	switch by {
	case byToken:
		c = f.tokenConditions(room, before)
		c.add(`t.token = $%d`, token)
		c.add(`m.id = t.message`)
		from, order = `search_tokens t CROSS JOIN messages m`, `t.at DESC, t.message DESC`
	case byPrefix:
		sub := f.tokenConditions(room, before)
		addPrefix(&sub, "t", token)
		c.args = sub.args
		c.add(`m.id IN (SELECT t.message FROM search_tokens t ` + sub.where() + `)`)
	case byAuthor:
		c.add(`m.author_id = $%d`, string(f.want.User))
		f.addTimes(&c, "m", "id", before)
	case byTime:
		f.addTimes(&c, "m", "id", before)
	}
	f.filter(&c, by, token, room)
	return fmt.Sprintf(`SELECT m.at, m.id, m.room FROM %s %s ORDER BY %s LIMIT %d`, from, c.where(), order, limit), c.args
}

// filter adds what isn't what messages are looked for by. SQLite knows no statistics: a
// column that is not to be looked for by stands in an expression.
func (f *finder) filter(c *conditions, by lead, token string, room chat.RoomID) {
	switch {
	case room == "", by == byToken, by == byPrefix: // their rows name the room
	case by == byAuthor:
		c.add(`m.room || '' = $%d`, string(room))
	default:
		c.add(`m.room = $%d`, string(room))
	}
	if f.want.User != "" && by != byAuthor {
		c.add(`m.author_id || '' = $%d`, string(f.want.User))
	}
	if f.want.Visible {
		c.add(`m.hidden = 0`)
	}
	if flag, ok := flagged[f.want.Flag]; ok {
		c.add(flag)
	}
	c.add(`m.room NOT IN (SELECT id FROM rooms WHERE removed_at > 0)`)
	f.filterTokens(c, by, token)
}

// flagged are the conditions of the flags, which are those of indexes.
var flagged = map[chat.MessageFlag]string{
	chat.FlagDeleted: `m.hidden = 1`, chat.FlagEdited: `m.edited_at > 0`, chat.FlagShadow: `m.shadow = 1`,
}

func (f *finder) filterTokens(c *conditions, by lead, token string) {
	exact, prefix := f.exact()
	for _, t := range exact {
		if by != byToken || t != token {
			c.add(`EXISTS (SELECT 1 FROM search_tokens x WHERE x.message = m.id AND x.token = $%d)`, t)
		}
	}
	if prefix != "" && by != byPrefix {
		c.add(`EXISTS (SELECT 1 FROM search_tokens x WHERE x.message = m.id AND x.token >= $%d AND x.token < $%d)`,
			prefix, prefix+"\U0010FFFF")
	}
}

package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/chatd/chatd/chat"
)

// wordRows is the wordIndex of PostgreSQL: a row for each word of a message. They are looked for by what is rarest of
// them: a word, an author, a prefix of words; else by time.
type wordRows struct{}

// wordRow is a row of search_tokens.
type wordRow struct {
	token string
	of    *document
}

// doc implements wordIndex: it is the message's id.
func (wordRows) doc() string { return "0" }

// replace implements wordIndex. It inserts in the order of the table, which finds its pages in the cache.
func (wordRows) replace(ctx context.Context, q querier, docs []document) error {
	var all []wordRow
	var had []string
	for i := range docs {
		if docs[i].had {
			had = append(had, docs[i].message)
		}
		for _, t := range docs[i].tokens {
			all = append(all, wordRow{t, &docs[i]})
		}
	}
	if len(had) > 0 {
		args := padded(had)
		if _, err := q.ExecContext(ctx, `DELETE FROM search_tokens WHERE message IN (`+list(1, len(args))+`)`, args...); err != nil {
			return fmt.Errorf("delete tokens: %w", err)
		}
	}
	slices.SortFunc(all, func(x, y wordRow) int { return strings.Compare(x.token, y.token) })
	err := insertRows(ctx, q, `INSERT INTO search_tokens (token, at, message, room) VALUES `,
		` ON CONFLICT (token, at, message) DO NOTHING`, all,
		func(r wordRow) []any { return []any{r.token, r.of.at, r.of.message, r.of.room} })
	if err != nil {
		return fmt.Errorf("insert tokens: %w", err)
	}
	return nil
}

// find implements wordIndex.
func (wordRows) find(f *finder, room chat.RoomID, before place, limit int) ([]place, error) {
	r := rarest{finder: f, room: room, least: rare}
	r.choose()
	if r.err != nil {
		return nil, r.err
	}
	query, args := r.query(before, limit)
	return readPlaces(f.ctx, f.q, query, args...)
}

// rarest is what there is the least of, so far: by a token, or by none of them a prefix, an author, or time.
type rarest struct {
	*finder

	room          chat.RoomID
	token, prefix string // what is looked for by; both empty: author, or time
	author        bool
	least         int
	err           error // the first
}

// choose counts, as far as it matters, what there is the least of. Where nothing is rare it is a token.
func (r *rarest) choose() {
	exact, prefix := r.exact()
	for _, t := range exact {
		c := r.tokenConditions(place{})
		c.add(`t.token = $%d`, t)
		if n := r.few(`SELECT 1 FROM search_tokens t `+c.where(), c.args); n < r.least || r.token == "" {
			r.token, r.least = t, n
		}
	}
	if r.want.User != "" {
		n := r.few(`SELECT 1 FROM messages m WHERE m.author_id = $1`, []any{string(r.want.User)})
		if n < r.least || r.token == "" {
			r.author, r.token, r.least = true, "", n
		}
	}
	if prefix != "" && r.token == "" {
		c := r.tokenConditions(place{})
		addPrefix(&c, "t", prefix)
		if n := r.few(`SELECT 1 FROM search_tokens t `+c.where(), c.args); n < r.least {
			r.prefix, r.author = prefix, false
		}
	}
}

func (r *rarest) few(query string, args []any) int {
	if r.err != nil {
		return 0
	}
	var n int
	n, r.err = r.count(query, args)
	return n
}

func addPrefix(c *conditions, alias, prefix string) {
	c.add(alias+`.token >= $%d`, prefix)
	c.add(alias+`.token < $%d`, prefix+"\U0010FFFF")
}

// tokenConditions bound the rows of search_tokens by room and time.
func (r *rarest) tokenConditions(before place) conditions {
	var c conditions
	if r.room != "" {
		c.add(`t.room = $%d`, string(r.room))
	}
	r.addTimes(&c, "t", "message", before)
	return c
}

// query makes the statement that reads places.
func (r *rarest) query(before place, limit int) (string, []any) {
	var c conditions
	from, order := `messages m`, `m.at DESC, m.id DESC`
	switch {
	case r.token != "":
		c = r.tokenConditions(before)
		c.add(`t.token = $%d`, r.token)
		c.add(`m.id = t.message`)
		from, order = `search_tokens t CROSS JOIN messages m`, `t.at DESC, t.message DESC`
	case r.prefix != "":
		sub := r.tokenConditions(before)
		addPrefix(&sub, "t", r.prefix)
		c.args = sub.args
		c.add(`m.id IN (SELECT t.message FROM search_tokens t ` + sub.where() + `)`)
	default:
		r.addTimes(&c, "m", "id", before)
		if r.room != "" {
			c.add(`m.room = $%d`, string(r.room))
		}
	}
	if r.author {
		c.add(`m.author_id = $%d`, string(r.want.User))
	} else {
		r.addAuthor(&c)
	}
	r.addFlags(&c)
	r.filterTokens(&c)
	return fmt.Sprintf(`SELECT m.at, m.id, m.room FROM %s %s ORDER BY %s LIMIT %d`, from, c.where(), order, limit), c.args
}

// filterTokens asks for the words that messages aren't looked for by.
func (r *rarest) filterTokens(c *conditions) {
	exact, prefix := r.exact()
	for _, t := range exact {
		if t != r.token {
			c.add(`EXISTS (SELECT 1 FROM search_tokens x WHERE x.message = m.id AND x.token = $%d)`, t)
		}
	}
	if prefix != "" && r.prefix == "" {
		c.add(`EXISTS (SELECT 1 FROM search_tokens x WHERE x.message = m.id AND x.token >= $%d AND x.token < $%d)`,
			prefix, prefix+"\U0010FFFF")
	}
}

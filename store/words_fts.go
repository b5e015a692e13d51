package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/chatd/chatd/chat"
)

// wordsFTS is the wordIndex of SQLite: a table of FTS5 that keeps no texts, nor where in them a word stands. A message's
// number in it is that of its row, whose order is that of time, so that the latest are found first without sorting. Beside its words it is
// found by its room and its author, each a word of a kind of its own.
//
// A row for each word, with indexes, costs SQLite thirty times as much.
type wordsFTS struct{}

// docBits of a message's row number tell messages of one millisecond apart, by their pos; the others are its time.
const docBits = 20

func docOf(at, pos int64) int64 { return at<<docBits | pos&(1<<docBits-1) }

// The kinds of words. What follows is made of letters and digits, or isn't ASCII: FTS5's tokenizer "ascii" takes it as it is.
const (
	wordToken  = "w"
	wordRoom   = "r"
	wordAuthor = "a"
)

func named(kind, name string) string { return kind + hex.EncodeToString([]byte(name)) }

// doc implements wordIndex.
func (wordsFTS) doc() string { return "m.doc" }

// replace implements wordIndex.
func (wordsFTS) replace(ctx context.Context, q querier, docs []document) error {
	var text strings.Builder
	for i := range docs {
		d := &docs[i]
		if d.had {
			if _, err := q.ExecContext(ctx, `DELETE FROM search WHERE rowid = $1`, d.doc); err != nil {
				return fmt.Errorf("delete words: %w", err)
			}
		}
		text.Reset()
		text.WriteString(named(wordRoom, d.room) + " " + named(wordAuthor, d.author))
		for _, t := range d.tokens {
			text.WriteString(" " + wordToken)
			text.WriteString(t)
		}
		if _, err := q.ExecContext(ctx, `INSERT INTO search (rowid, words) VALUES ($1, $2)`, d.doc, text.String()); err != nil {
			return fmt.Errorf("insert words: %w", err)
		}
	}
	return nil
}

// find implements wordIndex.
func (wordsFTS) find(f *finder, room chat.RoomID, before place, limit int) ([]place, error) {
	if _, prefix := f.exact(); prefix != "" {
		// FTS5 puts all words that begin so together before it finds any. Where they are many, some of the latest messages have one.
		found, enough, err := f.glance(room, before, limit)
		if enough || err != nil {
			return found, err
		}
	}
	lo, hi := f.docs(before)
	found, last, err := f.match(room, before, lo, hi, limit)
	if err != nil || len(found) < limit {
		return sorted(found), err
	}
	// The others of the same millisecond may stand before the last one.
	rest, _, err := f.match(room, before, last>>docBits<<docBits, last, math.MaxInt32)
	found = sorted(append(found, rest...))
	return found[:min(limit, len(found))], err
}

// sorted sorts places, the latest first.
func sorted(all []place) []place {
	slices.SortFunc(all, func(x, y place) int { return y.compare(x) })
	return all
}

// glance looks through the latest messages for those with the wanted words; enough: there is no more to be found than that, or as much
// as was wanted.
func (f *finder) glance(room chat.RoomID, before place, limit int) (found []place, enough bool, err error) {
	latest, err := f.wordless(room, before, rare)
	if err != nil {
		return nil, false, err
	}
	for some := range slices.Chunk(latest, maxList/4) {
		have, err := f.tokens(some)
		if err != nil {
			return nil, false, err
		}
		for _, p := range some {
			if !f.saidBy(have[p.id]) {
				continue
			}
			if found = append(found, p); len(found) == limit {
				return found, true, nil
			}
		}
	}
	return found, len(latest) < rare, nil
}

// tokens are those of the messages at places.
func (f *finder) tokens(places []place) (map[chat.MessageID][]string, error) {
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = string(p.id)
	}
	args := padded(ids)
	rows, err := f.q.QueryContext(f.ctx, `SELECT `+documentColumns(f.words)+` FROM messages m LEFT JOIN shadow_edits s ON s.message = m.id
		WHERE m.id IN (`+list(1, len(args))+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	have := make(map[chat.MessageID][]string, len(places))
	err = eachRow(rows, func() error {
		d, err := scanDocument(rows)
		have[chat.MessageID(d.message)] = d.tokens
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	return have, nil
}

// saidBy reports whether a message with these tokens says what is wanted.
func (f *finder) saidBy(tokens []string) bool {
	exact, prefix := f.exact()
	for _, t := range exact {
		if !slices.Contains(tokens, t) {
			return false
		}
	}
	return prefix == "" || slices.ContainsFunc(tokens, func(t string) bool { return strings.HasPrefix(t, prefix) })
}

// docs bounds the row numbers of what is wanted: from lo on, and less than hi.
func (f *finder) docs(before place) (lo, hi int64) {
	until := int64(math.MaxInt64 >> docBits)
	if !f.want.Until.IsZero() {
		until = millis(f.want.Until)
	}
	if before.id != "" {
		until = min(until, before.at+1)
	}
	if !f.want.Since.IsZero() {
		lo = docOf(millis(f.want.Since), 0)
	}
	return lo, docOf(until, 0)
}

// match finds up to limit messages whose row numbers are in a range, the latest first, but those of one millisecond in any order, and the last
// one's number.
func (f *finder) match(room chat.RoomID, before place, lo, hi int64, limit int) (found []place, last int64, err error) {
	query, args := f.matching(room, before, lo, hi, limit)
	rows, err := f.q.QueryContext(f.ctx, query, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("find words: %w", err)
	}
	err = eachRow(rows, func() error {
		var p place
		err := rows.Scan(&last, &p.at, &p.id, &p.room)
		found = append(found, p)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("find words: %w", err)
	}
	return found, last, nil
}

func (f *finder) matching(room chat.RoomID, before place, lo, hi int64, limit int) (string, []any) {
	var c conditions
	c.add(`s.search MATCH $%d`, f.expression(room))
	c.add(`s.rowid >= $%d`, lo)
	c.add(`s.rowid < $%d`, hi)
	c.add(`m.doc = s.rowid`)
	if before.id != "" {
		c.add(`(m.at, m.id) < ($%d, $%d)`, before.at, string(before.id))
	}
	f.addFlags(&c)
	return fmt.Sprintf(`SELECT s.rowid, m.at, m.id, m.room FROM search s CROSS JOIN messages m %s ORDER BY s.rowid DESC LIMIT %d`,
		c.where(), limit), c.args
}

// expression is what is wanted in FTS5's query language.
func (f *finder) expression(room chat.RoomID) string {
	exact, prefix := f.exact()
	var terms []string
	for _, t := range exact {
		terms = append(terms, `"`+wordToken+t+`"`)
	}
	if room != "" {
		terms = append(terms, `"`+named(wordRoom, string(room))+`"`)
	}
	if f.want.User != "" {
		terms = append(terms, `"`+named(wordAuthor, string(f.want.User))+`"`)
	}
	if prefix != "" {
		terms = append(terms, `"`+wordToken+prefix+`" *`)
	}
	return strings.Join(terms, " AND ")
}

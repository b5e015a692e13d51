package store

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
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

// replace implements wordIndex. FTS5 takes rows in their order; out of order it begins another segment each time.
func (wordsFTS) replace(ctx context.Context, q querier, docs []document) error {
	slices.SortFunc(docs, func(x, y document) int { return cmp.Compare(x.doc, y.doc) })
	var text strings.Builder
	for i := range docs {
		d := &docs[i]
		text.Reset()
		text.WriteString(named(wordRoom, d.room) + " " + named(wordAuthor, d.author))
		for _, t := range d.tokens {
			text.WriteString(" " + wordToken)
			text.WriteString(t)
		}
		if _, err := q.ExecContext(ctx, `INSERT OR REPLACE INTO search (rowid, words) VALUES ($1, $2)`, d.doc, text.String()); err != nil {
			return fmt.Errorf("insert words: %w", err)
		}
	}
	return nil
}

// find implements wordIndex.
func (wordsFTS) find(f *finder, room chat.RoomID, before place, limit int) (found []place, err error) {
	if _, prefix := f.exact(); prefix != "" {
		// FTS5 puts all words that begin so together before it finds any. Where they are many, some of the latest messages have one.
		var over bool
		found, before, over, err = f.glance(room, before, limit)
		if over || err != nil {
			return found, err
		}
	}
	more, err := f.match(room, before, limit-len(found))
	return append(found, more...), err
}

// glance looks through the latest messages for those with the wanted words, and returns where it has got; over: that is all that there is,
// or as much as was wanted.
func (f *finder) glance(room chat.RoomID, before place, limit int) (found []place, last place, over bool, err error) {
	latest, err := f.wordless(room, before, f.glances)
	if err != nil {
		return nil, before, false, err
	}
	for some := range slices.Chunk(latest, listStep) {
		have, err := f.tokens(some)
		if err != nil {
			return nil, before, false, err
		}
		for _, p := range some {
			before = p
			if !f.saidBy(have[p.id]) {
				continue
			}
			if found = append(found, p); len(found) == limit {
				return found, before, true, nil
			}
		}
	}
	return found, before, len(latest) < f.glances, nil
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

// docs bounds the row numbers of what is wanted: from lo on, and less than hi. Times that no row can have are as good as none.
func (f *finder) docs(before place) (lo, hi int64) {
	const last = math.MaxInt64 >> docBits
	until := int64(last)
	if !f.want.Until.IsZero() {
		until = min(max(millis(f.want.Until), 0), last)
	}
	if before.id != "" {
		until = min(until, before.at+1)
	}
	if !f.want.Since.IsZero() {
		lo = docOf(min(max(millis(f.want.Since), 0), last), 0)
	}
	return lo, docOf(until, 0)
}

// match finds up to limit messages before a place by the index, the latest first. Rows of one millisecond are in no order: all of
// the last one's are read.
func (f *finder) match(room chat.RoomID, before place, limit int) ([]place, error) {
	query, args := f.matching(room, before)
	rows, err := f.q.QueryContext(f.ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("find words: %w", err)
	}
	var found []place
	err = eachRow(rows, func() error {
		var p place
		if err := rows.Scan(&p.at, &p.id, &p.room); err != nil {
			return err
		}
		if n := len(found); n >= limit && found[n-1].at != p.at {
			return errStop
		}
		found = append(found, p)
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("find words: %w", err)
	}
	slices.SortFunc(found, func(x, y place) int { return y.compare(x) })
	return found[:min(limit, len(found))], nil
}

func (f *finder) matching(room chat.RoomID, before place) (string, []any) {
	lo, hi := f.docs(before)
	var c conditions
	c.add(`s.search MATCH $%d`, f.expression(room))
	c.add(`s.rowid >= $%d`, lo)
	c.add(`s.rowid < $%d`, hi)
	c.add(`m.doc = s.rowid`)
	if before.id != "" {
		c.add(`(m.at, m.id) < ($%d, $%d)`, before.at, string(before.id))
	}
	f.addFlags(&c)
	return `SELECT m.at, m.id, m.room FROM search s CROSS JOIN messages m ` + c.where() + ` ORDER BY s.rowid DESC`, c.args
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

package store

import (
	"context"

	"github.com/chatd/chatd/chat"
)

// FindQueries are the statements by which SQLite looks for messages, by what they look for first.
func FindQueries(want chat.MessageQuery) map[string]Query {
	all := make(map[string]Query)
	f := finder{ctx: context.Background(), want: want}
	before := place{at: 1, id: "m"}
	add := func(name, text string, args []any) { all[name] = Query{text, args} }
	if len(want.Tokens) > 0 {
		text, args := f.matching(want.Room, before)
		add("words", text, args)
		if !want.Prefix {
			return all
		}
	}
	text, args := f.query(byTime, want.Room, before, 50)
	add("time", text, args)
	if want.User != "" {
		text, args := f.query(byAuthor, want.Room, before, 50)
		add("author", text, args)
	}
	return all
}

// Query is a statement with its values.
type Query struct {
	Text string
	Args []any
}

// AroundQueries find the neighbours of a message.
var AroundQueries = []Query{{aroundBefore, []any{"a", 1, "m", 5}}, {aroundFrom, []any{"a", 1, "m", 5}}}

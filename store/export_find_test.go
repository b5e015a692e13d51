package store

import (
	"context"

	"github.com/chatd/chatd/chat"
)

// FindQueries are the statements by which messages are looked for, by what they look for first.
func FindQueries(want chat.MessageQuery) map[string]Query {
	all := make(map[string]Query)
	f := finder{ctx: context.Background(), want: want}
	before := place{at: 1, id: "m"}
	add := func(name string, by lead, token string) {
		text, args := f.query(by, token, want.Room, before, 50)
		all[name] = Query{text, args}
	}
	add("time", byTime, "")
	if want.User != "" {
		add("author", byAuthor, "")
	}
	exact, prefix := f.exact()
	for _, t := range exact {
		add("token", byToken, t)
	}
	if prefix != "" {
		add("prefix", byPrefix, prefix)
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

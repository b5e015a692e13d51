package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

// testSearchTokens follows the tokens of a message through its life.
func testSearchTokens(t *testing.T, b Backend) {
	f := start(t, b)
	tokens := func() []string {
		f.indexed()
		rows, err := f.sql.Query(`SELECT room, token, at FROM search_tokens`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var room, token string
			var at int64
			if err := rows.Scan(&room, &token, &at); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(room, " ", token, " ", at))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		return all
	}
	id := f.say("a", ann, "Hello big World")
	want := func(what string, words string) {
		t.Helper()
		var rows []string
		for _, w := range chat.Tokens(words) {
			rows = append(rows, fmt.Sprint("a ", w, " ", noon.UnixMilli()))
		}
		slices.Sort(rows)
		if diff := cmp.Diff(rows, tokens()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	want("after the post", "Hello big World")
	f.do("a", ann, edit(ann, id, "Hello small world"))
	want("after an edit", "Hello small world")
	f.must(chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{id}})
	want("after a hide: staff find it", "Hello small world")
	f.must(chat.ActRestore, chat.RestoreStep{Room: "a", IDs: []chat.MessageID{id}})
	p := post(ann, "seen by nobody")
	p.Shadow = true
	f.do("a", ann, p)
	want("after a shadowed one", "Hello small world seen by nobody")
	for i := range 300 {
		f.queue("b", ann, post(ann, fmt.Sprint("many words here to index ", i)))
	}
	last := f.do("b", ann, post(ann, "last"))
	tokens()
	if n := f.number(`SELECT count(*) FROM search_tokens WHERE token = 'last' AND message = $1`, string(last.Message.ID)); n != 1 {
		t.Error("the last of many messages isn't indexed")
	}
}

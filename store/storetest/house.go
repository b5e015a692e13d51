package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
)

// often has the housekeeper run all the time, as tests move the clock.
func often(c *store.Config) { c.Housekeeping = 5 * time.Millisecond }

// eventually waits until a query of one number gives want.
func (f *fixture) eventually(what string, want int, query string, args ...any) {
	f.t.Helper()
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	deadline := time.After(patience)
	for {
		got := f.number(query, args...)
		if got == want {
			return
		}
		select {
		case <-t.C:
		case <-deadline:
			f.t.Fatalf("%s: got %d, want %d", what, got, want)
		}
	}
}

func testRetention(t *testing.T, b Backend) {
	f := start(t, b, often)
	start := position(f.snapshot("a").Room)
	var ids []chat.MessageID
	for i := range 8 {
		ids = append(ids, f.say("a", ann, fmt.Sprint("word", i)))
	}
	f.do("a", ann, react(ids[1], "👍", true))
	f.do("a", mod, hide(ids[2]))
	f.do("a", mod, chat.Pin{ID: ids[0], On: true})
	f.do("a", mod, chat.Pin{ID: ids[7], On: true})
	f.do("a", ann, edit(ann, ids[0], "edited, and gone soon"))
	f.say("b", ann, "of another room")
	f.eventually("tokens", 1, `SELECT count(*) FROM search_tokens WHERE token = 'word1'`)
	kept := position(f.snapshot("a").Room)

	f.do("a", mod, chat.Set{Patch: chat.SettingsPatch{RetainCount: set(3)}})
	f.eventually("messages kept by count", 3, `SELECT count(*) FROM messages WHERE room = 'a'`)

	snap := f.snapshot("a")
	if got := strings.Join(texts(snap.Messages), " "); got != "word5 word6 word7" {
		t.Errorf("got %q kept, want the last three", got)
	}
	if got := strings.Join(texts(snap.Pins), " "); got != "word7" {
		t.Errorf("got pins %q, want the one that is left", got)
	}
	for _, table := range []string{"reactions", "reaction_totals", "message_hides"} {
		if n := f.number(`SELECT count(*) FROM ` + table); n != 0 {
			t.Errorf("got %d rows in %s, want none of messages that are gone", n, table)
		}
	}
	if n := f.number(`SELECT count(*) FROM search_tokens WHERE token IN ('word1', 'edited,')`); n != 0 {
		t.Errorf("got %d search tokens of messages that are gone", n)
	}
	_, _, err := f.Since(t.Context(), "a", start, 1000, chat.SnapshotQuery{})
	wantCode(t, "recovery from below the floor", err, "cannot_recover")
	if events := f.since("a", kept); len(events) != 1 {
		t.Errorf("got %d events since before the retention, want the setting alone: it is silent", len(events))
	}

	f.do("a", mod, chat.Set{Patch: chat.SettingsPatch{RetainCount: set(0), RetainFor: set(time.Hour)}})
	f.clock.advance(30 * time.Minute)
	fresh := post(ann, "fresh")
	fresh.Message.At = f.clock.Now()
	f.do("a", ann, fresh)
	f.clock.advance(31 * time.Minute)
	f.eventually("messages kept by age", 1, `SELECT count(*) FROM messages WHERE room = 'a'`)
	f.clock.advance(time.Hour)
	f.eventually("messages after all are old", 0, `SELECT count(*) FROM messages WHERE room = 'a'`)
	head := f.snapshot("a").Room
	if e := f.do("a", ann, post(ann, "next")); e.Prev != head.Seq || head.Seq == 0 {
		t.Errorf("got prev %d after all were gone, want the number to go on from %d", e.Prev, head.Seq)
	}
	if n := f.number(`SELECT count(*) FROM messages WHERE room = 'b'`); n != 1 {
		t.Errorf("got %d messages in the room without retention, want 1", n)
	}
}

func testCleaning(t *testing.T, b Backend) {
	f := start(t, b, often)
	for i := range 3 {
		p := post(ann, "x")
		p.Nonce = fmt.Sprint("n", i)
		f.do("a", ann, p)
	}
	for _, u := range []chat.UserID{ann, bob} {
		if err := f.MarkRead(t.Context(), "a", u, 1, f.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	f.clock.advance(25 * time.Hour)
	f.eventually("nonces a day later", 0, `SELECT count(*) FROM nonces`)
	if n := f.number(`SELECT count(*) FROM read_markers`); n != 2 {
		t.Errorf("got %d read markers a day later, want 2", n)
	}
	f.clock.advance(30 * 24 * time.Hour)
	f.eventually("guests' markers a month later", 0, `SELECT count(*) FROM read_markers WHERE user_id = $1`, string(bob))
	if n := f.number(`SELECT count(*) FROM read_markers WHERE user_id = $1`, string(ann)); n != 1 {
		t.Errorf("got %d of a signed-in user's markers a month later, want 1", n)
	}
}

// testSearchTokens follows the tokens of a message through its life.
func testSearchTokens(t *testing.T, b Backend) {
	f := start(t, b)
	tokens := func() []string {
		f.eventually("events behind the search cursor", 0, `SELECT n.pos - c.pos FROM counters n
			JOIN cursors c ON c.shard = n.shard WHERE c.name = 'search'`)
		rows, err := f.sql.Query(`SELECT room, token, seq FROM search_tokens`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var room, token string
			var seq int64
			if err := rows.Scan(&room, &token, &seq); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(room, " ", token, " ", seq))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		return all
	}
	e := f.do("a", ann, post(ann, "Hello big World"))
	id := e.Message.ID
	want := func(what string, words string) {
		t.Helper()
		var rows []string
		for _, w := range chat.Tokens(words) {
			rows = append(rows, fmt.Sprint("a ", w, " ", e.Seq))
		}
		slices.Sort(rows)
		if diff := cmp.Diff(rows, tokens()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	want("after the post", "Hello big World")
	f.do("a", ann, edit(ann, id, "Hello small world"))
	want("after an edit", "Hello small world")
	f.do("a", mod, hide(id))
	want("after a hide", "")
	f.do("a", mod, chat.Restore{IDs: []chat.MessageID{id}})
	want("after a restore", "Hello small world")
	f.do("a", ann, chat.Hide{IDs: []chat.MessageID{id}, Act: "own", Author: ann})
	want("after its author's deletion", "")
	for i := range 300 {
		f.queue("b", ann, post(ann, fmt.Sprint("many words here to index ", i)))
	}
	last := f.do("b", ann, post(ann, "last"))
	tokens()
	if n := f.number(`SELECT count(*) FROM search_tokens WHERE token = 'last' AND seq = $1`, int64(last.Seq)); n != 1 {
		t.Error("the last of many messages isn't indexed")
	}
}

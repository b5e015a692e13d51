package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
	f.do("a", mod, pin(ids[0], true))
	f.do("a", mod, pin(ids[7], true))
	f.do("a", ann, edit(ann, ids[0], "edited, and gone soon"))
	f.say("b", ann, "of another room")
	f.eventually("messages found by a word", 1, b.Indexed, "word1")
	kept := position(f.snapshot("a").Room)

	f.do("a", mod, change(chat.SettingsPatch{RetainCount: set(3)}))
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
	for _, word := range []string{"word1", "edited"} {
		if n := f.number(b.Indexed, word); n != 0 {
			t.Errorf("got %d messages that are gone found by %q", n, word)
		}
	}
	_, _, err := f.Since(t.Context(), "a", start, 1000, chat.SnapshotQuery{})
	wantCode(t, "recovery from below the floor", err, "cannot_recover")
	if events := f.since("a", kept); len(events) != 1 {
		t.Errorf("got %d events since before the retention, want the setting alone: it is silent", len(events))
	}

	f.do("a", mod, change(chat.SettingsPatch{RetainCount: set(0), RetainFor: set(time.Hour)}))
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

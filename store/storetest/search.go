package storetest

import (
	"fmt"
	"testing"

	"github.com/chatd/chatd/chat"
)

// testSearchWords follows the words of a message through its life.
func testSearchWords(t *testing.T, b Backend) {
	f := start(t, b)
	want := func(when string, n int, words ...string) {
		t.Helper()
		f.indexed()
		for _, w := range words {
			if got := f.number(b.Indexed, w); got != n {
				t.Errorf("%s %q is in %d messages, want %d", when, w, got, n)
			}
		}
	}
	id := f.say("a", ann, "Hello big World, big one")
	want("after the post", 1, "hello", "big", "world", "one")
	want("after the post", 0, "hell")
	f.do("a", ann, edit(ann, id, "Hello small world"))
	want("after an edit", 1, "hello", "small", "world")
	want("after an edit", 0, "big", "one")
	f.must(chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{id}})
	want("after a hide, for staff find it,", 1, "hello", "small", "world")
	f.must(chat.ActRestore, chat.RestoreStep{Room: "a", IDs: []chat.MessageID{id}})
	p := post(ann, "seen by nobody")
	p.Shadow = true
	f.do("a", ann, p)
	want("after a shadowed one", 1, "seen", "nobody", "hello")
	f.say("a", bob, "hello again")
	want("after another", 2, "hello")
	for i := range 300 {
		f.queue("b", ann, post(ann, fmt.Sprint("many words here to index ", i)))
	}
	f.do("b", ann, post(ann, "last"))
	want("of many messages", 1, "last", "299")
	want("of many messages", 300, "many")
}

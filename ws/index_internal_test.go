package ws

import (
	"testing"

	"github.com/chatd/chatd/chat"
)

// TestIndexCounts: who has several sessions is one user, and who signs in is another than the guest before.
func TestIndexCounts(t *testing.T) {
	var x index
	x.init()
	s := make(map[string]*session)
	add := func(name string, user chat.UserID, p protocol) {
		if s[name] == nil {
			s[name] = &session{id: chat.SessionID(name), protocol: p}
		}
		s[name].actor.ID = user
		x.add(s[name])
	}
	want := func(when string, plains, v1s int64, guests, signedIn int) {
		t.Helper()
		var st Stats
		x.count(&st)
		if st.Sessions["plain"] != plains || st.Sessions["v1"] != v1s || st.Guests != guests || st.SignedIn != signedIn {
			t.Errorf("%s: got %+v, want %d plain, %d v1, %d guests, %d signed in", when, st, plains, v1s, guests, signedIn)
		}
	}
	want("at first", 0, 0, 0, 0)
	add("a", "g:1", v1)
	add("b", "g:1", plain)
	add("c", "u:ann", v1)
	want("three sessions of two", 1, 2, 1, 1)
	add("a", "u:ann", v1)
	want("one of a guest's signs in", 1, 2, 1, 1)
	x.remove(s["b"])
	want("the guest is gone", 0, 2, 0, 1)
	x.remove(s["b"])
	x.remove(s["a"])
	want("one is left", 0, 1, 0, 1)
	x.remove(s["c"])
	want("all are gone", 0, 0, 0, 0)
}

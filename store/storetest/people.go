package storetest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/chat"
)

// sameAddr compares addresses by value.
var sameAddr = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

func testUsers(t *testing.T, b Backend) {
	f := start(t, b)
	see := func(id chat.UserID, name string, at time.Time) chat.Seen {
		t.Helper()
		got, err := f.SeeUser(t.Context(), id, name, chat.Skeleton(name), at)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	find := func(name string, want chat.UserID) {
		t.Helper()
		skeleton := chat.Skeleton(name)
		got, err := f.UsersBySkeleton(t.Context(), []string{chat.Skeleton("no one"), skeleton})
		if id, ok := got[skeleton]; err != nil || id != want || ok != (want != "") || len(got) > 1 {
			t.Errorf("who is called %s: got %v, %v, want %q", name, got, err, want)
		}
	}
	want := chat.Seen{ID: ann, Name: "Ann", Role: chat.RoleUser, FirstSeen: noon, LastSeen: noon}
	if got := see(ann, "Ann", noon); !cmp.Equal(got, want) {
		t.Errorf("a new user: got %+v, want %+v", got, want)
	}
	find("ann", ann)
	find("nobody", "")
	want.Name, want.LastSeen = "Anna", noon.Add(time.Second)
	if got := see(ann, "Anna", noon.Add(time.Second)); !cmp.Equal(got, want) {
		t.Errorf("seen again: got %+v, want %+v", got, want)
	}
	find("ann", "")
	see("u:other", "Anna", noon.Add(time.Minute))
	see("g:guest", "Anna", noon.Add(time.Hour))
	find("anna", "u:other")
	see("s:staff", "Anna", noon.Add(2*time.Hour))
	find("anna", "s:staff")
	if got, err := f.FirstSeen(t.Context(), []chat.UserID{ann, "g:nobody"}); err != nil || len(got) != 1 || !got[ann].Equal(noon) {
		t.Errorf("first seen: got %v, %v, want Ann alone, at %v", got, err, noon)
	}
	if got := see("g:guest", "Anna", noon.Add(time.Hour)).Role; got != chat.RoleGuest {
		t.Errorf("a guest's role: got %q", got)
	}

	f.say("a", ann, "one")
	gone := f.say("a", ann, "two")
	f.do("a", ann, chat.Hide{IDs: []chat.MessageID{gone}, Act: chat.ActID(newID()), Author: ann})
	want.Messages = 1
	if got, err := f.User(t.Context(), ann); err != nil || !cmp.Equal(got, want) {
		t.Errorf("User: got %+v, %v, want %+v", got, err, want)
	}
	_, err := f.User(t.Context(), "u:nobody")
	wantCode(t, "somebody who was never seen", err, "user_not_found")
}

func testReadMarkers(t *testing.T, b Backend) {
	f := start(t, b)
	mark := func(seq chat.Seq, want chat.Seq) {
		t.Helper()
		if err := f.MarkRead(t.Context(), "a", ann, seq, noon); err != nil {
			t.Fatal(err)
		}
		if got := f.snapshot("a").Read; got != want {
			t.Errorf("marked %d: got %d, want %d", seq, got, want)
		}
	}
	mark(5, 5)
	mark(3, 5)
	mark(9, 9)
	var wg sync.WaitGroup // many at once share a transaction
	for i := range 40 {
		wg.Go(func() {
			user := chat.UserID(fmt.Sprint("u:", i%4))
			if err := f.MarkRead(t.Context(), "a", user, chat.Seq(i), noon); err != nil {
				t.Errorf("MarkRead: %v", err)
			}
			if got := f.number(`SELECT count(*) FROM read_markers WHERE user_id = $1 AND seq >= $2`, string(user), i); got != 1 {
				t.Errorf("%s: MarkRead returned before it was stored", user)
			}
		})
	}
	wg.Wait()
	s, err := f.Snapshot(t.Context(), "a", chat.SnapshotQuery{Viewer: bob})
	if err != nil || s.Read != 0 {
		t.Errorf("another's marker: got %d, %v, want 0", s.Read, err)
	}
	if n, err := f.CountRooms(t.Context()); err != nil || n != 0 {
		t.Errorf("read markers stored %d rooms, %v", n, err)
	}
}

func sighting(user chat.UserID, addr string, at time.Time) chat.Sighting {
	return chat.Sighting{User: user, Name: "name of " + string(user), Role: chat.RoleGuest, Alias: "addr_" + addr, Addr: netip.MustParseAddr(addr),
		Agent: "browser", AgentHash: "agent_1", Tokenless: true, First: at, Last: at}
}

func testSightings(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	first := sighting(bob, "192.0.2.1", noon)
	again := first
	again.Last, again.Name, again.Tokenless = noon.Add(time.Minute), "Bobby", false
	again.First = again.Last
	other := sighting(bob, "2001:db8::7", noon.Add(time.Second))
	if err := f.Sight(ctx, []chat.Sighting{again, first, other}); err != nil {
		t.Fatal(err)
	}
	want := again
	want.First = noon
	got, err := f.Sightings(ctx, bob, 10)
	if diff := cmp.Diff([]chat.Sighting{want, other}, got, sameAddr); err != nil || diff != "" {
		t.Errorf("Sightings: %v (-want +got):\n%s", err, diff)
	}
	if got, err := f.Sightings(ctx, bob, 1); err != nil || len(got) != 1 {
		t.Errorf("the latest sighting: got %d, %v", len(got), err)
	}
	if got, err := f.User(ctx, bob); err != nil || got.Name != "Bobby" || !got.FirstSeen.Equal(noon) || !got.LastSeen.Equal(again.Last) || got.Role != chat.RoleGuest {
		t.Errorf("who was sighted: got %+v, %v", got, err)
	}
	late := sighting(bob, "192.0.2.1", noon.Add(-time.Minute)) // another node was slow
	if err := f.Sight(ctx, []chat.Sighting{late}); err != nil {
		t.Fatal(err)
	}
	if got, err := f.User(ctx, bob); err != nil || got.Name != "Bobby" || !got.FirstSeen.Equal(late.First) || !got.LastSeen.Equal(again.Last) {
		t.Errorf("after a late sighting: got %+v, %v", got, err)
	}

	many := make([]chat.Sighting, 3000)
	for i := range many {
		a := fmt.Sprintf("198.51.%d.%d", i/256, i%256)
		many[i] = sighting(chat.UserID(fmt.Sprint("g:many", i)), a, noon.Add(time.Duration(i)*time.Millisecond))
		many[i].Alias = fmt.Sprint("addr_", i%10)
	}
	for range 2 { // and again
		if err := f.Sight(ctx, many); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.number(`SELECT count(*) FROM sightings`); n != 3002 {
		t.Errorf("got %d sightings, want each once", n)
	}
	from, err := f.SightedFrom(ctx, "addr_7", noon.Add(time.Second), 5)
	if err != nil || len(from) != 5 || from[0].User != "g:many2997" || from[4].User != "g:many2957" {
		t.Errorf("SightedFrom: got %v, %v, want the five latest", from, err)
	}
	if from, err = f.SightedFrom(ctx, "addr_7", noon.Add(time.Hour), 5); err != nil || len(from) != 0 {
		t.Errorf("SightedFrom of later: got %v, %v", from, err)
	}
}

func testSightedWithin(t *testing.T, b Backend) {
	f := start(t, b)
	var all []chat.Sighting
	for i, a := range []string{"192.0.2.0", "192.0.2.255", "192.0.3.0", "192.0.1.255", "::ffff:192.0.2.7", "2001:db8::", "2001:db8:0:0:ffff:ffff:ffff:ffff",
		"2001:db8:0:1::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "::1", "255.255.255.255"} {
		all = append(all, sighting(chat.UserID(fmt.Sprint("g:", i)), a, noon.Add(time.Duration(i)*time.Second)))
	}
	if err := f.Sight(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]string{
		"192.0.2.0/24": "192.0.2.7 192.0.2.255 192.0.2.0", "192.0.2.0/32": "192.0.2.0", "192.0.2.254/31": "192.0.2.255",
		"0.0.0.0/0": "255.255.255.255 192.0.2.7 192.0.1.255 192.0.3.0 192.0.2.255 192.0.2.0", "2001:db8::/64": "2001:db8::ffff:ffff:ffff:ffff 2001:db8::",
		"2001:db8::/128": "2001:db8::", "::/0": "::1 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8:0:1:: 2001:db8::ffff:ffff:ffff:ffff 2001:db8::",
		"203.0.113.0/24": "",
	} {
		got, err := f.SightedWithin(t.Context(), netip.MustParsePrefix(prefix), noon, 100)
		var addrs []string
		for _, x := range got {
			addrs = append(addrs, x.Addr.String())
		}
		if s := strings.Join(addrs, " "); err != nil || s != want {
			t.Errorf("within %s: got %q, %v, want %q", prefix, s, err, want)
		}
	}
	got, err := f.SightedWithin(t.Context(), netip.MustParsePrefix("192.0.2.0/24"), noon.Add(time.Second), 1)
	if err != nil || len(got) != 1 || got[0].User != "g:4" {
		t.Errorf("the latest within: got %v, %v, want one", got, err)
	}
}

// testSightingsAge: addresses and agents go after a week, what is left after a month.
func testSightingsAge(t *testing.T, b Backend) {
	f := start(t, b, often)
	ctx := t.Context()
	if err := f.Sight(ctx, []chat.Sighting{sighting(bob, "192.0.2.1", noon), sighting("g:new", "192.0.2.1", noon.Add(chat.SightingInClear))}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SeeUser(ctx, ann, "Ann", "ann", noon); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(chat.SightingInClear + time.Second)
	f.eventually("addresses after a week", 1, `SELECT count(*) FROM sightings WHERE addr <> '' AND addr_key IS NOT NULL AND agent <> ''`)
	got, err := f.Sightings(ctx, bob, 10)
	if err != nil || len(got) != 1 || got[0].Addr.IsValid() || got[0].Agent != "" || got[0].AgentHash != "agent_1" || got[0].Alias != "addr_192.0.2.1" {
		t.Errorf("after a week: got %+v, %v, want the hashes alone", got, err)
	}
	if from, err := f.SightedFrom(ctx, "addr_192.0.2.1", noon, 10); err != nil || len(from) != 2 {
		t.Errorf("by alias after a week: got %d, %v, want both", len(from), err)
	}
	f.clock.advance(chat.SightingFor - chat.SightingInClear)
	f.eventually("sightings after a month", 1, `SELECT count(*) FROM sightings`)
	f.eventually("guests after a month", 1, `SELECT count(*) FROM users WHERE id LIKE 'g:%'`)
	if _, err := f.User(ctx, ann); err != nil {
		t.Errorf("a signed-in user after a month: %v, want them known", err)
	}
}

func testUserList(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	var all []chat.Sighting
	for i := range 50 {
		x := sighting(chat.UserID(fmt.Sprintf("%s:%02d", []string{"u", "g", "k", "s", "u"}[i%5], i)), "192.0.2.1", noon.Add(time.Duration(i)*time.Minute))
		x.Name = []string{"Ann", "100%", "a_b", "Bob"}[i%4]
		all = append(all, x)
	}
	if err := f.Sight(ctx, all); err != nil {
		t.Fatal(err)
	}
	list := func(q chat.UserQuery, meanwhile func(page int)) []chat.UserID {
		t.Helper()
		var ids []chat.UserID
		for page := 0; ; page++ {
			some, err := f.ListUsers(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range some {
				ids = append(ids, x.ID)
			}
			if len(some) < q.Limit {
				return ids
			}
			q.After = ids[len(ids)-1]
			if meanwhile != nil {
				meanwhile(page)
			}
		}
	}
	for name, tt := range map[string]struct {
		q    chat.UserQuery
		want func(chat.Sighting) bool
	}{
		"all":       {chat.UserQuery{}, func(chat.Sighting) bool { return true }},
		"guests":    {chat.UserQuery{Guests: set(true)}, func(x chat.Sighting) bool { return strings.HasPrefix(string(x.User), "g:") }},
		"no guests": {chat.UserQuery{Guests: set(false)}, func(x chat.Sighting) bool { return !strings.HasPrefix(string(x.User), "g:") }},
		"since":     {chat.UserQuery{SeenSince: noon.Add(40 * time.Minute)}, func(x chat.Sighting) bool { return !x.Last.Before(noon.Add(40 * time.Minute)) }},
		"by name":   {chat.UserQuery{Text: "nN"}, func(x chat.Sighting) bool { return x.Name == "Ann" }},
		"by looks":  {chat.UserQuery{Text: "1O"}, func(x chat.Sighting) bool { return x.Name == "100%" }},
		"by a sign": {chat.UserQuery{Text: "%"}, func(chat.Sighting) bool { return false }},
		"by id":     {chat.UserQuery{Text: "u:1"}, func(x chat.Sighting) bool { return strings.HasPrefix(string(x.User), "u:1") }},
	} {
		tt.q.Limit = 3
		var want []chat.UserID
		for _, x := range all {
			if tt.want(x) {
				want = append(want, x.User)
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, list(tt.q, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// Who comes and is seen again meanwhile moves nobody.
	seen := make(map[chat.UserID]int)
	for _, id := range list(chat.UserQuery{Limit: 3}, func(page int) {
		x := sighting(chat.UserID(fmt.Sprint("k:new", page)), "192.0.2.1", noon.Add(time.Hour))
		if err := f.Sight(ctx, append(all[:10:10], x)); err != nil {
			t.Fatal(err)
		}
	}) {
		seen[id]++
	}
	for _, x := range all {
		if seen[x.User] != 1 {
			t.Errorf("%s, who was there throughout, is listed %d times", x.User, seen[x.User])
		}
	}
}

func testNotes(t *testing.T, b Backend) {
	f := start(t, b)
	var ids []chat.NoteID
	var acts []chat.Enacted
	for i := range 5 {
		n := chat.Note{ID: chat.NoteID(newID()), User: bob, Text: fmt.Sprint("note ", i), By: mod, At: noon}
		ids = append(ids, n.ID)
		acts = append(acts, f.must(chat.ActNote, chat.NoteStep{Note: n}))
		wantEffects(t, "a note", acts[i], "note_added "+string(n.ID))
	}
	notes := func(what string, want ...string) {
		t.Helper()
		var got []string
		for before := chat.NoteID(""); ; {
			some, err := f.Notes(t.Context(), bob, before, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range some {
				if n.By != mod || !n.At.Equal(noon) || n.User != bob {
					t.Errorf("got %+v, want it as it was written", n)
				}
				got = append(got, strings.TrimPrefix(n.Text, "note "))
			}
			if len(some) < 2 {
				break
			}
			before = some[1].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	notes("all", "4", "3", "2", "1", "0")
	removed := f.must(chat.ActUnnote, chat.UnnoteStep{User: bob, ID: ids[3]})
	wantEffects(t, "a removal", removed, "note_removed "+string(ids[3]))
	notes("one removed", "4", "2", "1", "0")
	for name, step := range map[string]chat.UnnoteStep{"removed": {User: bob, ID: ids[3]}, "another's": {User: ann, ID: ids[2]}, "unknown": {User: bob, ID: "x"}} {
		_, err := f.decree(chat.ActUnnote, step)
		wantCode(t, "removing a note that is "+name, err, "note_not_found")
	}
	back := f.undone(removed)
	wantEffects(t, "a removal undone", back, "note_added "+string(ids[3]))
	notes("a removal undone", "4", "3", "2", "1", "0")
	f.undone(back)
	notes("and done again", "4", "2", "1", "0")
	wantSkipped(t, "the note itself undone", f.undone(acts[3]), "note_added changed_later")
	f.undone(acts[0])
	notes("a note undone", "4", "2", "1")
}

func testRevokedTokens(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	if _, err := f.SeeUser(ctx, ann, "Ann", "ann", noon); err != nil {
		t.Fatal(err)
	}
	e := f.must(chat.ActRevokeTokens, chat.RevokeTokensStep{User: ann, Before: noon}, chat.RevokeTokensStep{User: "u:unseen", Before: noon.Add(time.Hour)})
	wantEffects(t, "tokens", e, `tokens_revoked null "2026-03-04T12:00:00Z"`, `tokens_revoked null "2026-03-04T13:00:00Z"`)
	wantSkipped(t, "earlier ones", f.must(chat.ActRevokeTokens, chat.RevokeTokensStep{User: ann, Before: noon.Add(-time.Hour)}), "tokens_revoked already")
	wantSkipped(t, "undone", f.undone(e), "tokens_revoked not_undoable", "tokens_revoked not_undoable")
	want := map[chat.UserID]time.Time{ann: noon, "u:unseen": noon.Add(time.Hour)}
	if got, err := f.TokensFrom(ctx); err != nil || !cmp.Equal(got, want) {
		t.Errorf("TokensFrom: got %v, %v, want %v", got, err, want)
	}
	if got, err := f.User(ctx, ann); err != nil || !got.TokensFrom.Equal(noon) {
		t.Errorf("User: got %+v, %v, want from when tokens are good", got, err)
	}
	_, err := f.User(ctx, "u:unseen")
	wantCode(t, "somebody who was never seen", err, "user_not_found")
	got, err := f.SeeUser(ctx, "u:unseen", "New", "new", noon.Add(time.Minute))
	if err != nil || !got.TokensFrom.Equal(noon.Add(time.Hour)) || !got.FirstSeen.Equal(noon.Add(time.Minute)) {
		t.Errorf("seen at last: got %+v, %v", got, err)
	}
}

package storetest

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

// found is what a test knows of a message that staff look for.
type found struct {
	id      chat.MessageID
	room    chat.RoomID
	by      chat.UserID
	at      time.Time
	text    string
	earlier []string
	deleted bool
	edited  bool
	shadow  bool
}

// library writes messages of every kind into rooms.
func library(f *fixture, rooms, n int) []found {
	f.t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"alpha", "alphabet", "beta", "Straße", "日本語", "gamma", "delta"}
	text := func() string {
		var s []string
		for range 1 + r.IntN(4) {
			s = append(s, words[r.IntN(len(words))])
		}
		return strings.Join(s, " ")
	}
	var all []found
	for range n {
		x := found{room: roomN(r.IntN(rooms)), by: []chat.UserID{ann, bob, "u:carl"}[r.IntN(3)], at: f.clock.Now(), text: text(), shadow: r.IntN(6) == 0}
		p := post(x.by, x.text)
		p.Message.At, p.Shadow, x.id = x.at, x.shadow, p.Message.ID
		f.do(x.room, x.by, p)
		if r.IntN(5) == 0 {
			x.edited, x.earlier = true, append(x.earlier, x.text)
			x.text = text() + " edited"
			f.do(x.room, x.by, edit(x.by, x.id, x.text))
		}
		if r.IntN(5) == 0 {
			x.deleted = true
			f.must(chat.ActDelete, chat.HideStep{Room: x.room, IDs: []chat.MessageID{x.id}})
		}
		all = append(all, x)
		if r.IntN(3) > 0 { // many are of one millisecond
			f.clock.advance(time.Duration(r.IntN(5)) * time.Second)
		}
	}
	latestFirst(all)
	f.indexed()
	return all
}

// indexed waits until everything can be searched.
func (f *fixture) indexed() {
	f.t.Helper()
	f.eventually("events behind the search cursor", 0, `SELECT n.pos - c.pos FROM counters n
		JOIN cursors c ON c.shard = n.shard WHERE c.name = 'search'`)
}

// matches says what FindMessages has to find.
func (x found) matches(q chat.MessageQuery) bool {
	flag := map[chat.MessageFlag]bool{"": true, chat.FlagDeleted: x.deleted, chat.FlagEdited: x.edited, chat.FlagShadow: x.shadow}[q.Flag]
	within := q.Within == nil || slices.ContainsFunc(q.Within, func(glob string) bool {
		ok, _ := path.Match(glob, string(x.room))
		return ok
	})
	return flag && within && x.has(q.Tokens, q.Prefix) && (q.Room == "" || q.Room == x.room) && (q.User == "" || q.User == x.by) &&
		(q.Since.IsZero() || !x.at.Before(q.Since)) && (q.Until.IsZero() || x.at.Before(q.Until)) && (!q.Visible || !x.deleted && !x.shadow)
}

func (x found) has(tokens []string, prefix bool) bool {
	have := chat.Tokens(x.text)
	for i, want := range tokens {
		if !slices.ContainsFunc(have, func(t string) bool {
			return t == want || prefix && i == len(tokens)-1 && strings.HasPrefix(t, want)
		}) {
			return false
		}
	}
	return true
}

// find pages through what FindMessages finds.
func (f *fixture) find(q chat.MessageQuery, meanwhile func()) []chat.StoredMessage {
	f.t.Helper()
	var all []chat.StoredMessage
	for {
		some, err := f.FindMessages(f.t.Context(), q)
		if err != nil {
			f.t.Fatalf("FindMessages(%+v): %v", q, err)
		}
		all = append(all, some...)
		if len(some) < q.Limit {
			return all
		}
		q.Before = some[len(some)-1].ID
		if meanwhile != nil {
			meanwhile()
		}
	}
}

// testFindMessages compares FindMessages with looking through everything.
func testFindMessages(t *testing.T, b Backend) {
	f := start(t, b)
	findAtRandom(f, library(f, 4, 200), 120)
}

// testFindFarBack is testFindMessages with more messages after them than are looked through before an index is asked.
func testFindFarBack(t *testing.T, b Backend) {
	f := start(t, b)
	all := library(f, 4, 200)
	var last <-chan answer
	for i := range 2300 {
		x := found{room: roomN(i % 3), by: bob, at: f.clock.Now(), text: "filler"}
		if i%97 == 0 {
			x.text = "alpha filler" // here and there
		}
		p := post(x.by, x.text)
		p.Message.At, x.id = x.at, p.Message.ID
		last = f.queue(x.room, x.by, p)
		all = append(all, x)
		if i%5 == 0 {
			f.clock.advance(time.Millisecond)
		}
	}
	if a := <-last; a.err != nil {
		t.Fatal(a.err)
	}
	f.indexed()
	latestFirst(all)
	findAtRandom(f, all, 60)
}

func latestFirst(all []found) {
	slices.SortFunc(all, func(x, y found) int {
		if c := y.at.Compare(x.at); c != 0 {
			return c
		}
		return strings.Compare(string(y.id), string(x.id))
	})
}

// findAtRandom asks for this and that.
func findAtRandom(f *fixture, all []found, n int) {
	f.t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	pick := func(n int) bool { return r.IntN(n) == 0 }
	for range n {
		q := chat.MessageQuery{Limit: 1 + r.IntN(40), Visible: pick(3)}
		if pick(2) {
			q.Tokens = chat.Tokens([]string{"alpha", "beta gamma", "日本", "STRASSE", "edited", "none", "alpha beta"}[r.IntN(7)])
			if q.Prefix = pick(2); q.Prefix {
				q.Tokens = append(q.Tokens, []string{"al", "a", "ga", "日", "x"}[r.IntN(5)])
			}
		}
		if pick(3) {
			q.Room = roomN(r.IntN(5))
		}
		if pick(3) {
			q.Within = [][]string{{"room-0", "room-3"}, {"room-[12]"}, {"*"}, {"x*"}, {}}[r.IntN(5)]
		}
		if pick(3) {
			q.User = []chat.UserID{ann, bob, "u:nobody"}[r.IntN(3)]
		}
		if pick(3) {
			q.Flag = []chat.MessageFlag{chat.FlagDeleted, chat.FlagEdited, chat.FlagShadow}[r.IntN(3)]
		}
		if pick(3) {
			q.Since = all[r.IntN(len(all))].at
		}
		if pick(3) {
			q.Until = all[r.IntN(len(all))].at
		}
		if pick(20) {
			q.Until = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		if pick(20) {
			q.Since = time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		compareFound(f.t, all, f.find(q, nil), q)
	}
}

func compareFound(t testing.TB, all []found, got []chat.StoredMessage, q chat.MessageQuery) {
	t.Helper()
	var want, ids []string
	for _, x := range all {
		if x.matches(q) {
			want = append(want, fmt.Sprint(x.id, " ", x.text, " deleted ", x.deleted, " shadow ", x.shadow))
		}
	}
	for _, m := range got {
		ids = append(ids, fmt.Sprint(m.ID, " ", m.Text, " deleted ", m.Hidden, " shadow ", m.Shadow))
		if (len(m.Hides) == 1) != m.Hidden || m.Hidden && (m.Hides[0].By != mod || m.Hides[0].Own || m.Hides[0].Act == "") {
			t.Errorf("hidden %v by %+v", m.Hidden, m.Hides)
		}
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", q, diff)
	}
}

// testFindInManyRooms: moderators of more rooms than are looked through one by one.
func testFindInManyRooms(t *testing.T, b Backend) {
	f := start(t, b)
	all := library(f, 120, 300)
	for _, q := range []chat.MessageQuery{
		{Limit: 20, Within: []string{"room-?", "room-??"}},
		{Limit: 500, Within: []string{"room-?", "room-??"}, Tokens: []string{"alpha"}},
		{Limit: 3, Within: []string{"room-1*"}, Visible: true, Flag: chat.FlagEdited},
	} {
		compareFound(t, all, f.find(q, nil), q)
	}
}

// testFindMeanwhile: what was there throughout is on one page exactly, whatever happens between them.
func testFindMeanwhile(t *testing.T, b Backend) {
	f := start(t, b)
	all := library(f, 3, 60)
	n := 0
	got := f.find(chat.MessageQuery{Limit: 7}, func() {
		p := post(ann, "alpha meanwhile")
		p.Message.At = f.clock.Now()
		f.do("room-1", ann, p)
		for n++; all[n].deleted; n++ {
		}
		f.do(all[n].room, all[n].by, edit(all[n].by, all[n].id, all[n].text+" again"))
	})
	seen := make(map[chat.MessageID]int)
	for _, m := range got {
		seen[m.ID]++
	}
	for _, x := range all {
		if seen[x.id] != 1 {
			t.Errorf("%s is listed %d times, want once", x.id, seen[x.id])
		}
	}
}

// testFindPast: a cursor whose message is gone goes on where it was.
func testFindPast(t *testing.T, b Backend) {
	f := start(t, b)
	all := library(f, 1, 20)
	gone := all[9]
	f.exec(`DELETE FROM messages WHERE id = $1`, string(gone.id))
	got, err := f.FindMessages(t.Context(), chat.MessageQuery{Before: gone.id, BeforeAt: gone.at, Limit: 100})
	if err != nil || len(got) != 10 || got[0].ID != all[10].id {
		t.Errorf("after a message that is gone: got %d, %v, want the 10 that follow", len(got), err)
	}
	_, err = f.FindMessages(t.Context(), chat.MessageQuery{Before: "nonsense", Limit: 1})
	wantCode(t, "a cursor that names nothing", err, "message_not_found")
	if got, err := f.FindMessages(t.Context(), chat.MessageQuery{Before: chat.MessageID(newID()), Limit: 100}); err != nil || len(got) != 19 {
		t.Errorf("before an id of now: got %d, %v, want all", len(got), err)
	}
}

func testMessagesAround(t *testing.T, b Backend) {
	f := start(t, b)
	all := library(f, 1, 30)
	room := all[0].room
	slices.Reverse(all)
	got, err := f.MessagesAround(t.Context(), room, all[10].id, 7)
	var ids, want []chat.MessageID
	for _, m := range got {
		ids = append(ids, m.ID)
	}
	for _, x := range all[7:14] {
		want = append(want, x.id)
	}
	if diff := cmp.Diff(want, ids); err != nil || diff != "" {
		t.Errorf("around: %v (-want +got):\n%s", err, diff)
	}
	_, err = f.MessagesAround(t.Context(), "other", all[10].id, 7)
	wantCode(t, "around a message of another room", err, "message_not_found")
	for _, x := range all {
		m, err := f.Message(t.Context(), room, x.id)
		if err != nil || m.Text != x.text || m.Hidden != x.deleted || m.Shadow != x.shadow || (len(m.Hides) > 0) != x.deleted {
			t.Errorf("Message: got %+v, %v, want %+v", m, err, x)
		}
		earlier, err := f.EarlierTexts(t.Context(), x.id)
		var texts []string
		for _, e := range earlier {
			if texts = append(texts, e.Text); e.Until.IsZero() {
				t.Errorf("an earlier text without its end")
			}
		}
		if err != nil || !slices.Equal(texts, x.earlier) {
			t.Errorf("earlier texts: got %q, %v, want %q", texts, err, x.earlier)
		}
	}
	_, err = f.Message(t.Context(), "other", all[0].id)
	wantCode(t, "a message of another room", err, "message_not_found")
}

func testAuthorsSince(t *testing.T, b Backend) {
	f := start(t, b)
	all := library(f, 3, 100)
	since := all[60].at
	for _, room := range []chat.RoomID{"", "room-1"} {
		want := make(map[chat.UserID][]string)
		for _, x := range all {
			if !x.at.Before(since) && (room == "" || room == x.room) && len(want[x.by]) < 3 {
				want[x.by] = append(want[x.by], x.text)
			}
		}
		got, err := f.AuthorsSince(t.Context(), room, since, 3, 10)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("in %q: %v (-want +got):\n%s", room, err, diff)
		}
	}
	if got, err := f.AuthorsSince(t.Context(), "", since, 3, 2); err != nil || len(got) != 2 {
		t.Errorf("at most two: got %d, %v", len(got), err)
	}
	if got, err := f.AuthorsSince(t.Context(), "", since, 0, 10); err != nil || len(got) != 3 || got[ann] != nil {
		t.Errorf("without texts: got %v, %v", got, err)
	}
}

func testHeldList(t *testing.T, b Backend) {
	f := start(t, b)
	var all []chat.Held
	for i := range 30 {
		by := []chat.UserID{ann, bob}[i%2]
		p := post(by, fmt.Sprint("held ", i))
		p.Message.Room = roomN(i % 3)
		h := chat.Hold{Message: p.Message, Nonce: fmt.Sprint("n", i), Why: "sanction", Sanction: "s1"}
		if _, err := f.try(p.Message.Room, by, h); err != nil {
			t.Fatal(err)
		}
		all = append(all, chat.Held{Message: p.Message, Why: "sanction", Sanction: "s1", State: chat.HeldPending})
	}
	f.must(chat.ActRefuse, chat.DecideStep{ID: all[3].Message.ID, Code: "refused"})
	for i := range all {
		var err error
		if all[i], err = f.HeldByID(t.Context(), all[i].Message.ID); err != nil {
			t.Fatal(err)
		}
	}
	if x := all[3]; x.State != chat.HeldRefused || x.Code != "refused" || x.By != mod || x.At.IsZero() || x.Act == "" {
		t.Errorf("a refused one: got %+v", x)
	}
	if x := all[4]; x.State != chat.HeldPending || x.Message.Text != "held 4" || x.Message.Author.ID != ann || x.Message.Seq != 0 || x.Sanction != "s1" || !x.Message.At.Equal(noon) {
		t.Errorf("one that waits: got %+v", x)
	}
	for name, tt := range map[string]struct {
		q    chat.HeldQuery
		want func(chat.Held) bool
	}{
		"all":     {chat.HeldQuery{}, func(chat.Held) bool { return true }},
		"waiting": {chat.HeldQuery{State: chat.HeldPending}, func(x chat.Held) bool { return x.State == chat.HeldPending }},
		"refused": {chat.HeldQuery{State: chat.HeldRefused}, func(x chat.Held) bool { return x.State == chat.HeldRefused }},
		"room":    {chat.HeldQuery{Room: "room-1"}, func(x chat.Held) bool { return x.Message.Room == "room-1" }},
		"author":  {chat.HeldQuery{Author: bob}, func(x chat.Held) bool { return x.Message.Author.ID == bob }},
		"within":  {chat.HeldQuery{Within: []string{"room-[01]"}}, func(x chat.Held) bool { return x.Message.Room != "room-2" }},
	} {
		tt.q.Limit = 4
		var got, want []chat.HeldID
		for {
			some, err := f.ListHeld(t.Context(), tt.q)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, x := range some {
				got = append(got, x.Message.ID)
			}
			if len(some) < tt.q.Limit {
				break
			}
			tt.q.After = got[len(got)-1]
		}
		for _, x := range all {
			if tt.want(x) {
				want = append(want, x.Message.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	_, err := f.HeldByID(t.Context(), "x")
	wantCode(t, "an unknown one", err, "held_not_found")
	got, ok, err := f.HeldByNonce(t.Context(), "room-2", ann, "n2")
	if err != nil || !ok || got.Message.ID != all[2].Message.ID {
		t.Errorf("HeldByNonce: got %+v, %v, %v", got, ok, err)
	}
	f.clock.advance(25 * time.Hour)
	for _, nonce := range []string{"n2", "", "other"} {
		if _, ok, err := f.HeldByNonce(t.Context(), "room-2", ann, nonce); err != nil || ok {
			t.Errorf("nonce %q a day later: got %v, %v, want nothing", nonce, ok, err)
		}
	}
}

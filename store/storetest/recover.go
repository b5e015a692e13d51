package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/chat"
)

// testPresentState: recovery shows what is left of the past today.
func testPresentState(t *testing.T, b Backend) {
	f := start(t, b)
	before := position(f.snapshot("a").Room)
	keep, gone, back := f.say("a", ann, "keep"), f.say("a", ann, "gone"), f.say("a", ann, "back")
	f.do("a", ann, edit(ann, gone, "gone, edited"))
	f.do("a", ann, react(gone, "👍", true))
	f.do("a", ann, react(keep, "👍", true))
	f.do("a", mod, hide(gone, back))
	f.do("a", bob, react(keep, "👍", true))
	f.do("a", mod, restore(back, gone))
	f.do("a", mod, hide(gone))
	f.do("a", ann, edit(ann, keep, "kept"))
	f.do("a", mod, change(chat.SettingsPatch{Title: set("old"), Topic: set("topic")}))
	f.do("a", mod, change(chat.SettingsPatch{Title: set("new")}))
	f.do("a", mod, pin(keep, true))

	got := f.since("a", before)
	var lines []string
	for _, e := range got {
		line := string(e.Kind)
		switch e.Kind {
		case chat.EventMessage, chat.EventEdited:
			line += " " + e.Message.Text
		case chat.EventDeleted:
			line += fmt.Sprint(" gone=", cmp.Equal(e.Deleted, []chat.MessageID{gone}))
		case chat.EventRestored:
			line += " " + strings.Join(texts(e.Restored), ",")
		case chat.EventReaction:
			line += fmt.Sprint(" ", e.Reactions.Totals)
		case chat.EventRoom:
			line += fmt.Sprint(" ", texts(e.Pins), e.PinsSet)
			if e.Settings.Title != nil {
				line += " title " + *e.Settings.Title
			}
			if e.Settings.Topic != nil {
				line += " topic " + *e.Settings.Topic
			}
		}
		lines = append(lines, line)
		if e.Prev != 0 || e.Epoch != before.Epoch || e.Room != "a" || e.Pos == 0 || !e.At.Equal(noon) || e.By == "" {
			t.Errorf("got %+v, want room, epoch, pos, time and author, and no Prev", e)
		}
	}
	want := []string{
		"message kept", "message back",
		"reaction [{👍 2}]", "deleted gone=true", "reaction [{👍 2}]", "restored back", "deleted gone=true", "edited kept",
		"room [] false title new topic topic", "room [] false title new", "room [kept] true",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("Since (-want +got):\n%s", diff)
	}
	_, snap, err := f.Since(t.Context(), "a", before, 1000, chat.SnapshotQuery{Viewer: ann})
	if err != nil || !cmp.Equal(snap.Reacted, map[chat.MessageID][]string{keep: {"👍"}}) {
		t.Errorf("Reacted of the events' messages: got %v, %v", snap.Reacted, err)
	}
	for _, column := range []string{"detail", "kind", "message"} {
		if n := f.number(`SELECT count(*) FROM events WHERE ` + column + ` LIKE '%new%' OR ` + column + ` LIKE '%kept%'`); n > 0 {
			t.Errorf("an event's %s holds text", column)
		}
	}
}

// testRecoveryOfHidden: recovery reads no more of a hidden message than that it is hidden.
func testRecoveryOfHidden(t *testing.T, b Backend) {
	f := start(t, b)
	before := position(f.snapshot("a").Room)
	var ids []chat.MessageID
	for i := range 30 {
		ids = append(ids, f.say("a", ann, fmt.Sprint(i)))
	}
	f.do("a", ann, react(ids[0], "👍", true))
	f.do("a", mod, hide(ids[:20]...))
	f.do("a", mod, restore(ids[10:20]...))
	f.do("a", mod, hide(ids[10:15]...))
	// Reading such a message in full fails.
	f.exec(`UPDATE messages SET mentions = '{' WHERE EXISTS (SELECT 1 FROM message_hides h WHERE h.message = messages.id AND h.ended_by = '')`)

	events, _, err := f.Since(t.Context(), "a", before, 1000, chat.SnapshotQuery{Viewer: ann})
	if err != nil {
		t.Fatalf("Since: %v", err)
	}
	var got []string
	for _, e := range events[15:] {
		got = append(got, fmt.Sprint(e.Kind, " ", len(e.Deleted), " ", strings.Join(texts(e.Restored), " ")))
	}
	want := []string{"deleted 15 ", "restored 0 15 16 17 18 19", "deleted 5 "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after the 15 messages that are visible (-want +got):\n%s", diff)
	}
}

func position(r chat.Room) chat.Position { return chat.Position{Epoch: r.Epoch, Seq: r.Seq} }

func testRecoveryRefused(t *testing.T, b Backend) {
	f := start(t, b)
	for i := range 20 {
		f.say("a", ann, fmt.Sprint(i))
	}
	r := f.snapshot("a").Room
	f.exec(`UPDATE rooms SET floor = 3 WHERE id = 'a'`)
	all := f.number(`SELECT count(*) FROM events WHERE room = 'a' AND seq > 3`)
	for name, tt := range map[string]struct {
		since chat.Position
		limit int
		want  string
	}{
		"the head":          {position(r), 0, ""},
		"at the floor":      {chat.Position{Epoch: r.Epoch, Seq: 3}, all, ""},
		"below the floor":   {chat.Position{Epoch: r.Epoch, Seq: 2}, 1000, "cannot_recover"},
		"negative":          {chat.Position{Epoch: r.Epoch, Seq: -1}, 1000, "cannot_recover"},
		"beyond the head":   {chat.Position{Epoch: r.Epoch, Seq: r.Seq + 1}, 1000, "cannot_recover"},
		"one event too far": {chat.Position{Epoch: r.Epoch, Seq: 3}, all - 1, "cannot_recover"},
		"another epoch":     {chat.Position{Epoch: "x", Seq: r.Seq}, 1000, "cannot_recover"},
		"no epoch":          {chat.Position{Seq: r.Seq}, 1000, "cannot_recover"},
	} {
		_, _, err := f.Since(t.Context(), "a", tt.since, tt.limit, chat.SnapshotQuery{})
		wantCode(t, name, err, tt.want)
	}
	_, _, err := f.Since(t.Context(), "never", chat.Position{Epoch: f.snapshot("never").Room.Epoch, Seq: 1}, 10, chat.SnapshotQuery{})
	wantCode(t, "beyond the head of a room that isn't stored", err, "cannot_recover")
}

func testPages(t *testing.T, b Backend) {
	f := start(t, b)
	var ids []chat.MessageID
	for i := range 10 {
		ids = append(ids, f.say("a", ann, fmt.Sprint(i)))
	}
	f.do("a", mod, hide(ids[3], ids[9]))
	f.do("a", ann, react(ids[4], "👍", true))
	seq := func(i int) chat.Seq {
		m, err := f.Message(t.Context(), "a", ids[i])
		if err != nil {
			t.Fatal(err)
		}
		return m.Seq
	}
	for name, tt := range map[string]struct {
		q             chat.PageQuery
		want          string
		before, after bool
	}{
		"before":          {chat.PageQuery{Before: seq(6), Limit: 3}, "2 4 5", true, true},
		"before, all":     {chat.PageQuery{Before: seq(6), Limit: 5}, "0 1 2 4 5", false, true},
		"before the head": {chat.PageQuery{Before: seq(9) + 100, Limit: 2}, "7 8", true, false},
		"before all":      {chat.PageQuery{Before: seq(0), Limit: 2}, "", false, true},
		"around":          {chat.PageQuery{Around: ids[5], Limit: 4}, "2 4 5 6", true, true},
		"around, at ends": {chat.PageQuery{Around: ids[0], Limit: 100}, "0 1 2 4 5 6 7 8", false, false},
		"around, alone":   {chat.PageQuery{Around: ids[5], Limit: 1}, "5", true, true},
	} {
		tt.q.Viewer = ann
		p, err := f.Page(t.Context(), "a", tt.q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(texts(p.Messages), " "); got != tt.want || p.MoreBefore != tt.before || p.MoreAfter != tt.after {
			t.Errorf("%s: got %q, more before %v, after %v; want %q, %v, %v", name, got, p.MoreBefore, p.MoreAfter, tt.want, tt.before, tt.after)
		}
		if has := strings.Contains(tt.want, "4"); has != (len(p.Reacted[ids[4]]) == 1) {
			t.Errorf("%s: got own reactions %v", name, p.Reacted)
		}
	}
	for name, id := range map[string]chat.MessageID{"hidden": ids[3], "unknown": "nothing"} {
		_, err := f.Page(t.Context(), "a", chat.PageQuery{Around: id, Limit: 5})
		wantCode(t, "around a message that is "+name, err, "message_not_found")
	}
	if _, err := f.Page(t.Context(), "never", chat.PageQuery{Before: 5, Limit: 5}); err != nil {
		t.Errorf("a page of a room that isn't stored: %v", err)
	}
}

func testNoRowByReading(t *testing.T, b Backend) {
	f := start(t, b)
	joined := f.snapshot("a")
	want := chat.Room{ID: "a", Epoch: joined.Room.Epoch, Settings: chat.DefaultSettings()}
	if diff := cmp.Diff(chat.Snapshot{Room: want}, joined, cmpopts.EquateEmpty()); diff != "" || joined.Room.Epoch == "" {
		t.Errorf("a room that was never stored (-want +got):\n%s", diff)
	}
	if events := f.since("a", position(joined.Room)); len(events) != 0 {
		t.Errorf("got %v since nothing", events)
	}
	if n, err := f.CountRooms(t.Context()); err != nil || n != 0 {
		t.Errorf("CountRooms after reads: got %d, %v, want 0", n, err)
	}
	f.say("a", ann, "first")
	f.say("a-b", ann, "first")
	f.say("A_", ann, "first")
	if events := f.since("a", position(joined.Room)); len(events) != 1 {
		t.Errorf("who joined before the first message recovered %d events, want 1", len(events))
	}
	for after, want := range map[chat.RoomID]string{"": "A_ a", "A_": "a a-b", "a": "a-b", "a-b": ""} {
		rooms, err := f.Rooms(t.Context(), chat.RoomQuery{After: after, Limit: 2})
		var got []string
		for _, r := range rooms {
			got = append(got, string(r.ID))
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("Rooms after %q: got %q, %v, want %q in the order of bytes", after, got, err, want)
		}
	}
}

func testEpochs(t *testing.T, b Backend) {
	f := start(t, b)
	f.say("a", ann, "x")
	was := f.snapshot("a").Room
	if err := f.NewGeneration(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := f.snapshot("a").Room
	if now.Epoch == was.Epoch || now.Seq != was.Seq {
		t.Errorf("after NewGeneration: got epoch %q, seq %d, want a new epoch, seq %d", now.Epoch, now.Seq, was.Seq)
	}
	if other := f.snapshot("b").Room.Epoch; other != now.Epoch {
		t.Errorf("a room that isn't stored: got epoch %q, want that of the generation, %q", other, now.Epoch)
	}
	_, _, err := f.Since(t.Context(), "a", position(was), 1000, chat.SnapshotQuery{})
	wantCode(t, "recovery from the old epoch", err, "cannot_recover")
	if e := f.do("a", ann, post(ann, "y")); e.Epoch != now.Epoch {
		t.Errorf("a live event: got epoch %q, want %q", e.Epoch, now.Epoch)
	}
	f.restart()
	if got := f.snapshot("a").Room.Epoch; got != now.Epoch {
		t.Errorf("after a restart: got epoch %q, want %q as before", got, now.Epoch)
	}
}

func testReopen(t *testing.T, b Backend) {
	f := start(t, b)
	asked := f.say("a", ann, "asked")
	f.do("a", bob, reply(asked))
	f.do("a", bob, react(asked, "👍", true))
	f.do("a", mod, pin(asked, true))
	f.do("a", mod, change(chat.SettingsPatch{Title: set("T")}))
	f.do("a", ann, edit(ann, asked, "asked!"))
	before := f.snapshot("a")
	last := f.bell.heard(t, 6)[5]
	f.restart()
	if diff := cmp.Diff(before, f.snapshot("a")); diff != "" {
		t.Errorf("after a restart:\n%s", diff)
	}
	e := f.do("a", ann, post(ann, "next"))
	if e.Prev != last.Seq || e.Pos != last.Pos+1 {
		t.Errorf("got prev %d, pos %d after a restart, want %d, %d", e.Prev, e.Pos, last.Seq, last.Pos+1)
	}
	if err := f.Run(t.Context()); err == nil {
		t.Error("a second Run: got no error")
	}
	if err := f.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

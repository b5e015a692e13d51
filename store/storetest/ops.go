package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
)

func testOps(t *testing.T, b Backend) {
	f := start(t, b)
	id := f.say("a", ann, "one")
	second := f.say("a", bob, "two")

	tests := []struct {
		name string
		op   any
		want chat.Event // what it shows
	}{
		{"edit", edit(ann, id, "one!"), chat.Event{Kind: chat.EventEdited}},
		{"react", react(id, "👍", true), chat.Event{Kind: chat.EventReaction,
			Reactions: &chat.Reactions{Message: id, Totals: []chat.Reaction{{Emoji: "👍", Count: 1}}}}},
		{"react again", react(id, "👍", true), chat.Event{}},
		{"withdraw", react(id, "👍", false), chat.Event{Kind: chat.EventReaction, Reactions: &chat.Reactions{Message: id}}},
		{"withdraw again", react(id, "👍", false), chat.Event{}},
		{"set", change(chat.SettingsPatch{Title: set("T"), MaxLength: set(500)}), chat.Event{Kind: chat.EventRoom,
			Settings: chat.SettingsPatch{Title: set("T")}}},
		{"set the same", change(chat.SettingsPatch{Title: set("T")}), chat.Event{}},
		{"unpin what isn't pinned", pin(id, false), chat.Event{}},
		{"hide", hide(second), chat.Event{Kind: chat.EventDeleted, Deleted: []chat.MessageID{second}}},
		{"hide what is hidden", hide(second), chat.Event{}},
		{"hide nothing", hide(), chat.Event{}},
		{"restore what isn't hidden", restore(id), chat.Event{}},
		{"restore what isn't there", restore("nothing"), chat.Event{}},
	}
	n := 2
	for _, tt := range tests {
		got := f.do("a", ann, tt.op)
		if tt.want.Kind != "" {
			n++
		}
		if (got.Seq == 0) != (tt.want.Kind == "") {
			t.Errorf("%s: got seq %d, want an event only where something changes", tt.name, got.Seq)
		}
		ignore := cmpopts.IgnoreFields(chat.Event{}, "Room", "Epoch", "Seq", "Prev", "Pos", "At", "By", "Message")
		if diff := cmp.Diff(tt.want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if heard := f.bell.heard(t, n); len(heard) != n {
		t.Errorf("%d events were announced, want %d", len(heard), n)
	}
	m, err := f.Message(t.Context(), "a", id)
	if err != nil || m.Text != "one!" || !m.EditedAt.Equal(noon) || m.Hidden {
		t.Errorf("Message: got %+v, %v, want the edited text", m, err)
	}
	if m, err := f.Message(t.Context(), "a", second); err != nil || !m.Hidden || m.Text != "two" {
		t.Errorf("Message of a hidden one: got %+v, %v, want it with Hidden", m, err)
	}
	_, err = f.Message(t.Context(), "b", id)
	wantCode(t, "Message in another room", err, "message_not_found")
}

func testRefusals(t *testing.T, b Backend) {
	f := start(t, b)
	mine, hidden, elsewhere := f.say("a", ann, "mine"), f.say("a", ann, "hidden"), f.say("b", ann, "elsewhere")
	f.do("a", mod, hide(hidden))
	for i := range 3 {
		f.do("a", ann, react(mine, fmt.Sprint(i), true))
	}
	for range chat.MaxPins {
		f.do("a", mod, pin(f.say("a", ann, "pinned"), true))
	}
	before := f.snapshot("a")
	events := f.number(`SELECT count(*) FROM events`)
	rooms := f.number(`SELECT count(*) FROM rooms`)

	tests := map[string]struct {
		op   any
		want string
	}{
		"answer nothing":               {reply("nothing"), "reply_not_found"},
		"answer a hidden message":      {reply(hidden), "reply_not_found"},
		"answer in another room":       {reply(elsewhere), "reply_not_found"},
		"edit nothing":                 {edit(ann, "nothing", "x"), "message_not_found"},
		"edit in another room":         {edit(ann, elsewhere, "x"), "message_not_found"},
		"edit a hidden message":        {edit(ann, hidden, "x"), "message_not_found"},
		"edit another's":               {edit(bob, mine, "x"), "not_your_message"},
		"edit too late":                {chat.Edit{ID: mine, Author: ann, Text: "x", NotBefore: noon.Add(time.Millisecond)}, "edit_too_late"},
		"hide nothing known":           {hide(mine, "nothing"), "message_not_found"},
		"hide in another room":         {hide(elsewhere), "message_not_found"},
		"delete another's":             {chat.Hide{IDs: []chat.MessageID{mine}, Act: "x", Author: bob}, "not_your_message"},
		"delete another's and unknown": {chat.Hide{IDs: []chat.MessageID{mine, "nothing"}, Act: "x", Author: bob}, "message_not_found"},
		"react to nothing":             {react("nothing", "0", true), "message_not_found"},
		"react to a hidden message":    {react(hidden, "0", true), "message_not_found"},
		"react in another room":        {react(elsewhere, "0", true), "message_not_found"},
		"too many kinds":               {react(mine, "3", true), "too_many_reactions"},
		"pin nothing":                  {pin("nothing", true), "message_not_found"},
		"pin a hidden message":         {pin(hidden, true), "message_not_found"},
		"pin in another room":          {pin(elsewhere, true), "message_not_found"},
		"one pin too many":             {pin(mine, true), "too_many_pins"},
	}
	for name, tt := range tests {
		c, err := f.try("a", ann, tt.op)
		wantCode(t, name, err, tt.want)
		if c.Event.Seq != 0 {
			t.Errorf("%s: got seq %d with a refusal", name, c.Event.Seq)
		}
	}
	_, err := f.try("never", ann, edit(ann, mine, "x"))
	wantCode(t, "edit in a room that isn't stored", err, "message_not_found")

	if diff := cmp.Diff(before, f.snapshot("a")); diff != "" {
		t.Errorf("refusals changed the room:\n%s", diff)
	}
	if n := f.number(`SELECT count(*) FROM events`); n != events {
		t.Errorf("refusals left %d events", n-events)
	}
	if n := f.number(`SELECT count(*) FROM rooms`); n != rooms {
		t.Errorf("refusals left %d rooms", n-rooms)
	}
	f.do("a", bob, react(mine, "0", true)) // a known kind is never too many
	f.do("a", ann, chat.Edit{ID: mine, Author: ann, Text: "x", NotBefore: noon})
}

func reply(to chat.MessageID) chat.Post {
	p := post(ann, "re")
	p.Message.ReplyTo = &chat.Reply{ID: to}
	return p
}

// testRefusedInBatch mixes changes that stand with others that don't, in one commit.
func testRefusedInBatch(t *testing.T, b Backend) {
	f := start(t, b)
	hold := f.hold()
	first := post(ann, "first")
	answers := []<-chan answer{
		f.queue("a", ann, first),
		f.queue("a", ann, edit(bob, first.Message.ID, "x")),
		f.queue("a", ann, edit(ann, first.Message.ID, "edited in the same commit")),
		f.queue("a", ann, reply("nothing")),
		f.queue("a", ann, reply(first.Message.ID)),
		f.queue("b", ann, hide(first.Message.ID)),
	}
	hold()
	for i, want := range []string{"", "not_your_message", "", "reply_not_found", "", "message_not_found"} {
		wantCode(t, fmt.Sprint("change ", i), wait(t, answers[i]).err, want)
	}
	if got := strings.Join(texts(f.snapshot("a").Messages), "|"); got != "edited in the same commit|re" {
		t.Errorf("got %q stored", got)
	}
	if r := f.snapshot("b").Room; r.Stored {
		t.Error("a refused change stored its room")
	}
}

// hold keeps the committer from committing until the function that it returns is
// called: what is queued meanwhile is one batch.
func (f *fixture) hold() func() {
	f.t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	f.Append(f.t.Context(), chat.Change{Room: "held", By: ann, At: noon, Op: post(ann, "hold")}, func(chat.Committed, error) {
		close(held)
		<-release
	})
	wait(f.t, held)
	return func() { close(release) }
}

func testReactionsCoalesce(t *testing.T, b Backend) {
	f := start(t, b)
	m, other := f.say("a", ann, "m"), f.say("a", ann, "other")
	f.bell.heard(t, 2)
	hold := f.hold()
	answers := []<-chan answer{
		f.queue("a", ann, react(m, "👍", true)),
		f.queue("a", bob, react(other, "👍", true)),
		f.queue("a", bob, react(m, "👍", true)),
		f.queue("a", bob, react(m, "👍", true)),
		f.queue("a", bob, post(bob, "between")),
		f.queue("a", bob, react(m, "🎉", true)),
	}
	hold()
	want := []chat.Reaction{{Emoji: "👍", Count: 2}, {Emoji: "🎉", Count: 1}}
	first := wait(t, answers[0]).Event
	for i, a := range answers[1:] {
		got := wait(t, a).Event
		switch i {
		case 1, 4:
			if diff := cmp.Diff(first, got); diff != "" {
				t.Errorf("change %d: got another event than the first:\n%s", i+1, diff)
			}
		case 2:
			if got.Seq != 0 {
				t.Errorf("setting what is set: got an event")
			}
		}
	}
	if diff := cmp.Diff(want, first.Reactions.Totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if heard := f.bell.heard(t, 6)[3:]; len(heard) != 3 {
		t.Errorf("got %d events of six changes, want 3", len(heard))
	}
}

func testReactionOrder(t *testing.T, b Backend) {
	f := start(t, b)
	m := f.say("a", ann, "m")
	for _, step := range []struct {
		by    chat.UserID
		emoji string
		on    bool
		want  string
	}{
		{ann, "b", true, "b1"},
		{ann, "a", true, "b1 a1"},
		{bob, "a", true, "b1 a2"},
		{ann, "a", false, "b1 a1"},
		{bob, "c", true, "b1 a1 c1"},
		{ann, "b", false, "a1 c1"},
		{bob, "b", true, "a1 c1 b1"},
	} {
		e := f.do("a", step.by, react(m, step.emoji, step.on))
		var got []string
		for _, r := range e.Reactions.Totals {
			got = append(got, fmt.Sprint(r.Emoji, r.Count))
		}
		if strings.Join(got, " ") != step.want {
			t.Errorf("after %v: got %q, want %q", step, got, step.want)
		}
		if diff := cmp.Diff(e.Reactions.Totals, f.snapshot("a").Messages[0].Reactions); diff != "" {
			t.Errorf("the snapshot's totals differ:\n%s", diff)
		}
	}
	f.do("a", ann, react(m, "a", true))
	s := f.snapshot("a")
	if diff := cmp.Diff(map[chat.MessageID][]string{m: {"a"}}, s.Reacted); diff != "" {
		t.Errorf("ann's own reactions (-want +got):\n%s", diff)
	}
}

func testHideRestore(t *testing.T, b Backend) {
	f := start(t, b)
	one, two, three := f.say("a", ann, "1"), f.say("a", bob, "2"), f.say("a", ann, "3")

	if e := f.do("a", mod, hide(three, one, three)); !cmp.Equal(e.Deleted, []chat.MessageID{one, three}) {
		t.Errorf("hide: got %v, want each once, by seq", e.Deleted)
	}
	if e := f.do("a", mod, hide(one, two)); !cmp.Equal(e.Deleted, []chat.MessageID{two}) {
		t.Errorf("a second act: got %v, want only what it makes invisible", e.Deleted)
	}
	own := chat.Hide{IDs: []chat.MessageID{one}, Act: chat.ActID(newID()), Author: ann}
	if e := f.do("a", ann, own); e.Seq != 0 {
		t.Errorf("the author's deletion of what is hidden: got %v, want no event", e)
	}
	e := f.do("a", mod, restore(three, two, one, "nothing"))
	if got := strings.Join(texts(e.Restored), " "); got != "2 3" {
		t.Errorf("restore: got %q, want those that no act hides any more, by seq", got)
	}
	if got := strings.Join(texts(f.snapshot("a").Messages), " "); got != "2 3" {
		t.Errorf("after it: got %q, want what the author deleted to stay away", got)
	}
	if e := f.do("a", mod, restore(one)); e.Seq != 0 {
		t.Errorf("restoring the author's own deletion: got %v, want no event", e)
	}
	if e := f.do("a", mod, restore(one)); e.Kind != "" {
		t.Errorf("restore of nothing: got %v, want no event", e)
	}
	if n := f.number(`SELECT count(*) FROM message_hides WHERE ended_by = ''`); n != 1 {
		t.Errorf("got %d acts standing, want the author's one", n)
	}
}

func testPins(t *testing.T, b Backend) {
	f := start(t, b)
	one, two := f.say("a", ann, "1"), f.say("a", ann, "2")
	f.do("a", mod, pin(two, true))
	e := f.do("a", mod, pin(one, true))
	if got := strings.Join(texts(e.Pins), " "); got != "1 2" || !e.PinsSet {
		t.Errorf("got pins %q, want the newest pin first", got)
	}
	if e := f.do("a", mod, pin(one, true)); e.Seq != 0 {
		t.Errorf("pinning what is pinned: got %v, want no event", e)
	}
	if got := strings.Join(texts(f.snapshot("a").Pins), " "); got != "1 2" {
		t.Errorf("snapshot: got pins %q, want 1 2", got)
	}
	f.do("a", mod, hide(one))
	f.do("a", mod, restore(one))
	if got := strings.Join(texts(f.snapshot("a").Pins), " "); got != "2" {
		t.Errorf("after a hide: got pins %q, want what was hidden to be unpinned", got)
	}
	if e := f.do("a", mod, pin(two, false)); len(e.Pins) != 0 || !e.PinsSet {
		t.Errorf("after the last unpin: got %v, want no pins, and PinsSet", e)
	}
}

func testSettings(t *testing.T, b Backend) {
	f := start(t, b)
	defaults := change(chat.SettingsPatch{History: set(100), AllowedSites: &[]string{}})
	if e := f.do("a", mod, defaults); e.Kind != chat.EventRoom || !e.Settings.Empty() || !f.snapshot("a").Room.Stored {
		t.Errorf("setting the defaults: got %v, want the room to be made", e)
	}
	if e := f.do("a", mod, defaults); e.Seq != 0 {
		t.Errorf("setting them again: got %v, want no event", e)
	}
	sites := []string{"https://one.example", "https://two.example"}
	all := chat.SettingsPatch{
		Title: set("Title “ü”"), Topic: set("x"), MinLength: set(2), MaxLength: set(50), History: set(0),
		RetainCount: set(1000), RetainFor: set(time.Hour), SlowMode: set(3 * time.Second), ReadOnly: set(true),
		Closed: set(true), Guests: set(chat.GuestsNone), MembersLimit: set(7), AllowedSites: &sites,
		Policy: set("strict"), Access: set(chat.AccessClaim), Claim: &chat.Claim{Name: "plan", Value: "gold"},
	}
	e := f.do("a", mod, change(all))
	if diff := cmp.Diff(all, e.Settings); diff != "" {
		t.Errorf("the event (-want +got):\n%s", diff)
	}
	want := chat.Settings{
		Title: "Title “ü”", Topic: "x", MinLength: 2, MaxLength: 50, RetainCount: 1000, RetainFor: time.Hour,
		SlowMode: 3 * time.Second, ReadOnly: true, Closed: true, Guests: chat.GuestsNone, MembersLimit: 7, AllowedSites: sites,
		Policy: "strict", Access: chat.AccessClaim, Claim: chat.Claim{Name: "plan", Value: "gold"},
	}
	if diff := cmp.Diff(want, f.snapshot("a").Room.Settings); diff != "" {
		t.Errorf("the settings (-want +got):\n%s", diff)
	}
	f.do("a", mod, change(chat.SettingsPatch{ReadOnly: set(false), Topic: set(""), AllowedSites: &[]string{}}))
	want.ReadOnly, want.Topic, want.AllowedSites = false, "", nil
	if diff := cmp.Diff(want, f.snapshot("a").Room.Settings); diff != "" {
		t.Errorf("after setting some back (-want +got):\n%s", diff)
	}
	rooms, err := f.Rooms(t.Context(), chat.RoomQuery{Limit: 10})
	if err != nil || len(rooms) != 1 || !cmp.Equal(rooms[0], f.snapshot("a").Room) {
		t.Errorf("Rooms: got %+v, %v, want the one room as the snapshot shows it", rooms, err)
	}
}

// testQuotes: what is answered is quoted as it stands now.
func testQuotes(t *testing.T, b Backend) {
	f := start(t, b, func(c *store.Config) { c.Rand = fixed(1) })
	long := strings.Repeat("é", chat.ExcerptRunes+5)
	asked := f.say("a", bob, long)
	e := f.do("a", ann, reply(asked))
	want := &chat.Reply{ID: asked, Author: chat.Author{ID: bob, Name: "name of g:bob", Role: chat.RoleUser}, Excerpt: strings.Repeat("é", chat.ExcerptRunes)}
	if diff := cmp.Diff(want, e.Message.ReplyTo); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
	f.do("a", bob, edit(bob, asked, "short"))
	want.Excerpt = "short"
	if diff := cmp.Diff(want, f.snapshot("a").Messages[1].ReplyTo); diff != "" {
		t.Errorf("after an edit (-want +got):\n%s", diff)
	}
	f.do("a", mod, hide(asked))
	if got := f.snapshot("a").Messages[0].ReplyTo.Excerpt; got != "" {
		t.Errorf("after a hide: got %q quoted, want nothing", got)
	}
	f.exec(`DELETE FROM messages WHERE id = $1`, string(asked))
	if diff := cmp.Diff(&chat.Reply{ID: asked}, f.snapshot("a").Messages[0].ReplyTo); diff != "" {
		t.Errorf("after its message is gone (-want +got):\n%s", diff)
	}
}

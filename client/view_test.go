package client

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

func TestView(t *testing.T) {
	m := func(id string, seq int64, text string) Message { return Message{ID: id, Seq: seq, Text: text} }
	reply := m("c", 3, "I am")
	reply.ReplyTo = &Reply{ID: "a", Excerpt: "Who is there?"}
	first := Joined{Room: "r", Epoch: "e", Seq: 3, Settings: Settings{Title: "T"}, Pins: []Message{m("b", 2, "b")},
		History: []Message{m("a", 1, "Who is there?"), m("b", 2, "b"), reply}}
	v := View{Room: "r"}
	for _, e := range []Event{
		first,
		Posted{Room: "other", Seq: 4, Message: m("x", 4, "x")},
		Posted{Room: "r", Seq: 3, Message: m("x", 3, "x")}, // seen
		Deleted{Room: "r", Seq: 5, MessageIDs: []string{"a"}},
		Edited{Room: "r", Seq: 6, Message: m("b", 2, "bb")},
		Reacted{Room: "r", Seq: 7, MessageID: "b", Reactions: []Reaction{{"👍", 2}}},
		RoomChanged{Room: "r", Seq: 8, Settings: SettingsPatch{Topic: new("Go")}},
		Joined{Room: "r", Epoch: "e", Seq: 8, Recovered: true, Count: 5},
	} {
		v.Apply(e)
	}
	b := m("b", 2, "bb")
	b.Reactions = []Reaction{{"👍", 2}}
	gone := reply
	gone.ReplyTo = &Reply{ID: "a"}
	diff(t, v.Messages(), []Message{b, gone})
	diff(t, v.Pins, []Message{b})
	diff(t, v.Settings, Settings{Title: "T", Topic: "Go"})
	if v.Seq != 8 || v.Count != 5 {
		t.Errorf("got seq %d and %d members, want 8 and 5", v.Seq, v.Count)
	}
	if reply.ReplyTo.Excerpt == "" {
		t.Error("the view wrote into an event")
	}

	v.Apply(Restored{Room: "r", Seq: 9, Messages: []Message{m("a", 1, "Who is there?")}})
	v.Apply(RoomChanged{Room: "r", Seq: 10, Pins: &[]Message{}})
	v.Add(Page{Messages: []Message{m("z", 0, "older")}})
	var ids []string
	for _, m := range v.Messages() {
		ids = append(ids, m.ID)
	}
	if !slices.Equal(ids, []string{"z", "a", "b", "c"}) || len(v.Pins) != 0 {
		t.Errorf("got %v and %d pins, want z a b c and none", ids, len(v.Pins))
	}
	if got, _ := v.Message("c"); got.ReplyTo.Excerpt != "Who is there?" {
		t.Errorf("got the excerpt %q, want the restored text", got.ReplyTo.Excerpt)
	}
}

// TestViewOfWhatStaffDo applies what moderation brings.
func TestViewOfWhatStaffDo(t *testing.T) {
	m := func(id string, seq int64) Message { return Message{ID: id, Seq: seq, Text: id} }
	v := View{Room: "r"}
	lock := &Lockdown{Level: "slow", Seconds: 30}
	for _, e := range []Event{
		Joined{Room: "r", Epoch: "e", Seq: 3, History: []Message{m("a", 1), m("b", 2)}, Pins: []Message{m("b", 2)},
			Held: []Message{m("h1", 0), m("h2", 0)}, Lockdown: &Lockdown{Level: "read_only"}},
		Held{Room: "r", Message: m("h3", 0)},
		Held{Room: "r", Message: m("h4", 0)},
		Held{Room: "other", Message: m("x", 0)},
		Released{Room: "r", MessageID: "h1", Outcome: "refused"},
		Released{Room: "r", MessageID: "h2", Outcome: "released"},
		Posted{Room: "r", Seq: 4, Message: m("h2", 4)},
		Posted{Room: "r", Seq: 5, Message: m("h3", 5)}, // before its Released
		Released{Room: "r", MessageID: "h3", Outcome: "released"},
		LockdownChanged{Room: "r", Lockdown: lock},
		LockdownChanged{Room: "other"},
		RightsChanged{Room: "r", Rights: Rights{Post: true, SlowSeconds: 30}},
	} {
		v.Apply(e)
	}
	diff(t, v.Messages(), []Message{m("a", 1), m("b", 2), m("h2", 4), m("h3", 5)})
	diff(t, v.Held, []Message{m("h4", 0)})
	diff(t, v.Lockdown, lock)
	diff(t, v.Rights, Rights{Post: true, SlowSeconds: 30})

	v.Apply(Cleared{Room: "r", Seq: 7})
	v.Add(Page{Messages: []Message{m("a", 1), m("z", 0)}}) // read before
	v.Apply(Posted{Room: "r", Seq: 9, Message: m("n", 9)})
	v.Apply(Restored{Room: "r", Seq: 10, Messages: []Message{m("b", 2)}})
	v.Apply(LockdownChanged{Room: "r"})
	diff(t, v.Messages(), []Message{m("b", 2), m("n", 9)})
	if len(v.Pins) != 0 || v.Lockdown != nil || v.Seq != 10 {
		t.Errorf("got %d pins, lock-down %v, seq %d; want none, none, 10", len(v.Pins), v.Lockdown, v.Seq)
	}

	v.Apply(Joined{Room: "r", Epoch: "f", Seq: 1, History: []Message{m("a", 1)}})
	diff(t, v.Messages(), []Message{m("a", 1)})
	if v.Held != nil {
		t.Errorf("got %v held, want none", v.Held)
	}
}

// TestViewKeepsWhatOvertookAPage adds a page that was read before all of the events.
func TestViewKeepsWhatOvertookAPage(t *testing.T) {
	old := Message{ID: "a", Seq: 1, Text: "old"}
	edited := Message{ID: "a", Seq: 1, Text: "new"}
	quoting := func(text string) Message { return Message{ID: "b", Seq: 2, ReplyTo: &Reply{ID: "a", Excerpt: text}} }
	liked := []Reaction{{"👍", 2}}
	tests := map[string]struct {
		loaded []Message
		events []Event
		page   []Message
		want   []Message
	}{
		"a deletion": {
			events: []Event{Deleted{Room: "r", Seq: 9, MessageIDs: []string{"x", "a"}}},
			page:   []Message{old, quoting("old")},
			want:   []Message{quoting("")},
		},
		"a deletion of what was there": {
			loaded: []Message{old},
			events: []Event{Deleted{Room: "r", Seq: 9, MessageIDs: []string{"a"}}},
			page:   []Message{old},
		},
		"an edit": {
			events: []Event{Edited{Room: "r", Seq: 9, Message: edited}},
			page:   []Message{old, quoting("old")},
			want:   []Message{edited, quoting("new")},
		},
		"reactions": {
			events: []Event{
				Reacted{Room: "r", Seq: 9, MessageID: "a", Reactions: []Reaction{{"👍", 1}}},
				Reacted{Room: "r", Seq: 10, MessageID: "a", Reactions: liked},
			},
			page: []Message{old},
			want: []Message{{ID: "a", Seq: 1, Text: "old", Reactions: liked}},
		},
		"reactions withdrawn": {
			events: []Event{Reacted{Room: "r", Seq: 9, MessageID: "a"}},
			page:   []Message{{ID: "a", Seq: 1, Text: "old", Reactions: liked}},
			want:   []Message{old},
		},
		"a restoration": {
			events: []Event{
				Deleted{Room: "r", Seq: 9, MessageIDs: []string{"a"}},
				Restored{Room: "r", Seq: 10, Messages: []Message{edited}},
			},
			page: []Message{old, quoting("old")},
			want: []Message{edited, quoting("new")},
		},
		"a deletion that a fresh state makes void": {
			events: []Event{
				Deleted{Room: "r", Seq: 9, MessageIDs: []string{"a"}},
				Reacted{Room: "r", Seq: 10, MessageID: "b"},
				Joined{Room: "r", Epoch: "f", Seq: 1, History: []Message{old}},
			},
			page: []Message{{ID: "b", Seq: 0, Reactions: liked}},
			want: []Message{{ID: "b", Seq: 0, Reactions: liked}, old},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := View{Room: "r"}
			v.Apply(Joined{Room: "r", Epoch: "e", Seq: 8, History: tt.loaded})
			for _, e := range tt.events {
				v.Apply(e)
			}

			v.Add(Page{Messages: tt.page})

			diff(t, v.Messages(), tt.want)
		})
	}
}

func TestViewDoesNotWriteIntoAPage(t *testing.T) {
	v := View{Room: "r"}
	v.Apply(Deleted{Room: "r", Seq: 9, MessageIDs: []string{"a"}})
	p := Page{Messages: []Message{{ID: "b", Seq: 2, ReplyTo: &Reply{ID: "a", Excerpt: "hi"}}}}
	v.Add(p)
	if p.Messages[0].ReplyTo.Excerpt != "hi" {
		t.Error("the view wrote into a page")
	}
}

func TestViewRemembersABoundedNumber(t *testing.T) {
	v := View{Room: "r"}
	var seq int64
	for range 5 * remembered {
		seq++
		id := strconv.FormatInt(seq, 10)
		v.Apply(Deleted{Room: "r", Seq: seq, MessageIDs: []string{id}})
	}
	for n := seq; n > seq-remembered; n-- {
		v.Add(Page{Messages: []Message{{ID: strconv.FormatInt(n, 10), Seq: n}}})
	}
	if got := len(v.Messages()); got != 0 {
		t.Errorf("got %d of the last %d deleted messages, want none", got, remembered)
	}
	if got := len(v.deleted.fresh) + len(v.deleted.old); got > 2*remembered {
		t.Errorf("got %d remembered, want at most %d", got, 2*remembered)
	}
}

// ledger is a room as the server has it.
type ledger struct {
	seq     int64
	shown   map[string]Message // with ReplyTo.Excerpt as of now
	deleted map[string]Message
}

// TestViewAgreesWithTheRoom lets events and pages arrive late, each in their own order:
// what is shown in the end is as the room has it.
func TestViewAgreesWithTheRoom(t *testing.T) {
	for round := range 200 {
		r := rand.New(rand.NewPCG(uint64(round), 0))
		room := ledger{shown: map[string]Message{}, deleted: map[string]Message{}}
		var pages []Page // under way, as are
		var events []Event
		for range 10 {
			room.post(r) // before the view
		}
		v := View{Room: "r"}
		v.Apply(Joined{Room: "r", Epoch: "e", Seq: room.seq})
		for range 60 {
			if r.IntN(4) == 0 {
				pages = append(pages, room.page())
			}
			events = append(events, room.change(r))
			for len(events) > 0 && r.IntN(2) == 0 {
				v.Apply(events[0])
				events = events[1:]
			}
			if len(pages) > 0 && r.IntN(5) == 0 {
				v.Add(pages[0])
				pages = pages[1:]
			}
		}
		for _, e := range events {
			v.Apply(e)
		}
		for _, p := range pages {
			v.Add(p)
		}
		for _, got := range v.Messages() {
			if want, ok := room.shown[got.ID]; !ok {
				t.Errorf("round %d: %+v is shown, want it gone", round, got)
			} else {
				diff(t, got, want)
			}
		}
		if t.Failed() {
			return
		}
	}
}

func (l *ledger) page() Page {
	return Page{Messages: slices.SortedFunc(maps.Values(l.shown), func(a, b Message) int { return cmp.Compare(a.Seq, b.Seq) })}
}

func (l *ledger) change(r *rand.Rand) Event {
	l.seq++
	id := some(r, l.shown)
	m := l.shown[id]
	switch n := r.IntN(5); {
	case n == 0 && id != "":
		m.Text = fmt.Sprint("edit ", l.seq)
		l.show(m)
		return Edited{Room: "r", Seq: l.seq, Message: m}
	case n == 1 && id != "":
		l.hide(m)
		return Deleted{Room: "r", Seq: l.seq, MessageIDs: []string{id}}
	case n == 2 && id != "":
		m.Reactions = []Reaction{{"👍", r.IntN(100)}}
		l.shown[id] = m
		return Reacted{Room: "r", Seq: l.seq, MessageID: id, Reactions: m.Reactions}
	case n == 3 && len(l.deleted) > 0:
		m = l.deleted[some(r, l.deleted)]
		l.show(m)
		return Restored{Room: "r", Seq: l.seq, Messages: []Message{l.shown[m.ID]}}
	}
	l.seq--
	return l.post(r)
}

func (l *ledger) post(r *rand.Rand) Event {
	m := Message{ID: strconv.FormatInt(l.seq+1, 10), Seq: l.seq + 1, Text: "hi"}
	if id := some(r, l.shown); id != "" && r.IntN(2) == 0 {
		m.ReplyTo = &Reply{ID: id, Excerpt: l.shown[id].Text}
	}
	l.seq++
	l.shown[m.ID] = m
	return Posted{Room: "r", Seq: l.seq, Message: m}
}

func (l *ledger) show(m Message) {
	delete(l.deleted, m.ID)
	if m.ReplyTo != nil {
		m.ReplyTo = &Reply{ID: m.ReplyTo.ID, Excerpt: l.shown[m.ReplyTo.ID].Text}
	}
	l.shown[m.ID] = m
	l.quote(m.ID, m.Text)
}

func (l *ledger) hide(m Message) {
	delete(l.shown, m.ID)
	l.deleted[m.ID] = m
	l.quote(m.ID, "")
}

func (l *ledger) quote(id, text string) {
	for _, m := range l.shown {
		if m.ReplyTo != nil && m.ReplyTo.ID == id {
			m.ReplyTo = &Reply{ID: id, Excerpt: text}
			l.shown[m.ID] = m
		}
	}
}

// some returns the id of any of them; empty: there are none.
func some(r *rand.Rand, from map[string]Message) string {
	if len(from) == 0 {
		return ""
	}
	ids := slices.Sorted(maps.Keys(from))
	return ids[r.IntN(len(ids))]
}

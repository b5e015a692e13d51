package storetest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/chat"
)

// seenBy is a room as somebody reads it.
func (f *fixture) seenBy(who chat.UserID, room chat.RoomID) chat.Snapshot {
	f.t.Helper()
	s, err := f.Snapshot(f.t.Context(), room, chat.SnapshotQuery{Messages: 1000, Viewer: who})
	if err != nil {
		f.t.Fatalf("Snapshot: %v", err)
	}
	s.Room.Seq = 0 // which nobody is told
	return s
}

// shadowed is an op under a shadow.
func shadowed(o chat.Op) chat.Op {
	switch o := o.(type) {
	case chat.Post:
		o.Shadow = true
		return o
	case chat.Edit:
		o.Shadow = true
		return o
	case chat.React:
		o.Shadow = true
		return o
	}
	return o
}

// testShadow: what a shadowed author does, they alone see, and nothing that others can ask tells them apart.
func testShadow(t *testing.T, b Backend) {
	f := start(t, b)
	before := f.say("a", ann, "before")
	question := f.say("a", bob, "question")
	was := map[chat.UserID]chat.Snapshot{bob: f.seenBy(bob, "a"), "": f.seenBy("", "a")}
	start := chat.Position{Epoch: was[bob].Room.Epoch, Seq: was[bob].Room.Shown}

	secret := post(ann, "secret")
	secret.Nonce, secret.Message.ReplyTo = "n", &chat.Reply{ID: question}
	e := f.do("a", ann, shadowed(secret))
	if e.Only != ann || e.Message.Text != "secret" || e.Prev != start.Seq {
		t.Errorf("got %+v, want it for its author only", e)
	}
	if again, err := f.try("a", ann, shadowed(secret)); err != nil || !again.Duplicate || again.Event.Message.ID != secret.Message.ID {
		t.Errorf("repeated: got %+v, %v, want what was stored", again, err)
	}
	own1 := f.do("a", ann, shadowed(reply(secret.Message.ID)))
	f.do("a", ann, edit(ann, secret.Message.ID, "secret!")) // no longer under a shadow, the message still is
	f.do("a", ann, shadowed(edit(ann, before, "insult")))
	f.do("a", ann, react(secret.Message.ID, "x", true))

	for who, w := range was {
		if diff := cmp.Diff(w, f.seenBy(who, "a"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q sees a difference (-before +after):\n%s", who, diff)
		}
		for seq := start.Seq; seq < start.Seq+20; seq++ {
			events, _, err := f.Since(t.Context(), "a", chat.Position{Epoch: start.Epoch, Seq: seq}, 1000, chat.SnapshotQuery{Viewer: who})
			if refused := chat.CodeOf(err) == "cannot_recover"; len(events) > 0 || refused != (seq > start.Seq) {
				t.Errorf("%q recovers from %d (known: %d): got %d events, %v", who, seq, start.Seq, len(events), err)
			}
		}
		p, err := f.Page(t.Context(), "a", chat.PageQuery{Around: question, Limit: 50, Viewer: who})
		if err != nil || strings.Join(texts(p.Messages), " ") != "before question" || p.MoreAfter {
			t.Errorf("%q pages: got %+v, %v", who, p, err)
		}
		_, err = f.Page(t.Context(), "a", chat.PageQuery{Around: secret.Message.ID, Limit: 5, Viewer: who})
		wantCode(t, "a page around a shadowed message", err, "message_not_found")
	}
	for name, o := range map[string]chat.Op{
		"reply":  chat.Post{Message: chat.Message{ID: "m", Author: chat.Author{ID: bob}, ReplyTo: &chat.Reply{ID: secret.Message.ID}}},
		"react":  react(secret.Message.ID, "x", true),
		"edit":   edit(bob, secret.Message.ID, "x"),
		"delete": own(bob, secret.Message.ID),
	} {
		want := "message_not_found"
		if name == "reply" {
			want = "reply_not_found"
		}
		_, err := f.try("a", bob, o)
		wantCode(t, name+" by another", err, want)
	}

	mine := f.seenBy(ann, "a")
	if got := strings.Join(texts(mine.Messages), " "); got != "insult question secret! re" || mine.Room.Shown != f.snapshot("a").Room.Seq {
		t.Errorf("ann sees %q, shown %d", got, mine.Room.Shown)
	}
	if m := mine.Messages[3]; m.ID != own1.Message.ID || m.ReplyTo.Excerpt != "secret!" || len(mine.Reacted[secret.Message.ID]) != 1 {
		t.Errorf("ann sees her answer as %+v, reacted %v", m, mine.Reacted)
	}
	p, err := f.Page(t.Context(), "a", chat.PageQuery{Before: own1.Seq, Limit: 2, Viewer: ann})
	if err != nil || strings.Join(texts(p.Messages), " ") != "question secret!" || !p.MoreBefore || !p.MoreAfter {
		t.Errorf("ann pages: got %+v, %v", p, err)
	}
	if p, err = f.Page(t.Context(), "a", chat.PageQuery{Around: secret.Message.ID, Limit: 4, Viewer: ann}); err != nil || len(p.Messages) != 4 {
		t.Errorf("ann pages around her message: got %+v, %v", p, err)
	}

	public := f.do("a", ann, reply(secret.Message.ID)) // the shadow was lifted: what was said under it stays there
	if public.Only != "" || public.Message.ReplyTo != nil || public.Prev == start.Seq {
		t.Errorf("a public answer to a shadowed message: got %+v, want it to quote nothing", public.Message)
	}
	if got := f.seenBy(bob, "a"); got.Room.Shown != public.Seq || strings.Join(texts(got.Messages), " ") != "before question re" {
		t.Errorf("bob sees %v up to %d, want up to %d", texts(got.Messages), got.Room.Shown, public.Seq)
	}
	gone := f.do("a", ann, own(ann, before, secret.Message.ID))
	if gone.Only != "" || !cmp.Equal(gone.Deleted, []chat.MessageID{before}) {
		t.Errorf("ann deletes both: got %+v, want others to hear of the one that they know", gone)
	}
	var last chat.Event
	for n := 1; last.Room != "a" || last.Prev != gone.Seq; n++ {
		last = f.bell.heard(t, n)[n-1]
	}
	if last.Only != ann || !cmp.Equal(last.Deleted, []chat.MessageID{secret.Message.ID}) {
		t.Errorf("and ann: got %+v", last)
	}
	hidden := f.must(chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{own1.Message.ID}})
	if len(hidden.Events) != 1 || hidden.Events[0].Only != ann {
		t.Errorf("staff delete a shadowed message: got %+v, want its author alone to hear", hidden.Events)
	}
	back := f.undone(hidden)
	if len(back.Events) != 1 || back.Events[0].Only != ann || len(f.seenBy(bob, "a").Messages) != 2 {
		t.Errorf("and undo it: got %+v", back.Events)
	}
}

func testShadowReactions(t *testing.T, b Backend) {
	f := start(t, b)
	m := f.say("a", bob, "m")
	f.do("a", ann, react(m, "y", true)) // before the shadow
	check := func(what string, e chat.Event, only chat.UserID, others, hers string) {
		t.Helper()
		show := func(totals []chat.Reaction) string {
			var all []string
			for _, r := range totals {
				all = append(all, r.Emoji+strings.Repeat("+", r.Count))
			}
			return strings.Join(all, " ")
		}
		if e.Only != only {
			t.Errorf("%s: got an event for %q, want %q", what, e.Only, only)
		}
		if only == "" && show(e.Reactions.Totals) != others || show(e.For(ann).Reactions.Totals) != hers {
			t.Errorf("%s: told %q and ann %q, want %q and %q", what, show(e.Reactions.Totals), show(e.For(ann).Reactions.Totals), others, hers)
		}
		if got := show(f.seenBy(bob, "a").Messages[0].Reactions); got != others {
			t.Errorf("%s: bob sees %q, want %q", what, got, others)
		}
		if got := show(f.seenBy(ann, "a").Messages[0].Reactions); got != hers {
			t.Errorf("%s: ann sees %q, want %q", what, got, hers)
		}
	}
	do := func(by chat.UserID, o chat.Op) chat.Event { t.Helper(); return f.do("a", by, o) }
	check("under a shadow", do(ann, shadowed(react(m, "x", true))), ann, "y+", "y+ x+")
	check("another's", do(bob, react(m, "x", true)), "", "y+ x+", "y+ x++")
	check("taken back under it", do(ann, shadowed(react(m, "y", false))), ann, "y+ x+", "x++")
	if got := f.seenBy(ann, "a").Reacted[m]; !cmp.Equal(got, []string{"x"}) {
		t.Errorf("ann's own: got %v, want x", got)
	}
	check("another's again", do(bob, react(m, "z", true)), "", "y+ x+ z+", "x++ z+")
	if e := do(ann, shadowed(react(m, "y", false))); e.Seq != 0 {
		t.Errorf("taken back twice: got %+v, want nothing", e)
	}
	check("the shadow gone, set again", do(ann, react(m, "y", true)), ann, "y+ x+ z+", "y+ x++ z+")
	check("and for all", do(ann, react(m, "x", true)), "", "y+ x++ z+", "y+ x++ z+")
	check("and taken back", do(ann, react(m, "x", false)), "", "y+ x+ z+", "y+ x+ z+")
	_, err := f.try("a", ann, shadowed(react(m, "w", true)))
	wantCode(t, "too many kinds under a shadow", err, "too_many_reactions")
}

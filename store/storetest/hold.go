package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

func held(by chat.UserID, text, nonce string) chat.Hold {
	return chat.Hold{Message: post(by, text).Message, Nonce: nonce, Why: "links"}
}

func testHeld(t *testing.T, b Backend) {
	f := start(t, b)
	h := held(ann, "waits", "n")
	c, err := f.try("a", ann, h)
	if err != nil || c.Held == nil || c.Held.Message.ID != h.Message.ID || c.Held.State != chat.HeldPending || c.Event.Kind != "" || c.Event.Seq != 0 {
		t.Fatalf("got %+v, %v, want it held, without an event", c, err)
	}
	if n := f.number(`SELECT count(*) FROM events`) + f.number(`SELECT count(*) FROM rooms`); n != 0 || f.snapshot("a").Room.Stored {
		t.Error("a held message left a trace in the log")
	}
	again := post(ann, "waits")
	again.Nonce = "n"
	for name, o := range map[string]chat.Op{"held": held(ann, "waits", "n"), "posted": again} {
		c, err := f.try("a", ann, o)
		if err != nil || !c.Duplicate || c.Held == nil || c.Held.Message.ID != h.Message.ID || c.Event.Kind != "" {
			t.Errorf("repeated, %s: got %+v, %v, want the one that waits", name, c, err)
		}
	}
	if m, ok, err := f.ByNonce(t.Context(), "a", ann, "n"); ok || err != nil {
		t.Errorf("ByNonce: got %+v, %v, want no message yet", m, err)
	}
	if s := f.seenBy(ann, "a"); len(s.Held) != 1 || s.Held[0].Message.Text != "waits" || len(f.seenBy(bob, "a").Held) != 0 {
		t.Errorf("got %+v, want it in its author's view alone", s.Held)
	}
	posted := post(ann, "posted")
	posted.Nonce = "p"
	f.do("a", ann, posted)
	if c, err := f.try("a", ann, held(ann, "posted", "p")); err != nil || c.Held != nil || !c.Duplicate || c.Event.Message.ID != posted.Message.ID {
		t.Errorf("held after it was posted: got %+v, %v, want the message", c, err)
	}
	answer := held(ann, "re", "")
	answer.Message.ReplyTo = &chat.Reply{ID: "nothing"}
	_, err = f.try("a", ann, answer)
	wantCode(t, "an answer to nothing", err, "reply_not_found")

	f.clock.advance(time.Minute)
	changed := h.Message
	changed.Text = "waited"
	e := f.must(chat.ActRelease, chat.DecideStep{ID: h.Message.ID, Release: true, Message: changed})
	if len(e.Events) != 1 || e.Events[0].Message.Text != "waited" || e.Events[0].By != ann || e.Events[0].Message.ID != h.Message.ID ||
		len(e.Held) != 1 || e.Held[0].State != chat.HeldReleased || e.Held[0].By != mod || !e.Held[0].At.Equal(f.clock.Now()) {
		t.Errorf("released: got %+v", e)
	}
	c, err = f.try("a", ann, held(ann, "waits", "n"))
	if err != nil || !c.Duplicate || c.Event.Message == nil || c.Event.Message.Seq != e.Events[0].Seq || c.Held == nil || c.Held.State != chat.HeldReleased {
		t.Errorf("repeated after it was released: got %+v, %v, want its message", c, err)
	}
	if m, ok, err := f.ByNonce(t.Context(), "a", ann, "n"); !ok || err != nil || m.ID != h.Message.ID {
		t.Errorf("ByNonce: got %+v, %v, %v, want the message", m, ok, err)
	}
	_, err = f.decree(chat.ActRefuse, chat.DecideStep{ID: h.Message.ID})
	wantCode(t, "decided twice", err, "held_decided")
	undo := f.undone(e)
	if got := strings.Join(texts(f.snapshot("a").Messages), " "); got != "posted" {
		t.Errorf("the release undone: got %q", got)
	}
	f.undone(undo)
	if got := strings.Join(texts(f.snapshot("a").Messages), " "); got != "posted waited" {
		t.Errorf("and redone: got %q", got)
	}
}

func testHeldDecided(t *testing.T, b Backend) {
	f := start(t, b, often)
	asked := f.say("a", bob, "asked")
	h := held(ann, "re", "n")
	h.Message.ReplyTo = &chat.Reply{ID: asked}
	f.do("a", ann, h)
	refused := f.must(chat.ActRefuse, chat.DecideStep{ID: h.Message.ID, Code: "expired"})
	if len(refused.Events) != 0 || refused.Held[0].State != chat.HeldRefused || refused.Held[0].Code != "expired" {
		t.Errorf("refused: got %+v", refused)
	}
	c, err := f.try("a", ann, h)
	if err != nil || c.Held == nil || c.Held.State != chat.HeldRefused || c.Event.Message != nil {
		t.Errorf("repeated: got %+v, %v, want what became of it", c, err)
	}
	undo := f.undone(refused)
	redo := f.undone(undo)
	if undo.Held[0].State != chat.HeldPending || redo.Held[0].Code != "expired" {
		t.Errorf("undone and redone: got %+v, then %+v", undo.Held, redo.Held)
	}
	undo2 := f.undone(redo)
	f.do("a", mod, hide(asked))
	released := f.must(chat.ActRelease, chat.DecideStep{ID: h.Message.ID, Release: true})
	if m := released.Events[0].Message; m.Text != "re" || m.ReplyTo != nil {
		t.Errorf("released after what it answers is gone: got %+v, want it without", m)
	}
	wantSkipped(t, "a refusal that was undone before", f.undone(undo2), "message_unrefused changed_later")
	f.clock.advance(31 * 24 * time.Hour)
	f.eventually("held messages a month later", 0, `SELECT count(*) FROM held`)
}

func testEarlierTexts(t *testing.T, b Backend) {
	f := start(t, b)
	id := f.say("a", ann, "one")
	f.clock.advance(time.Second)
	f.do("a", ann, edit(ann, id, "two"))
	f.clock.advance(time.Second)
	f.do("a", ann, shadowed(edit(ann, id, "under a shadow")))
	f.do("a", ann, edit(ann, id, "three"))
	want := []chat.EarlierText{{Text: "one", Until: noon.Add(time.Second)}, {Text: "two", Until: noon.Add(2 * time.Second)}}
	got, err := f.EarlierTexts(t.Context(), id)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("EarlierTexts: %v (-want +got):\n%s", err, diff)
	}
	if got := f.seenBy(ann, "a").Messages[0].Text; got != "three" {
		t.Errorf("ann sees %q, want the last edit, which is public", got)
	}
}

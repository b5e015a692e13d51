package ws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// TestHeld holds messages: their author sees them wait, in every connection, and what becomes of them; others see
// what is released, as if it had been said then.
func TestHeld(t *testing.T) {
	w := newWorld(t)
	w.post(t, "general", text(0))
	ann, second, bob := w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "bob", nil), "general")
	w.against(t, "u:ann", "general", chat.Review, 0)
	ann.await("rights")
	second.await("rights")
	hold := func(text string) chat.HeldID {
		t.Helper()
		id := ann.ask("post", "room", "general", "text", text, "nonce", text)
		f := ann.expect("ack") // before the frame that tells of it
		if f["id"] != id || f["held"] != true || f["seq"] != nil || f["message_id"] == nil || f["at"] == nil {
			t.Errorf("got %s", f)
		}
		for _, p := range []*peer{ann, second} {
			h := p.expect("held")
			if h.at("message", "id") != f["message_id"] || h.at("message", "seq") != 0.0 || h.at("message", "text") != text || h["code"] != "held" {
				t.Errorf("got %s", h)
			}
		}
		return chat.HeldID(f["message_id"].(string))
	}
	yes, no := hold("yes"), hold("no")
	ann.ask("post", "room", "general", "text", "yes", "nonce", "yes")
	if f := ann.expect("ack"); f["message_id"] != string(yes) || f["duplicate"] != true || f["held"] != true {
		t.Errorf("a repeated post got %s", f)
	}
	if j := w.v1(t, w.token(t, "ann", nil)).join("general"); len(j["held"].([]any)) != 2 || len(j["history"].([]any)) != 1 {
		t.Errorf("the author joined with %s, want two that wait", j)
	}
	if j := w.v1(t, w.token(t, "cy", nil)).join("general"); j["held"] != nil || strings.Contains(j.String(), "yes") {
		t.Errorf("another joined with %s", j)
	}
	between := w.post(t, "general", text(1))
	for id, release := range map[chat.HeldID]bool{yes: true, no: false} {
		_, err := w.Decide(t.Context(), order(), id, release)
		must(t, err)
	}
	for _, p := range []*peer{ann, second} {
		wantReleased(t, p, yes, no, between.Seq)
	}
	bob.await("message")
	f := bob.expect("message")
	if f.at("message", "id") != string(yes) || f["seq"].(float64) <= float64(between.Seq) || f.at("message", "seq") != f["seq"] {
		t.Errorf("another got %s, want the released message at its new place", f)
	}
	bob.settled("general")
	if j := w.v1(t, w.token(t, "ann", nil)).join("general"); j["held"] != nil || len(j["history"].([]any)) != 3 {
		t.Errorf("the author joined with %s, want nothing that waits", j)
	}
}

// wantReleased reads what the author is told: both outcomes, and the released message.
func wantReleased(t *testing.T, p *peer, yes, no chat.HeldID, after chat.Seq) {
	t.Helper()
	outcomes := map[any]any{}
	said := false
	for len(outcomes) < 2 || !said {
		switch f := p.frame(); f["type"] {
		case "released":
			outcomes[f["message_id"]] = f["outcome"]
		case "message":
			if f.at("message", "id") == string(yes) {
				said = f["seq"].(float64) > float64(after)
			}
		}
	}
	if outcomes[string(yes)] != "released" || outcomes[string(no)] != "refused" {
		t.Errorf("got %v", outcomes)
	}
}

// TestPlainHeld tells who has no acknowledgements that the message isn't there yet.
func TestPlainHeld(t *testing.T) {
	w := newWorld(t)
	p := w.dial(t, "/ws/chat/general?token="+w.token(t, "ann", nil), nil)
	eventually(t, patience, "ann is in", func() bool { return len(inRooms(w)) == 1 })
	w.against(t, "u:ann", "", chat.Review, time.Hour)
	p.say("hello")
	p.refused("held")
	all, err := w.ListHeld(t.Context(), staff, chat.HeldQuery{Limit: 10})
	must(t, err)
	_, err = w.Decide(t.Context(), order(), all[0].Message.ID, true)
	must(t, err)
	if f := p.frame(); f["message"] != "hello" || f["message_id"] != string(all[0].Message.ID) {
		t.Errorf("got %s", f)
	}
}

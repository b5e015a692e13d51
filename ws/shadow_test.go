package ws_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

// until reads all frames up to one that is the last, and returns it with them.
func (p *peer) until(last func(frame) bool) []frame {
	p.t.Helper()
	var all []frame
	for {
		f := p.frame()
		if all = append(all, f); last(f) {
			return all
		}
	}
}

func says(text string) func(frame) bool {
	return func(f frame) bool { return f.at("message", "text") == text }
}

func is(kind string) func(frame) bool { return func(f frame) bool { return f["type"] == kind } }

// logged picks what comes from the log, or tells a position.
func logged(frames []frame) []frame {
	var kept []frame
	for _, f := range frames {
		switch f["type"] {
		case "presence", "ack", "typing":
		default:
			kept = append(kept, f)
		}
	}
	return kept
}

// TestShadow lets a shadowed author write, edit, react and delete: they see all of it in all of their connections, and
// nobody else sees, or can reckon, any of it.
func TestShadow(t *testing.T) {
	w := newWorld(t)
	ann := w.in(t, w.token(t, "ann", nil), "general")
	annPlain := w.dial(t, "/ws/chat/general?token="+w.token(t, "ann", nil), nil)
	bob, cy := w.in(t, w.token(t, "bob", nil), "general"), w.in(t, w.token(t, "cy", nil), "general")
	plain := w.dial(t, "/ws/chat/general?token="+w.token(t, "dora", nil), nil)
	eventually(t, patience, "all are in", func() bool { return len(inRooms(w)) == 5 })

	said := w.post(t, "general", "hello")
	ann.until(says("hello"))
	w.against(t, "u:ann", "general", chat.Shadow, 0)

	ann.ask("post", "room", "general", "text", "SECRET one")
	ack := ann.await("ack")
	if f := ann.await("message"); f.at("message", "text") != "SECRET one" || f["seq"] != ack["seq"] {
		t.Errorf("the author got %s, want their message", f)
	}
	ann.ask("edit", "room", "general", "message_id", ack["message_id"], "text", "SECRET two")
	ann.await("ack")
	ann.await("edited")
	ann.ask("react", "room", "general", "message_id", said.ID, "emoji", "👍", "on", true)
	ann.await("ack")
	if f := ann.await("reaction"); f["message_id"] != string(said.ID) {
		t.Errorf("the author got %s", f)
	}
	ann.ask("typing", "room", "general")
	ann.await("ack")
	annPlain.say("SECRET three")
	if f := ann.await("message"); f.at("message", "text") != "SECRET three" {
		t.Errorf("the author's other connection got %s", f)
	}
	for _, want := range []string{"hello", "SECRET one", "SECRET three"} {
		if f := annPlain.frame(); f["message"] != want {
			t.Errorf("the author's plain connection got %s, want %q", f, want)
		}
	}
	w.pass(26 * time.Second)
	mine := ann.await("heartbeat")

	last := w.post(t, "general", "last")
	stayed, other := bob.until(says("last")), cy.until(says("last"))
	w.pass(26 * time.Second)
	stayed, other = logged(append(stayed, bob.until(is("heartbeat"))...)), logged(append(other, cy.until(is("heartbeat"))...))
	if d := cmp.Diff(stayed, other); d != "" && !onlyTimes(stayed, other) {
		t.Errorf("two viewers were told different things: %s", d)
	}
	wantPositions(t, stayed, said.Seq, last.Seq)
	if seq := mine.at("positions", "general", "seq").(float64); seq <= float64(said.Seq) || seq >= float64(last.Seq) {
		t.Errorf("the author's position was %v, want that of what they alone see", seq)
	}
	for _, want := range []string{"hello", "last"} {
		if f := plain.frame(); f["message"] != want {
			t.Errorf("plain got %s, want %q", f, want)
		}
	}
	w.freshAgree(t, ann, said, last)
}

// onlyTimes reports whether two lists of frames are the same but for the times in heartbeats.
func onlyTimes(a, b []frame) bool {
	strip := func(all []frame) string {
		var s strings.Builder
		for _, f := range all {
			delete(f, "at")
			s.WriteString(f.String() + "\n")
		}
		return s.String()
	}
	return strip(a) == strip(b)
}

// wantPositions checks all that a viewer was told: two messages, and positions that are those of what they have seen.
func wantPositions(t *testing.T, frames []frame, first, last chat.Seq) {
	t.Helper()
	var at float64
	messages := 0
	for _, f := range frames {
		if strings.Contains(f.String(), "SECRET") || f["type"] == "edited" || f["type"] == "reaction" {
			t.Errorf("a viewer got %s", f)
		}
		if seq, ok := f["seq"].(float64); ok {
			at = seq
		}
		if f["type"] == "message" {
			messages++
		}
		if f["type"] == "heartbeat" {
			if got := f.at("positions", "general", "seq"); got != at {
				t.Errorf("a heartbeat tells of %v, the viewer has seen %v", got, at)
			}
		}
	}
	if messages != 2 || at != float64(last) {
		t.Errorf("got %d messages up to %v, want 2: %d and %d", messages, at, first, last)
	}
}

// freshAgree compares with who comes now, by joining anew and by recovering.
func (w *world) freshAgree(t *testing.T, ann *peer, said, last chat.Message) {
	t.Helper()
	fresh := w.v1(t, w.token(t, "eve", nil))
	j := fresh.join("general")
	if j["seq"] != float64(last.Seq) || strings.Contains(j.String(), "SECRET") || strings.Contains(j.String(), "👍") {
		t.Errorf("a newcomer got %s, want seq %d and nothing of the shadowed", j, last.Seq)
	}
	back := w.v1(t, w.token(t, "bob", nil))
	back.ask("join", "room", "general", "since", map[string]any{"epoch": j["epoch"], "seq": said.Seq})
	back.expect("ack")
	r := back.expect("joined")
	if r["recovered"] != true || r["replay"] != 1.0 || r["seq"] != float64(last.Seq) {
		t.Errorf("a viewer recovered with %s, want one event up to %d", r, last.Seq)
	}
	if f := back.expect("message"); f.at("message", "text") != "last" {
		t.Errorf("a viewer recovered %s", f)
	}
	// Who asks for what comes after a place that isn't there yet learns nothing of what others alone see.
	w.against(t, "u:ann", "", chat.Shadow, time.Hour)
	ann.ask("post", "room", "general", "text", "SECRET four")
	head := ann.await("ack")["seq"].(float64)
	for seq := float64(last.Seq) + 1; seq <= head+1; seq++ {
		back.ask("join", "room", "general", "since", map[string]any{"epoch": j["epoch"], "seq": seq})
		back.expect("ack")
		if r := back.expect("joined"); r["recovered"] != false {
			t.Errorf("asked for what comes after %v, where they know of %d, a viewer got %s", seq, last.Seq, r)
		}
	}
	again := w.v1(t, w.token(t, "ann", nil))
	own, err := json.Marshal(again.join("general")["history"])
	must(t, err)
	for _, want := range []string{"SECRET two", "SECRET three", "last"} {
		if !strings.Contains(string(own), want) {
			t.Errorf("the author's history lacks %q: %s", want, own)
		}
	}
	ann.await("message")
}

// TestShadowAndWhatTheBellLoses reads what was lost from the log, for each what they may see.
func TestShadowAndWhatTheBellLoses(t *testing.T) {
	w := newWorld(t)
	w.post(t, "general", "hello")
	ann, bob := w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "bob", nil), "general")
	w.against(t, "u:ann", "general", chat.Shadow, 0)
	w.bell.lose(true)
	w.post(t, "general", text(1))
	ann.ask("post", "room", "general", "text", "SECRET")
	ann.await("ack")
	w.post(t, "general", text(2))
	ann.ask("post", "room", "general", "text", "SECRET")
	ann.await("ack")
	w.bell.lose(false)
	w.post(t, "general", text(3))
	for _, want := range []string{text(1), "SECRET", text(2), "SECRET", text(3)} {
		if f := ann.await("message"); f.at("message", "text") != want {
			t.Errorf("the author got %s, want %q", f, want)
		}
	}
	for _, want := range []string{text(1), text(2), text(3)} {
		if f := bob.await("message"); f.at("message", "text") != want {
			t.Errorf("the other got %s, want %q", f, want)
		}
	}
}

// TestNothingTellsOfAShadow does to what is shadowed all that can be done to messages; others hear nothing of it.
func TestNothingTellsOfAShadow(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "bob", nil), "general")
	ann.ask("post", "room", "general", "text", "before")
	before := ann.await("ack")["message_id"]
	hello := w.post(t, "general", "hello")
	w.against(t, "u:ann", "", chat.Shadow, 0)
	say := func(text string) chat.MessageID {
		t.Helper()
		ann.ask("post", "room", "general", "text", text)
		return chat.MessageID(ann.await("ack")["message_id"].(string))
	}
	one, two, three := say("SECRET one"), say("SECRET two"), say("SECRET three")
	ann.ask("edit", "room", "general", "message_id", before, "text", "SECRET change")
	ann.await("ack")
	ann.ask("react", "room", "general", "message_id", hello.ID, "emoji", "👍", "on", true)
	ann.await("ack")
	ann.ask("react", "room", "general", "message_id", one, "emoji", "👍", "on", true)
	ann.await("ack")
	ann.ask("delete", "room", "general", "message_ids", []any{one})
	ann.await("ack")
	_, err := w.Delete(t.Context(), order(), "general", []chat.MessageID{two})
	must(t, err)
	_, err = w.Restore(t.Context(), order(), "general", []chat.MessageID{two})
	must(t, err)
	purge, err := w.Purge(t.Context(), order(), chat.PurgeOrder{Selection: chat.Selection{Users: []chat.UserID{"u:ann"}}, Since: w.now().Add(-time.Hour)})
	must(t, err)
	_, err = w.Undo(t.Context(), order(), purge.Act.ID)
	must(t, err)
	w.post(t, "general", "the end")
	var kinds []any
	for _, f := range logged(bob.until(says("the end"))) {
		kinds = append(kinds, f["type"])
		for _, secret := range []string{"SECRET", string(one), string(two), string(three), "👍"} {
			if strings.Contains(f.String(), secret) {
				t.Errorf("another was told %s", f)
			}
		}
	}
	// What she said before is everybody's, and was purged and restored with the rest.
	if d := cmp.Diff([]any{"message", "message", "deleted", "restored", "message"}, kinds); d != "" {
		t.Errorf("another was told (-want +got): %s", d)
	}
	for user, want := range map[string]int{"bob": 3, "ann": 5} {
		j := w.v1(t, w.token(t, user, nil)).join("general")
		if got := len(j["history"].([]any)); got != want {
			t.Errorf("%s finds %d messages, want %d: %s", user, got, want, j)
		}
	}
}

// TestWhatAShadowSeesOtherwise counts a shadowed author's reaction for themselves alone, also in what is told to all.
func TestWhatAShadowSeesOtherwise(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "bob", nil), "general")
	hello := w.post(t, "general", "hello")
	w.against(t, "u:ann", "", chat.Shadow, 0)
	for _, p := range []*peer{ann, bob} {
		p.ask("react", "room", "general", "message_id", hello.ID, "emoji", "👍", "on", true)
		p.await("ack")
	}
	count := func(p *peer) any {
		return p.await("reaction")["reactions"].([]any)[0].(map[string]any)["count"]
	}
	if got := []any{count(ann), count(ann)}; got[0] != 1.0 || got[1] != 2.0 {
		t.Errorf("the author was told of %v, want one and two", got)
	}
	if got := count(bob); got != 1.0 {
		t.Errorf("another was told of %v, want one", got)
	}
	bob.settled("general")
}

// TestAShadowedNameIsToldToItsGuest in the same frames as any other guest's; others hear of neither name.
func TestAShadowedNameIsToldToItsGuest(t *testing.T) {
	var told [2][]string
	for i, shadowed := range []bool{false, true} {
		w := newWorld(t)
		watcher := w.in(t, w.token(t, "watcher", nil), "general")
		hello := w.dial(t, "/ws?name=First", nil).expect("welcome")
		id, token := hello.at("user", "id").(string), hello["guest_token"].(string)
		if shadowed {
			w.against(t, chat.UserID(id), "", chat.Shadow, 0)
		}
		own := func(p *peer, name string) {
			t.Helper()
			for {
				w.pass(2 * time.Second)
				f := p.await("presence")
				if strings.Contains(f.String(), name) {
					told[i] = append(told[i], strings.ReplaceAll(f.String(), id, "ID"))
					return
				}
			}
		}
		p := w.dial(t, "/ws?token="+token, nil)
		p.expect("welcome")
		p.join("general")
		own(p, "First")
		p.ask("auth", "name", "Second")
		p.await("ack")
		own(p, "Second")
		q := w.dial(t, "/ws?name=Third&token="+token, nil)
		q.expect("welcome")
		j := q.join("general")
		if !strings.Contains(j.String(), "Third") {
			t.Errorf("shadowed %t: got %s, want the own name among the members", shadowed, j)
		}
		own(q, "Third")
		w.post(t, "general", "the end")
		for _, f := range watcher.until(says("the end")) {
			if s := f.String(); shadowed && (strings.Contains(s, "Second") || strings.Contains(s, "Third")) {
				t.Errorf("another was told %s", s)
			}
		}
	}
	if d := cmp.Diff(told[0], told[1]); d != "" {
		t.Errorf("a shadowed guest is told otherwise (-others +shadowed): %s", d)
	}
}

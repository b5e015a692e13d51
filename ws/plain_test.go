package ws_test

import (
	"strings"
	"testing"

	"github.com/chatd/chatd/chat"
)

func TestPlainSaysWhatIsPosted(t *testing.T) {
	w := newWorld(t)
	a, b := w.dial(t, "/ws/chat/general", nil), w.dial(t, "/ws/chat/general?name=Bob", nil)

	b.say("Hello, <b>world</b>! I <3 you")

	for _, p := range []*peer{a, b} {
		f := p.frame()
		if f["message"] != "Hello, world! I <3 you" || f["room_id"] != "general" || f["name"] != "Bob" {
			t.Errorf("got %s", f)
		}
		if id, _ := f["client_id"].(string); !strings.HasPrefix(id, "g:") {
			t.Errorf("client_id: got %q, want a guest's", id)
		}
		if len(f) != 6 {
			t.Errorf("got the keys of %s, want six", f)
		}
	}
}

func TestPlainRefuses(t *testing.T) {
	tests := map[string]struct{ text, code string }{
		"nothing":     {"", "text_empty"},
		"blank":       {" \n\t ", "text_empty"},
		"only a tag":  {"<p>", "text_empty"},
		"too long":    {strings.Repeat("é", 501), "text_too_long"},
		"prohibited":  {"buy SPAM", "prohibited"},
		"v1's format": {`{"type":"leave"}`, ""},
		"longest":     {strings.Repeat("é", 500), ""},
	}
	w := newWorld(t)
	p := w.dial(t, "/ws/chat/general", nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p.say(tt.text)

			f := p.frame()
			if code, _ := f["code"].(string); code != tt.code {
				t.Errorf("%.40q: got %s, want code %q", tt.text, f, tt.code)
			}
			if _, refused := f["error"]; refused != (tt.code != "") {
				t.Errorf("%.40q: got %s", tt.text, f)
			}
		})
	}
}

func TestPlainAnswersInOrder(t *testing.T) {
	w := newWorld(t)
	p := w.dial(t, "/ws/chat/general", nil)
	var batch []byte
	for i := range 50 {
		batch = append(batch, textFrame(text(i))...)
		batch = append(batch, textFrame("")...)
	}

	p.write(batch)

	refused, next := 0, 0
	for range 100 {
		switch f := p.frame(); {
		case f["code"] == "text_empty":
			refused++
		case f["message"] == text(next):
			next++
		default:
			t.Fatalf("got %s, want %q or a refusal", f, text(next))
		}
	}
	if refused != 50 || next != 50 {
		t.Errorf("got %d refusals and %d messages, want 50 of each", refused, next)
	}
}

func TestPlainStartsWithHistory(t *testing.T) {
	w := newWorld(t)
	for i := range 103 {
		w.post(t, "general", text(i))
	}

	p := w.dial(t, "/ws/chat/general", nil)

	for i := 3; i < 104; i++ {
		if i == 103 { // the history is told
			w.post(t, "general", text(103))
		}
		if f := p.frame(); f["message"] != text(i) {
			t.Fatalf("got %s, want %q", f, text(i))
		}
	}
}

func TestPlainKeepsGuest(t *testing.T) {
	w := newWorld(t)
	first := w.dial(t, "/ws/chat/one", nil)
	cookie := first.resp.Header.Get("Set-Cookie")
	if !strings.Contains(cookie, "HttpOnly") || !strings.HasPrefix(cookie, "chatd_guest=") {
		t.Fatalf("Set-Cookie: got %q, want chatd_guest, HttpOnly", cookie)
	}
	first.say("hi")
	me := first.frame()["client_id"]

	again := w.dial(t, "/ws/chat/two", map[string]string{"Cookie": strings.Split(cookie, ";")[0]})
	again.say("hi again")

	if got := again.frame()["client_id"]; got != me {
		t.Errorf("client_id with the cookie: got %v, want %v", got, me)
	}
	if c := again.resp.Header.Get("Set-Cookie"); c != "" {
		t.Errorf("Set-Cookie to one who has it: got %q, want none", c)
	}
	forged := w.dial(t, "/ws/chat/three", map[string]string{"Cookie": strings.Split(cookie, ";")[0] + "x"})
	forged.say("hi")
	if got := forged.frame()["client_id"]; got == me {
		t.Errorf("a forged cookie is believed: %v", got)
	}
}

func TestPlainIsEnded(t *testing.T) {
	w := newWorld(t)
	tests := map[string]struct {
		do   func(t *testing.T, p *peer, id chat.UserID)
		code int
	}{
		"ban in the room": {func(t *testing.T, _ *peer, id chat.UserID) {
			w.against(t, id, "general", chat.Ban, 0)
		}, 4500},
		"ban everywhere": {func(t *testing.T, _ *peer, id chat.UserID) {
			w.against(t, id, "", chat.Ban, 0)
		}, 4500},
		"kick": {func(t *testing.T, _ *peer, id chat.UserID) {
			n := w.srv.End(func(l chat.LiveSession) bool { return l.Actor.ID == id }, chat.Refuse(chat.Forbidden, "kicked", "You were removed."))
			if n != 1 {
				t.Errorf("End: got %d, want 1", n)
			}
		}, 4507},
		"binary":        {func(_ *testing.T, p *peer, _ chat.UserID) { p.write(rawFrame(0x82, true, []byte{1})) }, 1003},
		"invalid UTF-8": {func(_ *testing.T, p *peer, _ chat.UserID) { p.say("\xff") }, 1007},
		"panic":         {func(_ *testing.T, p *peer, _ chat.UserID) { p.say("panic now") }, 4003},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := w.dial(t, "/ws/chat/general", nil)
			bystander := w.dial(t, "/ws/chat/other", nil)
			p.say("unique " + name)
			f := p.frame()
			for f["message"] != "unique "+name {
				f = p.frame()
			}

			tt.do(t, p, chat.UserID(f["client_id"].(string)))

			p.end(tt.code)
			bystander.say("still here")
			for bystander.frame()["message"] != "still here" {
			}
		})
	}
	eventually(t, patience, "the sessions are gone", func() bool { return w.srv.Stats().Connections <= int64(len(tests)) })
	if got := w.srv.Stats().Panics; got != 1 {
		t.Errorf("panics: got %d, want 1", got)
	}
}

package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestTutorial is the tutorial that chatd grew from, against the plain protocol.
func TestTutorial(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db)
		x := p.plain(t, "general", nil)

		x.send("Hello, world!")
		got := x.receive()
		if got["message"] != "Hello, world!" || got["room_id"] != "general" {
			t.Errorf("got %v, want Hello, world! in general", got)
		}
		at, err := time.Parse(time.RFC3339, got["timestamp"].(string))
		if err != nil || time.Since(at) > time.Minute {
			t.Errorf("got the timestamp %v, want now", got["timestamp"])
		}

		x.send("")
		if got := x.receive(); got["error"] == nil || got["code"] != "text_empty" {
			t.Errorf("got %v, want an error text_empty", got)
		}

		x.send("still here")
		if got := x.receive(); got["message"] != "still here" {
			t.Errorf("got %v, want a connection that stays", got)
		}
	})
}

func TestPlain(t *testing.T) {
	p := start(t, sqlite)
	ann := p.plain(t, "general", nil)
	for sent, want := range map[string]string{
		"I <3 you, AT&T: 5 > 3 && 2 < 4": "I <3 you, AT&T: 5 > 3 && 2 < 4",
		"&lt;b&gt; stays":                "&lt;b&gt; stays",
		"<b>bold</b> move":               "bold move",
		strings.Repeat("é", 500):         strings.Repeat("é", 500),
	} {
		ann.send(sent)
		if got := ann.receive(); got["message"] != want {
			t.Errorf("%q: got %v, want %q", sent, got, want)
		}
	}
	for sent, want := range map[string]string{
		strings.Repeat("é", 501): "text_too_long",
		" \n\t":                  "text_empty",
		"<b></b>":                "text_empty",
	} {
		ann.send(sent)
		if got := ann.receive(); got["code"] != want {
			t.Errorf("%.20q: got %v, want the refusal %s", sent, got, want)
		}
	}

	bob := p.plain(t, "general", nil)
	for range 4 {
		if got := bob.receive(); got["room_id"] != "general" {
			t.Errorf("got %v, want a message of general", got)
		}
	}
	bob.send("hi Ann")
	a, b := ann.receive(), bob.receive()
	if a["message_id"] != b["message_id"] || a["client_id"] != b["client_id"] {
		t.Errorf("got %v and %v, want the same", a, b)
	}
}

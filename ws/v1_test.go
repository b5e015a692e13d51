package ws_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/ws"
)

// TestRequests has every request of v1 done once, and looks at its answer and at the event.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	mo, bob := w.in(t, w.moderator(t), "general"), w.in(t, w.token(t, "bob", nil), "general")
	m := w.post(t, "general", "first")
	mo.await("message")
	bob.await("message")
	id := string(m.ID)
	asked := map[string]bool{"join": true} // by in
	do := func(p *peer, event, kind string, fields ...any) frame {
		t.Helper()
		asked[kind] = true
		want := p.ask(kind, fields...)
		answer := p.frame()
		for answer["type"] == "presence" {
			answer = p.frame()
		}
		if answer["type"] != "ack" || answer["id"] != want {
			t.Fatalf("%s: got %s, want its ack", kind, answer)
		}
		if event == "" {
			return answer
		}
		for _, reader := range []*peer{mo, bob} {
			f := reader.await(event)
			if f["room"] != "general" || answer["seq"] != nil && f["seq"] != answer["seq"] {
				t.Fatalf("%s: got %s after %s", kind, f, answer)
			}
		}
		return answer
	}

	posted := do(bob, "message", "post", "room", "general", "text", "*hi*", "nonce", "n1", "reply_to", id)
	again := do(bob, "", "post", "room", "general", "text", "*hi*", "nonce", "n1")
	if again["message_id"] != posted["message_id"] || again["seq"] != posted["seq"] || again["duplicate"] != true {
		t.Errorf("the same nonce: got %s after %s", again, posted)
	}
	own := posted["message_id"]
	do(bob, "edited", "edit", "room", "general", "message_id", own, "text", "hello")
	do(bob, "reaction", "react", "room", "general", "message_id", id, "emoji", "👍", "on", true)
	do(bob, "", "typing", "room", "general")
	w.srv.Beat(w.now())
	if f := mo.await("typing"); !strings.Contains(f.String(), "u:bob") {
		t.Errorf("typing: got %s, want bob", f)
	}
	do(bob, "", "read", "room", "general", "seq", m.Seq)
	page := do(bob, "", "history", "room", "general", "limit", 10)
	if n := len(page["messages"].([]any)); n != 2 || page.at("reacted", id) == nil {
		t.Errorf("history: got %s, want two messages, the first reacted to", page)
	}
	if f := do(bob, "", "history", "room", "general", "around", id, "limit", 1); f["more_after"] != true {
		t.Errorf("history around: got %s", f)
	}
	if f := do(bob, "", "members", "room", "general"); f["count"] != 2.0 {
		t.Errorf("members: got %s, want 2", f)
	}
	do(mo, "room", "pin", "room", "general", "message_id", id, "on", true)
	do(mo, "room", "set", "room", "general", "settings", map[string]any{"topic": "Go", "slow_mode_seconds": 0, "history": 20})
	do(mo, "deleted", "delete", "room", "general", "message_ids", []any{own})
	do(mo, "restored", "restore", "room", "general", "message_ids", []any{own})
	if f := do(mo, "", "delete", "room", "general", "message_ids", []any{own}); f["seq"] == 0.0 {
		t.Errorf("delete: got %s, want its seq", f)
	}
	mo.await("deleted")
	bob.await("deleted")
	mute := do(mo, "", "sanction", "room", "general", "user", "u:bob", "effect", "mute", "seconds", 60, "reason", "Hush")
	if f := bob.await("muted"); f["reason"] != "Hush" || f["sanction_id"] != mute["sanction_id"] || f["until"] == nil {
		t.Errorf("muted: got %s", f)
	}
	bob.ask("post", "room", "general", "text", "may I")
	bob.refused("muted")
	do(mo, "", "lift", "room", "general", "sanction_id", mute["sanction_id"])
	bob.await("unmuted")
	do(bob, "", "auth", "token", w.token(t, "bob", nil))
	do(bob, "", "leave", "room", "general")
	w.post(t, "general", "bob doesn't hear this")
	for _, kind := range []string{"typing", "members", "history"} {
		bob.ask(kind, "room", "general")
		bob.refused("not_joined")
	}
	bob.ask("post", "room", "general", "text", "from outside")
	bob.refused("not_joined")

	for _, kind := range ws.Requests() {
		if !asked[kind] {
			t.Errorf("%s is not tested", kind)
		}
	}
}

func TestMalformedRequests(t *testing.T) {
	tests := map[string]struct {
		frame, code, names string
		id                 string
	}{
		"nothing":          {``, "bad_request", "JSON object", ""},
		"not JSON":         {`hello`, "bad_request", "JSON object", ""},
		"a list":           {`[]`, "bad_request", "JSON object", ""},
		"cut off":          {`{"type":"leave","id":"1"`, "bad_request", "JSON", ""},
		"two objects":      {`{"type":"leave","id":"1","room":"a"}{}`, "bad_request", "nothing after", ""},
		"deep":             {`{"type":"leave","id":"1","room":[[[["a"]]]]}`, "bad_request", "deep", ""},
		"no id":            {`{"type":"leave","room":"a"}`, "bad_request", "id", ""},
		"empty id":         {`{"type":"leave","id":"","room":"a"}`, "bad_request", "id", ""},
		"id is a number":   {`{"type":"leave","id":1,"room":"a"}`, "bad_request", "id", ""},
		"long id":          {`{"type":"leave","id":"` + strings.Repeat("x", 65) + `","room":"a"}`, "bad_request", "id", ""},
		"no type":          {`{"id":"1"}`, "bad_request", "type", "1"},
		"unknown type":     {`{"type":"shout","id":"1"}`, "unknown_type", "history, join", "1"},
		"unknown field":    {`{"type":"leave","id":"1","room":"a","why":"x"}`, "bad_request", `"why"`, "1"},
		"another case":     {`{"type":"leave","id":"1","Room":"a"}`, "bad_request", "room", "1"},
		"twice":            {`{"type":"leave","id":"1","room":"a","room":"b"}`, "bad_request", `"room"`, ""},
		"no room":          {`{"type":"leave","id":"1"}`, "bad_request", "room", "1"},
		"null":             {`{"type":"leave","id":"1","room":null}`, "bad_request", "room", "1"},
		"room's name":      {`{"type":"leave","id":"1","room":"A b"}`, "room_name_invalid", "a-z", "1"},
		"text is a number": {`{"type":"post","id":"1","room":"a","text":5}`, "bad_request", "text", "1"},
		"nested unknown":   {`{"type":"join","id":"1","room":"a","since":{"epoch":"e","seq":1,"x":2}}`, "bad_request", `"x"`, "1"},
		"nested twice":     {`{"type":"join","id":"1","room":"a","since":{"epoch":"e","seq":1,"seq":2}}`, "bad_request", "since", "1"},
		"nested missing":   {`{"type":"join","id":"1","room":"a","since":{"seq":1}}`, "bad_request", "epoch", "1"},
		"setting unknown":  {`{"type":"set","id":"1","room":"a","settings":{"colour":"red"}}`, "bad_request", `"colour"`, "1"},
		"setting's type":   {`{"type":"set","id":"1","room":"a","settings":{"closed":"yes"}}`, "bad_request", "closed", "1"},
		"fraction":         {`{"type":"read","id":"1","room":"a","seq":1.5}`, "bad_request", "seq", "1"},
		"negative":         {`{"type":"read","id":"1","room":"a","seq":-1}`, "bad_request", "seq", "1"},
		"no ids":           {`{"type":"delete","id":"1","room":"a","message_ids":[]}`, "bad_request", "message_ids", "1"},
		"null among ids":   {`{"type":"delete","id":"1","room":"a","message_ids":[null]}`, "bad_request", "message_ids", "1"},
		"both of one":      {`{"type":"history","id":"1","room":"a","before":1,"around":"x"}`, "bad_request", "not both", "1"},
		"limit":            {`{"type":"history","id":"1","room":"a","limit":201}`, "bad_request", "limit", "1"},
		"auth of nothing":  {`{"type":"auth","id":"1"}`, "bad_request", "token or name", "1"},
		"nonce":            {`{"type":"post","id":"1","room":"a","text":"x","nonce":""}`, "bad_request", "nonce", "1"},
	}
	w := newWorld(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := w.v1(t, "")
			defer p.close()

			p.say(tt.frame)

			f := p.refused(tt.code)
			id, _ := f["id"].(string)
			if says, _ := f["message"].(string); !strings.Contains(says, tt.names) || f["type"] != "error" || id != tt.id {
				t.Errorf("%s: got %s, want a message with %q and the id %q", tt.frame, f, tt.names, tt.id)
			}
			p.ask("leave", "room", "general")
			p.expect("ack") // and the connection stays
		})
	}
}

func TestAbuseEndsTheConnection(t *testing.T) {
	w := newWorld(t)
	p := w.v1(t, "")
	for range 11 {
		p.say("{")
		p.refused("bad_request")
	}
	if reason := p.end(4508); !strings.Contains(reason, "protocol_abuse") {
		t.Errorf("reason: got %q", reason)
	}
}

// TestAcksComeInOrder pipelines posts of several rooms and refusals between them. Each
// answer comes in the order of the requests, and before the event that it is about.
func TestAcksComeInOrder(t *testing.T) {
	const n = 300
	w := newWorld(t)
	p := w.in(t, "", "one")
	p.join("two")
	var batch []byte
	for i := range n {
		room, kind, rest := "one", "post", fmt.Sprintf(`,"text":%q`, text(i))
		switch i % 10 {
		case 3:
			room = "two"
		case 5:
			rest = `,"text":""`
		case 7:
			kind, rest = "read", `,"seq":0`
		}
		batch = append(batch, textFrame(fmt.Sprintf(`{"type":%q,"id":"p%d","room":%q%s}`, kind, i, room, rest))...)
	}

	go func() { _, _ = p.raw.Write(batch) }()

	answered, acked := 0, map[any]bool{}
	var told []string
	for answered < n || len(told) < n*8/10 {
		f := p.frame()
		switch f["type"] {
		case "ack", "error":
			if f["id"] != fmt.Sprintf("p%d", answered) {
				t.Fatalf("got %s, want the answer to p%d", f, answered)
			}
			answered++
			acked[f["message_id"]] = true
		case "message":
			if !acked[f.at("message", "id")] {
				t.Fatalf("%s came before its ack", f)
			}
			told = append(told, f.at("message", "text").(string))
		}
	}
	if len(told) != len(slices.Compact(slices.Clone(told))) {
		t.Error("a message was told twice")
	}
}

func TestRecovery(t *testing.T) {
	w := newWorld(t)
	room := chat.RoomID("general")
	for i := range 5 {
		w.post(t, room, text(i))
	}
	p := w.v1(t, "")
	start := p.join("general")
	p.close()
	kept := w.post(t, room, "kept")
	gone := w.post(t, room, "gone")
	_, err := w.Edit(t.Context(), speaker, room, kept.ID, "kept, edited")
	must(t, err)
	_, err = w.DeleteOwn(t.Context(), speaker, room, []chat.MessageID{gone.ID})
	must(t, err)

	q := w.v1(t, "")
	q.ask("join", "room", "general", "since", map[string]any{"epoch": start["epoch"], "seq": start["seq"]})
	q.expect("ack")
	j := q.expect("joined")
	if j["recovered"] != true || j["history"] != nil {
		t.Fatalf("got %s, want recovered, without history", j)
	}
	var kinds []string
	last := start["seq"].(float64)
	for range int(j["replay"].(float64)) {
		f := q.frame()
		kinds = append(kinds, f["type"].(string))
		if f["seq"].(float64) <= last || strings.Contains(f.String(), "gone") {
			t.Errorf("replayed %s after %v", f, last)
		}
		last = f["seq"].(float64)
	}
	if !slices.Contains(kinds, "deleted") || !slices.Contains(kinds, "edited") {
		t.Errorf("replayed %v, want the edit and the deletion", kinds)
	}
	if last != j["seq"] {
		t.Errorf("the replay ends at %v, want %v", last, j["seq"])
	}
	w.post(t, room, "live")
	if f := q.expect("message"); f.at("message", "text") != "live" {
		t.Errorf("got %s, want what is live", f)
	}

	q.ask("join", "room", "general", "since", map[string]any{"epoch": "another", "seq": 1})
	q.expect("ack")
	if j := q.expect("joined"); j["recovered"] != false || len(j["history"].([]any)) != 7 {
		t.Errorf("of another epoch: got %s, want the fresh state", j)
	}
	q.settled("general")
}

func TestWelcomeAndJoined(t *testing.T) {
	w := newWorld(t)
	w.post(t, "general", "hello")
	p := w.dial(t, "/ws/chat/general?token="+w.token(t, "ann", nil), map[string]string{"Sec-WebSocket-Protocol": "chat, chatd.v1"})

	f := p.expect("welcome")

	if got := p.resp.Header.Get("Sec-Websocket-Protocol"); got != "chatd.v1" {
		t.Errorf("Sec-WebSocket-Protocol: got %q, want chatd.v1", got)
	}
	if f.at("user", "id") != "u:ann" || f.at("user", "name") != "Ann" || f["guest_token"] != nil || f["expires_at"] == nil ||
		f.at("limits", "frame_bytes") != 65536.0 || f.at("limits", "posts_in_flight") != 32.0 || f.at("limits", "rooms") != 100.0 {
		t.Errorf("welcome: got %s", f)
	}
	j := p.expect("joined")
	if len(j["history"].([]any)) != 1 || j["recovered"] != false || j.at("rights", "post") != true ||
		j.at("settings", "max_length") != 500.0 || j["count"] != 1.0 || j.at("settings", "allowed_sites") == nil {
		t.Errorf("joined: got %s", j)
	}
	g := w.dial(t, "/ws", nil).expect("welcome")
	if token, _ := g["guest_token"].(string); token == "" || g.at("user", "role") != "guest" {
		t.Errorf("a guest's welcome: got %s", g)
	}
	again := w.dial(t, "/ws?token="+g["guest_token"].(string), nil).expect("welcome")
	if again.at("user", "id") != g.at("user", "id") {
		t.Errorf("with the guest token: got %s, want %s", again, g)
	}
}

func TestTooManyRooms(t *testing.T) {
	w := newWorld(t, limits(func(l *ws.Limits) { l.Rooms = 2 }))
	p := w.in(t, "", "one")
	p.join("two")
	p.ask("join", "room", "three")
	p.refused("too_many_joined")
	p.ask("leave", "room", "one")
	p.expect("ack")
	p.join("three")
}

func TestLongMessagesComeInFragments(t *testing.T) {
	w := newWorld(t)
	w.set(t, "general", chat.SettingsPatch{MaxLength: ptr(4000)})
	long := strings.Repeat("😀", 4000)
	for range 20 {
		w.post(t, "general", long)
	}
	p := w.v1(t, "")
	j := p.join("general")
	b, err := json.Marshal(j)
	must(t, err)
	if len(b) < 300_000 || len(j["history"].([]any)) != 20 {
		t.Errorf("joined: got %d bytes, %d messages", len(b), len(j["history"].([]any)))
	}
}

func ptr[T any](v T) *T { return &v }

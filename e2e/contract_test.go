package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestEveryTypeIsSeen makes every request of the spec, and provokes every frame that it
// has, so that each is held against its schema at least once.
func TestEveryTypeIsSeen(t *testing.T) {
	p := start(t, sqlite, "CHATD_HEARTBEAT=1s", "CHATD_API_KEY="+staffKey)
	mod := p.bare(t, "/ws", mint(t, "mod", jwt.MapClaims{"role": "moderator"}))
	ann := p.bare(t, "/ws", mint(t, "ann", jwt.MapClaims{"exp": time.Now().Add(30 * time.Second).Unix()}))
	in := func(q map[string]any) map[string]any {
		q["room"] = "general"
		return q
	}
	mod.done("join", in(map[string]any{}))
	ann.done("join", in(map[string]any{}))
	said := ann.done("post", in(map[string]any{"text": "*hi* <b>there</b> @mod", "nonce": "n1"}))
	id := said["message_id"]
	again := ann.done("post", in(map[string]any{"text": "*hi* <b>there</b> @mod", "nonce": "n1"}))
	if again["message_id"] != id || again["duplicate"] != true {
		t.Errorf("got %v, want a duplicate of %v", again, id)
	}
	ann.done("edit", in(map[string]any{"message_id": id, "text": "hello @mod"}))
	ann.done("react", in(map[string]any{"message_id": id, "emoji": "👍", "on": true}))
	ann.done("post", in(map[string]any{"text": "an answer", "reply_to": id}))
	ann.done("read", in(map[string]any{"seq": said["seq"]}))
	ann.done("typing", in(map[string]any{}))
	mod.next("typing")
	ann.done("members", in(map[string]any{"limit": 10}))
	ann.done("history", in(map[string]any{"before": 1000000, "limit": 1}))
	ann.done("history", in(map[string]any{"around": id}))
	moderate(mod, in, id)
	staffAct(t, p, ann, in)
	leaving(t, p, mod, ann, in)

	mod.next("heartbeat")
	ann.next("expiring")
	for _, kind := range []string{"message", "edited", "reaction", "deleted", "restored", "room", "presence"} {
		mod.next(kind)
	}
	ann.done("leave", in(map[string]any{}))
	seenAll(t, p.spec)
}

// moderate does what only moderators may.
func moderate(mod *bare, in func(map[string]any) map[string]any, id any) {
	mod.done("pin", in(map[string]any{"message_id": id, "on": true}))
	mod.done("set", in(map[string]any{"settings": map[string]any{"title": "Hall", "topic": "Go", "allowed_sites": []string{"https://shop.example"}}}))
	mod.done("delete", in(map[string]any{"message_ids": []any{id}}))
	mod.done("restore", in(map[string]any{"message_ids": []any{id}}))
}

// leaving provokes what is told to somebody who has to be quiet, or to go.
func leaving(t *testing.T, p *program, mod, ann *bare, in func(map[string]any) map[string]any) {
	mute := mod.done("sanction", in(map[string]any{"user": "u:ann", "effect": "mute", "seconds": 60, "reason": "Calm down"}))
	ann.next("muted")
	if got := ann.ask("post", in(map[string]any{"text": "but"})); got["code"] != "muted" || got["until"] == nil {
		t.Errorf("got %v, want the refusal muted with its end", got)
	}
	mod.done("lift", in(map[string]any{"sanction_id": mute["sanction_id"]}))
	ann.next("unmuted")

	eve := p.bare(t, "/ws", "")
	eve.done("auth", map[string]any{"name": "Eve"})
	who := eve.next("welcome")["user"].(map[string]any)["id"]
	eve.done("join", in(map[string]any{}))
	eve.done("join", map[string]any{"room": "elsewhere"})
	mod.done("sanction", in(map[string]any{"user": who, "effect": "ban", "seconds": 0}))
	eve.next("banned")
	if got := eve.next("left"); got["room"] != "general" || got["code"] != "banned" {
		t.Errorf("got %v, want general left for a ban", got)
	}
	eve.done("post", map[string]any{"room": "elsewhere", "text": "A ban in one room ends nothing in another."})
}

// staffKey is the key of the tests' staff.
const staffKey = "a-key-of-the-tests-with-all-rights"

// post calls the REST API with the staff's key, and returns the answer, which has to be a success.
func (p *program) post(path, body string) map[string]any {
	p.t.Helper()
	status, answer := p.tryPost(path, body)
	if status >= 300 {
		p.t.Fatalf("POST %s %s: got %d %v", path, body, status, answer)
	}
	return answer
}

// tryPost is post, whatever the answer.
func (p *program) tryPost(path, body string) (status int, answer map[string]any) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://"+p.addr+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+staffKey)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || resp.StatusCode >= 500 || json.Unmarshal(b, &answer) != nil {
		p.t.Fatalf("POST %s %s: got %d %v %.4096s", path, body, resp.StatusCode, err, b)
	}
	return resp.StatusCode, answer
}

// staffAct provokes what only staff make clients hear.
func staffAct(t *testing.T, p *program, ann *bare, in func(map[string]any) map[string]any) {
	p.post("/notices", `{"text":"We restart at six.","all":true}`)
	ann.next("notice")
	p.post("/lockdowns", `{"room":"general","level":"slow","seconds":1,"for_seconds":3600}`)
	if got := ann.next("lockdown")["lockdown"].(map[string]any)["level"]; got != "slow" {
		t.Errorf("got the level %v, want slow", got)
	}
	ann.next("rights")
	bob := p.bare(t, "/ws", mint(t, "bob", jwt.MapClaims{}))
	if bob.done("join", in(map[string]any{})); bob.next("joined")["lockdown"] == nil {
		t.Error("who comes into a room that is locked down isn't told")
	}
	p.post("/sanctions", `{"target":{"user":"u:bob"},"scope":"general","effect":"hold","duration_seconds":3600}`)
	bob.next("rights")
	held := bob.done("post", in(map[string]any{"text": "may I?"}))
	if held["held"] != true {
		t.Errorf("got %v, want a post that waits", held)
	}
	bob.next("held")
	p.post("/held/"+held["message_id"].(string)+"/release", "")
	if got := bob.next("released"); got["outcome"] != "released" {
		t.Errorf("got %v", got)
	}
	p.post("/rooms/general/clear", "")
	ann.next("cleared")
}

func seenAll(t *testing.T, l *ledger) {
	t.Helper()
	for kind := range l.spec.requests {
		if l.count("> "+kind) == 0 {
			t.Errorf("no request %s was made", kind)
		}
		if l.count("< ack of "+kind) == 0 {
			t.Errorf("no request %s was acknowledged", kind)
		}
	}
	for kind := range l.spec.frames {
		if l.count("< "+kind) == 0 {
			t.Errorf("no frame %s was sent", kind)
		}
	}
}

// TestErrorCodes shows that every code which the spec lists is explained.
func TestErrorCodes(t *testing.T) {
	s, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for code := range s.codes {
		if !strings.Contains(string(page), "\n| `"+code+"` |") {
			t.Errorf("docs/errors.md has no code %s", code)
		}
	}
}

// TestExamplesAreValid holds the spec's own examples against its schemas.
func TestExamplesAreValid(t *testing.T) {
	s, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	for operation, schemas := range map[string]map[string]*jsonschema.Schema{"request": s.requests, "event": s.frames} {
		for _, name := range s.messages(operation) {
			examples, _ := s.at("components", "messages", name, "examples").([]any)
			if len(examples) == 0 {
				t.Errorf("%s has no example", name)
			}
			for _, e := range examples {
				payload := e.(map[string]any)["payload"].(map[string]any)
				b, err := json.Marshal(payload)
				if err != nil {
					t.Fatal(err)
				}
				if err := validate(schemas[payload["type"].(string)], b); err != nil {
					t.Errorf("the example of %s: %v", name, err)
				}
			}
		}
	}
}

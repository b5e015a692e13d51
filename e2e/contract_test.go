package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/chatd/chatd/client"
)

// neverSent are the frames that this version's server has no reason to send yet.
var neverSent = map[string]bool{"notice": true}

// TestEveryTypeIsSeen makes every request of the spec, and provokes every frame that it
// has, so that each is held against its schema at least once.
func TestEveryTypeIsSeen(t *testing.T) {
	p := start(t, sqlite, "CHATD_HEARTBEAT=1s")
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
		if l.count("< "+kind) == 0 && !neverSent[kind] {
			t.Errorf("no frame %s was sent", kind)
		}
	}
}

// TestMalformedRequests derives wrong requests from the schemas: each is refused with
// bad_request and its id.
func TestMalformedRequests(t *testing.T) {
	p := start(t, sqlite)
	owner := p.dial(t, client.Options{Token: moderator(t, "mod")})
	join(t, owner, "general")
	id := post(t, owner, "general", "hello").MessageID
	s := p.spec.spec
	cases := 0
	for kind := range s.requests {
		t.Run(kind, func(t *testing.T) {
			for name, frame := range malformed(t, s, kind, id) {
				cases++
				b := p.bare(t, "/ws", mint(t, "mod", jwt.MapClaims{"role": "moderator"}))
				b.done("join", map[string]any{"room": "general"})
				j, err := json.Marshal(frame)
				if err != nil {
					t.Fatal(err)
				}
				b.write(j)
				got := b.until("the refusal of "+name, func(m map[string]any) bool {
					return m["type"] == "error" || m["type"] == "ack"
				})
				if got["type"] != "error" || got["code"] != "bad_request" {
					t.Errorf("%s: %s: got %v, want bad_request", name, j, got)
				} else if want, ok := frame["id"].(string); ok && got["id"] != want {
					t.Errorf("%s: got the id %v, want %q", name, got["id"], want)
				}
			}
		})
	}
	t.Logf("%d malformed requests", cases)
}

// malformed returns requests that each have one fault, by what it is.
func malformed(t *testing.T, s *spec, kind, message string) map[string]map[string]any {
	t.Helper()
	schema := schemaOf(s, kind)
	good := example(s, kind, message)
	faults := map[string]map[string]any{}
	for _, r := range schema["required"].([]any) {
		f := maps.Clone(good)
		delete(f, r.(string))
		faults["without "+r.(string)] = f
	}
	faults["with a key too much"] = with(good, "surplus", 1)
	for key, property := range schema["properties"].(map[string]any) {
		for _, wrong := range wrongTypes(s, property.(map[string]any)) {
			faults[fmt.Sprintf("%s of type %T", key, wrong)] = with(good, key, wrong)
		}
	}
	nested(s, schema, good, faults)
	return faults
}

// nested makes faults within since and settings.
func nested(s *spec, schema, good map[string]any, faults map[string]map[string]any) {
	for key, property := range schema["properties"].(map[string]any) {
		inner := s.resolve(property.(map[string]any))
		properties, ok := inner["properties"].(map[string]any)
		if !ok {
			continue
		}
		value := map[string]any{"epoch": "e", "seq": 1}
		if key == "settings" {
			value = map[string]any{"topic": "Go"}
		}
		faults[key+" with a key too much"] = with(good, key, with(value, "surplus", 1))
		required, _ := inner["required"].([]any)
		for _, r := range required {
			f := maps.Clone(value)
			delete(f, r.(string))
			faults[key+" without "+r.(string)] = with(good, key, f)
		}
		for k, p := range properties {
			for _, wrong := range wrongTypes(s, p.(map[string]any)) {
				faults[fmt.Sprintf("%s.%s of type %T", key, k, wrong)] = with(good, key, with(value, k, wrong))
			}
		}
	}
}

// wrongTypes returns a value of each JSON type that a property is not.
func wrongTypes(s *spec, property map[string]any) []any {
	right, _ := s.resolve(property)["type"].(string)
	if right == "" {
		right = "string" // the const of type
	}
	values := map[string]any{
		"string": "a text", "integer": 7, "boolean": true, "object": map[string]any{}, "array": []any{}, "null": nil,
	}
	delete(values, right)
	return slices.Collect(maps.Values(values))
}

func with(m map[string]any, key string, v any) map[string]any {
	m = maps.Clone(m)
	m[key] = v
	return m
}

// schemaOf returns the schema of a type of request.
func schemaOf(s *spec, kind string) map[string]any {
	return s.resolve(s.at("components", "messages", kind, "payload").(map[string]any))
}

// example returns the spec's first example of a request, about an existing message.
func example(s *spec, kind, message string) map[string]any {
	first := s.at("components", "messages", kind, "examples").([]any)[0].(map[string]any)
	q := maps.Clone(first["payload"].(map[string]any))
	if _, ok := q["message_id"]; ok {
		q["message_id"] = message
	}
	return q
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
	for kind, schema := range s.requests {
		for _, e := range s.at("components", "messages", kind, "examples").([]any) {
			b, err := json.Marshal(e.(map[string]any)["payload"])
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(schema, b); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
}

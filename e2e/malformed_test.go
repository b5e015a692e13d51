package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/chatd/chatd/client"
)

// TestOutOfBounds derives values beyond the bounds that the schemas state: none is accepted.
func TestOutOfBounds(t *testing.T) {
	p := start(t, sqlite)
	owner := p.dial(t, client.Options{Token: moderator(t, "mod")})
	join(t, owner, "general")
	id := post(t, owner, "general", "hello").MessageID
	s := p.spec.spec
	cases := 0
	for kind := range s.requests {
		good := example(s, kind, id)
		for key, property := range schemaOf(s, kind)["properties"].(map[string]any) {
			for _, wrong := range outOfBounds(s.resolve(property.(map[string]any)), id) {
				cases++
				refused(t, p, kind+" with this "+key, with(good, key, wrong), "")
			}
		}
	}
	for key, property := range s.at("components", "schemas", "SettingsPatch", "properties").(map[string]any) {
		for _, wrong := range outOfBounds(s.resolve(property.(map[string]any)), id) {
			cases++
			frame := with(example(s, "set", id), "settings", map[string]any{key: wrong})
			refused(t, p, "set with this "+key, frame, "")
		}
	}
	t.Logf("%d requests out of bounds", cases)
}

// outOfBounds returns values of the right type that a property must not have.
func outOfBounds(property map[string]any, id string) []any {
	var wrong []any
	if n, ok := property["minimum"].(int); ok {
		wrong = append(wrong, n-1)
	}
	if n, ok := property["maximum"].(int); ok {
		wrong = append(wrong, n+1)
	}
	if n, ok := property["maxLength"].(int); ok {
		wrong = append(wrong, strings.Repeat("x", n+1))
	}
	if n, ok := property["minLength"].(int); ok && n > 0 {
		wrong = append(wrong, "")
	}
	if n, ok := property["minItems"].(int); ok && n > 0 {
		wrong = append(wrong, []any{})
	}
	if n, ok := property["maxItems"].(int); ok {
		wrong = append(wrong, slices.Repeat([]any{id}, n+1))
	}
	if property["pattern"] != nil || property["enum"] != nil || property["const"] != nil {
		wrong = append(wrong, "", "\x01", strings.Repeat("x", 1000))
	}
	return wrong
}

// refused sends a frame as a moderator would, and wants it refused; code: with this one, or empty.
func refused(t *testing.T, p *program, what string, frame map[string]any, code string) {
	t.Helper()
	b := p.bare(t, "/ws", mint(t, "mod", jwt.MapClaims{"role": "moderator"}))
	defer func() { _ = b.conn.Abort() }() // nothing more is wanted of it
	b.done("join", map[string]any{"room": "general"})
	j, err := json.Marshal(frame)
	if err != nil {
		t.Fatal(err)
	}
	b.write(j)
	got := b.until("the refusal of "+what, func(m map[string]any) bool { return m["type"] == "error" || m["type"] == "ack" })
	id, ok := frame["id"].(string)
	switch {
	case got["type"] != "error" || code != "" && got["code"] != code:
		t.Errorf("%s: %.300s: got %v, want the refusal %s", what, j, got, code)
	case ok && id != "" && len(id) <= 64 && got["id"] != id:
		t.Errorf("%s: got the id %v, want %q", what, got["id"], id)
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
				refused(t, p, name, frame, "bad_request")
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

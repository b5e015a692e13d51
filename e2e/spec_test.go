package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/chatd/chatd"
)

// spec is asyncapi.yaml, ready to hold frames against.
type spec struct {
	doc      map[string]any
	requests map[string]*jsonschema.Schema // by type
	frames   map[string]*jsonschema.Schema // what the server sends, but for acks, by type
	acks     map[string]*jsonschema.Schema // by the type of the request
	held     *jsonschema.Schema            // the ack of a post that waits for a moderator
	plain    map[string]*jsonschema.Schema // PlainMessage, PlainError
	codes    map[string]bool               // of errors
}

// ackOf names the schema of the answer to each type of request.
var ackOf = map[string]string{
	"auth": "AckAuth", "join": "AckBare", "leave": "AckBare", "post": "AckPost", "edit": "AckSeq",
	"delete": "AckSeq", "react": "AckBare", "typing": "AckBare", "read": "AckBare", "history": "AckHistory",
	"members": "AckMembers", "pin": "AckSeq", "set": "AckSeq", "restore": "AckSeq", "sanction": "AckSanction",
	"lift": "AckBare",
}

var loadSpec = sync.OnceValues(func() (*spec, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(chatd.AsyncAPI, &doc); err != nil {
		return nil, fmt.Errorf("read asyncapi.yaml: %w", err)
	}
	// Through JSON, for the types that the validator knows.
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7) // what AsyncAPI 3 builds on
	if err := c.AddResource("asyncapi.json", plain); err != nil {
		return nil, err
	}
	s := &spec{doc: doc, requests: map[string]*jsonschema.Schema{}, frames: map[string]*jsonschema.Schema{},
		acks: map[string]*jsonschema.Schema{}, plain: map[string]*jsonschema.Schema{}, codes: map[string]bool{}}
	for _, code := range doc["x-error-codes"].([]any) {
		s.codes[code.(string)] = true
	}
	return s, s.compile(c)
})

func (s *spec) compile(c *jsonschema.Compiler) error {
	schema := func(name string) (*jsonschema.Schema, error) {
		return c.Compile("asyncapi.json#/components/schemas/" + name)
	}
	var err error
	for operation, into := range map[string]map[string]*jsonschema.Schema{"request": s.requests, "event": s.frames} {
		for _, name := range s.messages(operation) {
			ref := s.at("components", "messages", name, "payload", "$ref").(string)
			kind := s.at("components", "schemas", last(ref), "properties", "type", "const").(string)
			if into[kind], err = schema(last(ref)); err != nil {
				return err
			}
		}
	}
	for kind, name := range ackOf {
		if s.acks[kind], err = schema(name); err != nil {
			return err
		}
	}
	if s.held, err = schema("AckHeld"); err != nil {
		return err
	}
	for _, name := range []string{"PlainMessage", "PlainError"} {
		if s.plain[name], err = schema(name); err != nil {
			return err
		}
	}
	return nil
}

// at walks down the document; nil: there is nothing.
func (s *spec) at(path ...string) any {
	var v any = s.doc
	for _, k := range path {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// resolve follows a schema's $ref, if it is one.
func (s *spec) resolve(schema map[string]any) map[string]any {
	for {
		ref, ok := schema["$ref"].(string)
		if !ok {
			return schema
		}
		schema = s.at("components", "schemas", last(ref)).(map[string]any)
	}
}

// messages names the messages of an operation.
func (s *spec) messages(operation string) []string {
	var names []string
	for _, m := range s.at("operations", operation, "messages").([]any) {
		names = append(names, last(m.(map[string]any)["$ref"].(string)))
	}
	return names
}

func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// ledger holds frames against the spec, and remembers what it has seen.
type ledger struct {
	spec *spec

	mu    sync.Mutex
	seen  map[string]int     // "> post" for requests, "< message" for server frames
	known map[sight]struct{} // frames that were found right: readers are sent the same bytes
	wrong []string
}

// sight is a frame that was held against a schema.
type sight struct {
	schema *jsonschema.Schema
	sum    uint64
}

var seed = maphash.MakeSeed()

// newLedger makes a ledger that fails t at its end if a frame was wrong.
func newLedger(t *testing.T) *ledger {
	t.Helper()
	s, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{spec: s, seen: map[string]int{}, known: map[sight]struct{}{}}
	t.Cleanup(func() {
		for _, w := range l.wrong {
			t.Errorf("a frame is not as asyncapi.yaml says: %s", w)
		}
	})
	return l
}

// exchange is one connection's part of a ledger: which requests await their answer.
type exchange struct {
	*ledger
	asked map[string]string // the type by the id
}

func (l *ledger) exchange() *exchange { return &exchange{ledger: l, asked: map[string]string{}} }

// sent checks a request.
func (x *exchange) sent(frame []byte) {
	var h struct{ Type, ID string }
	_ = json.Unmarshal(frame, &h) // what is no JSON is found wrong below
	x.mu.Lock()
	defer x.mu.Unlock()
	x.asked[h.ID] = h.Type
	x.checkLocked("> "+h.Type, x.spec.requests[h.Type], frame)
}

// received checks a frame of the server.
func (x *exchange) received(frame []byte) {
	var h struct {
		Type, ID string
		Held     json.RawMessage
	}
	_ = json.Unmarshal(frame, &h) // what is no JSON is found wrong below
	x.mu.Lock()
	defer x.mu.Unlock()
	if h.Type != "ack" {
		x.checkLocked("< "+h.Type, x.spec.frames[h.Type], frame)
		if h.Type == "error" {
			delete(x.asked, h.ID)
		}
		return
	}
	kind, ok := x.asked[h.ID]
	if !ok {
		x.wrongLocked("an ack that nobody waits for: %s", frame)
	}
	delete(x.asked, h.ID)
	schema := x.spec.acks[kind]
	if kind == "post" && h.Held != nil {
		schema = x.spec.held
	}
	x.checkLocked("< ack", schema, frame)
	x.seen["< ack of "+kind]++
}

// plainText checks what a plain connection was sent.
func (l *ledger) plainText(frame []byte) {
	kind := "PlainMessage"
	if bytes.Contains(frame, []byte(`"error":`)) {
		kind = "PlainError"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checkLocked("< "+kind, l.spec.plain[kind], frame)
}

func (l *ledger) checkLocked(what string, s *jsonschema.Schema, frame []byte) {
	l.seen[what]++
	this := sight{s, maphash.Bytes(seed, frame)}
	if _, ok := l.known[this]; ok {
		return
	}
	if len(l.known) > 100_000 {
		clear(l.known)
	}
	l.known[this] = struct{}{}
	if s == nil {
		l.wrongLocked("%s is not in it: %.500s", what, frame)
		return
	}
	if err := validate(s, frame); err != nil {
		l.wrongLocked("%s: %v: %.1000s", what, err, frame)
	}
	var e struct{ Type, Error, Code string }
	_ = json.Unmarshal(frame, &e) // it has been found to be JSON, or told not to be
	if (e.Type == "error" || e.Error != "") && !l.spec.codes[e.Code] {
		l.wrongLocked("%s: its code is not listed: %.1000s", what, frame)
	}
}

func validate(s *jsonschema.Schema, frame []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(frame))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func (l *ledger) wrongLocked(format string, args ...any) {
	if len(l.wrong) < 10 {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

func (l *ledger) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[what]
}

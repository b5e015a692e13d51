package ws_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/chatd/chatd/ws"
)

// FuzzDecodeFrame holds the decoder of requests against encoding/json: what it takes is
// JSON, an object, and means the same to both.
func FuzzDecodeFrame(f *testing.F) {
	for _, s := range []string{
		`{"type":"post","id":"1","room":"general","text":"hi \u00e9\ud83d\ude00"}`,
		`{"type":"join","id":"2","room":"a","since":{"epoch":"e","seq":17}}`,
		`{"a":1,"a":2}`, `{"a":[[[[1]]]]}`, `{"a":"\"{[\\"}`, `{} {}`, `[]`, `"x"`, `{"a":`, `{"":null}`, ``, "{\"\xff\":1}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, err := ws.Object(data)
		var reference map[string]json.RawMessage
		badJSON := json.Unmarshal(data, &reference)
		if err == nil && badJSON != nil {
			t.Fatalf("taken, but no JSON object: %q: %v", data, badJSON)
		}
		if err != nil {
			return
		}
		got, want := slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(reference))
		if !slices.Equal(got, want) {
			t.Fatalf("%q: got the fields %q, want %q", data, got, want)
		}
		for name, raw := range fields {
			if !json.Valid(raw) {
				t.Fatalf("%q: the field %q is %q", data, name, raw)
			}
		}
	})
}

package ws_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/chatd/chatd/ws"
)

// refusable reports whether err is about what encoding/json takes and a frame mustn't hold.
func refusable(err error) bool {
	for _, why := range []string{"twice", "deeply", "at most"} {
		if strings.Contains(err.Error(), why) {
			return true
		}
	}
	return false
}

// FuzzDecodeFrame holds the decoder of requests against encoding/json: what it takes is
// JSON, an object, and means the same to both.
func FuzzDecodeFrame(f *testing.F) {
	for _, s := range []string{
		`{"type":"post","id":"1","room":"general","text":"hi \u00e9\ud83d\ude00"}`,
		`{"type":"join","id":"2","room":"a","since":{"epoch":"e","seq":17}}`,
		` { "a" : 1 , "b\u00e9":{"c":[ 1,2 ]} , "c":"}" }`, `{"a":-1e3,"b":true,"c":[]}`, `{"\u0061":1,"a":2}`, `{"a":1,}`, `{"a":"x\\"}`,
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
			if badJSON == nil && reference != nil && !refusable(err) {
				t.Fatalf("a JSON object was refused: %q: %v", data, err)
			}
			return
		}
		got, want := slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(reference))
		if !slices.Equal(got, want) {
			t.Fatalf("%q: got the fields %q, want %q", data, got, want)
		}
		for name, raw := range fields {
			if !json.Valid(raw) || string(raw) != string(reference[name]) {
				t.Fatalf("%q: the field %q is %q, want %q", data, name, raw, reference[name])
			}
			got, isString := ws.Text(name, data)
			var want string
			if strings.HasPrefix(string(raw), `"`) != isString || isString && (json.Unmarshal(raw, &want) != nil || got != want) {
				t.Fatalf("%q: the field %q says %q (%t), want %q", data, name, got, isString, want)
			}
		}
	})
}

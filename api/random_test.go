package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// TestRandomRequests makes requests that are near to what the contract allows, on both
// sides of the border: none may fail in the server, and every answer keeps to the contract.
func TestRandomRequests(t *testing.T) {
	f := newFixture(t)
	contract, err := readContract(f.openapi())
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for k := range contract.routes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	rapid.Check(t, func(rt *rapid.T) {
		route := contract.routes[rapid.SampledFrom(keys).Draw(rt, "operation")]
		path := drawPath(rt, route.Path)
		body := ""
		if b := route.Operation.RequestBody; b != nil {
			body = drawJSON(rt, b.Value.Content.Get("application/json").Schema.Value, 0)
		}
		r := f.call(route.Method, path, body)
		if r.status >= http.StatusInternalServerError {
			rt.Fatalf("%s %s with %s answered %d %s", route.Method, path, body, r.status, r.body)
		}
		if t.Failed() {
			rt.Fatalf("%s %s with %s", route.Method, path, body)
		}
	})
}

// likely are parameters that are right.
var likely = map[string]string{
	"room": "lobby", "message": "01936c00-0000-7000-8000-000000000001", "sanction": "01936c00-0000-7000-8000-000000000001",
}

func drawPath(rt *rapid.T, path string) string {
	for _, name := range []string{"room", "message", "sanction"} {
		if strings.Contains(path, "{"+name+"}") {
			value := rapid.OneOf(
				rapid.Just(likely[name]),
				rapid.SampledFrom([]string{"lobby", "a", "01936c00-0000-7000-8000-000000000001", "..", "%", "a/b", "%2e%2e", "é", "\x00"}),
				rapid.StringN(1, 70, 200),
			).Draw(rt, name)
			path = strings.Replace(path, "{"+name+"}", url.PathEscape(value), 1)
		}
	}
	if rapid.IntRange(0, 3).Draw(rt, "query") == 0 {
		q := url.Values{}
		q.Set(rapid.SampledFrom([]string{"limit", "cursor", "before"}).Draw(rt, "parameter"),
			rapid.OneOf(rapid.SampledFrom([]string{"1", "200", "0", "-1", "1e3", "cm9vbXMKYQ"}), rapid.String()).Draw(rt, "value"))
		path += "?" + q.Encode()
	}
	return path
}

// drawJSON makes a value that a schema allows, most of the time.
func drawJSON(rt *rapid.T, s *openapi3.Schema, depth int) string {
	if depth > 4 || rapid.IntRange(0, 9).Draw(rt, "stray") == 0 {
		return rapid.SampledFrom([]string{"null", "true", "-1", "1e400", "0.5", `""`, "[]", "{}", `{"a":[{}]}`, `"\u0000"`, `"\ud800"`}).Draw(rt, "other")
	}
	switch {
	case s.Type.Is("object"):
		return drawObject(rt, s, depth)
	case s.Type.Is("array"):
		items := make([]string, rapid.IntRange(0, 3).Draw(rt, "items"))
		for i := range items {
			items[i] = drawJSON(rt, s.Items.Value, depth+1)
		}
		return "[" + strings.Join(items, ",") + "]"
	case s.Type.Is("boolean"):
		return rapid.SampledFrom([]string{"true", "false"}).Draw(rt, "bool")
	case s.Type.Is("integer"):
		return rapid.SampledFrom([]string{"0", "1", "100", "4000", "315360000", "9223372036854775807", "9223372036854775808"}).Draw(rt, "int")
	}
	known := []string{"u:ann", "g:01936c00-0000-7000-8000-000000000001", "lobby", "ban", "mute", "read", "https://a.example", "hi"}
	text, err := json.Marshal(rapid.OneOf(rapid.SampledFrom(known), rapid.String()).Draw(rt, "text"))
	if err != nil {
		rt.Fatal(err)
	}
	return string(text)
}

func drawObject(rt *rapid.T, s *openapi3.Schema, depth int) string {
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	var fields []string
	for _, name := range names {
		if slices.Contains(s.Required, name) || rapid.Bool().Draw(rt, "with "+name) {
			fields = append(fields, `"`+name+`":`+drawJSON(rt, s.Properties[name].Value, depth+1))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

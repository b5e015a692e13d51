package api

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// drawJSON makes a value that a schema allows, most of the time.
func (r *random) drawJSON(rt *rapid.T, s *openapi3.Schema, depth int) string {
	if depth > 5 || rapid.IntRange(0, 29).Draw(rt, "stray") == 0 {
		return rapid.SampledFrom([]string{"null", "true", "-1", "1e400", "0.5", `""`, "[]", "{}", `{"a":[{}]}`, `"\u0000"`, `"\ud800"`}).Draw(rt, "other")
	}
	if s.Nullable && rapid.IntRange(0, 3).Draw(rt, "null") == 0 {
		return "null"
	}
	switch {
	case s.Type.Is("object"):
		return r.drawObject(rt, s, depth)
	case s.Type.Is("array"):
		items := make([]string, rapid.IntRange(0, 3).Draw(rt, "items"))
		for i := range items {
			items[i] = r.drawJSON(rt, s.Items.Value, depth+1)
		}
		return "[" + strings.Join(items, ",") + "]"
	case s.Type.Is("boolean"):
		return rapid.SampledFrom([]string{"true", "false"}).Draw(rt, "bool")
	case s.Type.Is("integer"):
		return rapid.SampledFrom([]string{"0", "1", "5", "60", "100", "200", "4000", "315360000", "9223372036854775807", "9223372036854775808"}).Draw(rt, "int")
	case s.Type.Is("string"):
		text, err := json.Marshal(r.drawText(rt, s))
		if err != nil {
			rt.Fatal(err)
		}
		return string(text)
	}
	rt.Fatalf("the contract has a schema of type %v, which nothing here makes", s.Type)
	return ""
}

// drawObject has what is required, nearly always, and some of the others.
func (r *random) drawObject(rt *rapid.T, s *openapi3.Schema, depth int) string {
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	var fields []string
	for _, name := range names {
		if slices.Contains(s.Required, name) || rapid.IntRange(0, 2).Draw(rt, "with "+name) == 0 {
			fields = append(fields, `"`+name+`":`+r.drawJSON(rt, s.Properties[name].Value, depth+1))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

package api

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"pgregory.net/rapid"

	"github.com/chatd/chatd/chat"
)

// perCheck is how many requests one check of rapid makes. In the long form (CHATD_TEST_LONG=1) every operation has its own
// checks: thousands of requests each. In the short form they share one.
const perCheck = 30

// TestRandomRequests makes requests that are near to what the contract allows, on both
// sides of the border: none may fail in the server, and every answer keeps to the contract.
func TestRandomRequests(t *testing.T) {
	r := newRandom(t)
	if os.Getenv("CHATD_TEST_LONG") != "1" {
		rapid.Check(t, func(rt *rapid.T) {
			for range perCheck / 5 {
				r.ask(rt, t, rapid.SampledFrom(r.keys).Draw(rt, "operation"))
			}
		})
		return
	}
	for _, key := range r.keys {
		t.Run(key, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				for range perCheck {
					r.ask(rt, t, key)
				}
			})
		})
	}
}

// random makes requests from the contract, and from what answers told.
type random struct {
	f        *fixture
	contract *contract
	keys     []string // method and path of each operation
	told     []string // ids that answers held, the latest last
	cursors  []string
}

func newRandom(t *testing.T) *random {
	t.Helper()
	m := newMatrix(t)
	m.f.t = t
	m.room()
	few := chat.Rate{Limit: 20, Period: time.Minute} // a password costs 50 ms
	m.f.config.Requests, m.f.config.LogInsPerAccount = chat.Rate{}, few
	m.f.serve()
	m.f.runTasks()
	r := &random{f: m.f, contract: m.contract, keys: m.keys, told: []string{"01936c00-0000-7000-8000-000000000001"}, cursors: []string{"zzz"}}
	for _, what := range []string{"message", "sanction", "lockdown", "note", "act", "held"} {
		r.told = append(r.told, m.fresh("", what))
	}
	return r
}

func (r *random) ask(rt *rapid.T, t *testing.T, key string) {
	r.f.t = t
	route := r.contract.routes[key]
	path, headers := r.drawRequest(rt, route)
	body := ""
	if b := route.Operation.RequestBody; b != nil {
		body = r.drawJSON(rt, b.Value.Content.Get("application/json").Schema.Value, 0)
	}
	got := r.f.callAs(testKey, route.Method, path, body, headers...)
	if got.status >= http.StatusInternalServerError || t.Failed() {
		rt.Fatalf("%s %s with %s and %q answered %d %s\n%s", route.Method, path, body, headers, got.status, got.body, r.f.lastError())
	}
	r.remember(got)
}

// lastError is the last line of the log that tells of an error.
func (f *fixture) lastError() string {
	lines := strings.Split(f.log.String(), "\n")
	for _, line := range slices.Backward(lines) {
		if strings.Contains(line, `"level":"ERROR"`) {
			return line
		}
	}
	return ""
}

var (
	anyID     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	anyCursor = regexp.MustCompile(`"next":"([^"]+)"`)
)

// remember keeps what an answer told, for requests to come.
func (r *random) remember(got reply) {
	r.told = append(r.told, anyID.FindAllString(string(got.body), 3)...)
	for _, c := range anyCursor.FindAllStringSubmatch(string(got.body), 1) {
		r.cursors = append(r.cursors, c[1])
	}
	r.told, r.cursors = r.told[max(0, len(r.told)-200):], r.cursors[max(0, len(r.cursors)-20):]
}

// drawRequest makes an address and headers.
func (r *random) drawRequest(rt *rapid.T, route *routers.Route) (path string, headers []string) {
	path = route.Path
	query := url.Values{}
	parameters := append(slices.Clone(route.PathItem.Parameters), route.Operation.Parameters...)
	for _, ref := range parameters {
		p := ref.Value
		switch {
		case p.In == openapi3.ParameterInPath:
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(cmp.Or(r.drawValue(rt, p), "-")), 1)
		case rapid.IntRange(0, 3).Draw(rt, "with "+p.Name) > 0:
		case p.In == openapi3.ParameterInQuery:
			query.Set(p.Name, r.drawValue(rt, p))
		case p.In == openapi3.ParameterInHeader:
			// What can't stand in a header never gets here.
			headers = append(headers, p.Name+": "+printable(r.drawValue(rt, p)))
		}
	}
	if rapid.IntRange(0, 30).Draw(rt, "stray") == 0 {
		query.Set("stray", "1")
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path, headers
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '_'
		}
		return r
	}, s)
}

// drawValue makes the value of a parameter.
func (r *random) drawValue(rt *rapid.T, p *openapi3.Parameter) string {
	if rapid.IntRange(0, 9).Draw(rt, "odd "+p.Name) == 0 {
		return rapid.OneOf(rapid.SampledFrom([]string{"..", "%", "a/b", "%2e%2e", "é", "\x00", "1e3", "-1", "null", "a,b"}), rapid.StringN(1, 70, 200)).Draw(rt, p.Name)
	}
	switch p.Name {
	case "cursor":
		return rapid.SampledFrom(r.cursors).Draw(rt, p.Name)
	case "If-Match":
		return rapid.SampledFrom([]string{`"1"`, `"2"`, `*`, `"x"`, `"0"`, `"9223372036854775808"`}).Draw(rt, p.Name)
	case "X-Reason":
		return rapid.SampledFrom([]string{"spam", "%C3%A9", "%", "%ff", "a%20b%0a", strings.Repeat("a", 301)}).Draw(rt, p.Name)
	case "Idempotency-Key":
		return fmt.Sprint("key-", rapid.IntRange(0, 9).Draw(rt, p.Name))
	}
	s := p.Schema.Value
	if s.Type.Is("array") {
		return r.drawText(rt, s.Items.Value)
	}
	if s.Type.Is("string") {
		return r.drawText(rt, s)
	}
	return strings.Trim(r.drawJSON(rt, s, 1), `"`)
}

// pools are values that fit the contract's patterns, or nearly.
var pools = map[string][]string{
	"room":    {"lobby", "lobby", "room-1", "elsewhere", "a", "A", "-"},
	"glob":    {"lobby", "room-*", "*", "[a", "[a-z]*", "no.such"},
	"user":    {"u:ann", "u:bob", "g:01936c00-0000-7000-8000-000000000001", "s:admin", "k:robot", "u:\x00", "x:y", "system"},
	"address": {"192.0.2.1", "192.0.2.0/24", "2001:db8::/48", "0.0.0.0/0", "::1", "127.0.0.1", "192.0.2.0/33", "192.0.2.1", "fe80::1"},
	"alias":   {"addr_abcdefghijklmnop", "addr_x"},
	"time":    {"2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2020-01-01T00:00:00+14:00", "2020-02-30T00:00:00Z", "now"},
	"handle":  {"none", "robot-1", "a b"},
	"name":    {"admin", "viewer", "nobody", "A"},
	"words":   {"hi", "hello", "this is spam", "*bold* <b>", "é", "\u202e", "open", "rooms:read", "owner", "123456", "5m", "!!!"},
}

// drawText makes a string that a schema allows, most of the time.
func (r *random) drawText(rt *rapid.T, s *openapi3.Schema) string {
	if len(s.Enum) > 0 {
		return fmt.Sprint(rapid.SampledFrom(s.Enum).Draw(rt, "enum"))
	}
	pool := "words"
	switch {
	case s.Format == "date-time":
		pool = "time"
	case strings.HasPrefix(s.Pattern, "^[0-9a-f]{8}-"):
		return rapid.SampledFrom(r.told).Draw(rt, "id")
	case strings.Contains(s.Pattern, "[ugsk]:"):
		pool = "user"
	case strings.Contains(s.Pattern, `*?\[`):
		pool = "glob"
	case strings.HasPrefix(s.Pattern, "^[0-9A-"):
		pool = "address"
	case strings.HasPrefix(s.Pattern, "^addr_"):
		pool = "alias"
	case s.Pattern == "^[a-z0-9][a-z0-9._-]{0,63}$" && s.MaxLength != nil:
		pool = "name"
	case s.Pattern == "^[a-z0-9][a-z0-9._-]{0,63}$":
		pool = "room"
	case strings.HasPrefix(s.Pattern, "^[A-Za-z0-9_-]"):
		return rapid.SampledFrom(append(slices.Clone(r.told), pools["handle"]...)).Draw(rt, "handle")
	}
	if rapid.IntRange(0, 9).Draw(rt, "any") == 0 {
		return rapid.String().Draw(rt, "text")
	}
	return rapid.SampledFrom(pools[pool]).Draw(rt, pool)
}

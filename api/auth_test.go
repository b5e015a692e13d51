package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	chatd "github.com/chatd/chatd"
	"github.com/chatd/chatd/chat"
)

func TestWhoMayComeIn(t *testing.T) {
	header := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Authorization"] = values }
	}
	basic := func(r *http.Request) { r.SetBasicAuth("admin", testPassword) }
	f := newFixture(t)
	tests := map[string]struct {
		with func(*http.Request)
		code string // empty: let in
	}{
		"a key":          {header("Bearer " + testKey), ""},
		"in lower case":  {header("bearer " + testKey), ""},
		"nothing":        {header(), "credentials_missing"},
		"two headers":    {header("Bearer "+testKey, "Bearer "+testKey), "credentials_missing"},
		"another scheme": {header("Digest " + testKey), "credentials_invalid"},
		"a password":     {basic, "credentials_invalid"},
		"an empty key":   {header("Bearer "), "credentials_invalid"},
		"a wrong key":    {header("Bearer " + testKey + "x"), "credentials_invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := f.callWith("GET", "/me", "", tt.with)
			if tt.code != "" {
				wantProblem(t, r, http.StatusUnauthorized, tt.code)
				if got := strings.Join(r.header.Values("WWW-Authenticate"), ", "); got != `Bearer realm="chatd"` {
					t.Errorf("got WWW-Authenticate %q, want Bearer alone", got)
				}
				return
			}
			if me := decode[Me](t, r); me.ID != "k:robot" || me.Kind != MeKindKey || me.Role != nil || len(me.Scopes) != len(chat.Scopes()) {
				t.Errorf("got %+v, want the key", me)
			}
		})
	}
}

var pathParameter = regexp.MustCompile(`\{\w+\}`)

// TestEveryOperationNamesItsScope fails for a scope that there isn't, which nobody would have.
func TestEveryOperationNamesItsScope(t *testing.T) {
	doc, err := readContract(chatd.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range doc.routes {
		scope, _ := route.Operation.Extensions["x-scope"].(string)
		if scope != "none" && !slices.Contains(chat.Scopes(), chat.Scope(scope)) {
			t.Errorf("%s: got x-scope %q, want one of the core's", route.Operation.OperationID, scope)
		}
	}
}

// TestScopesAreEnforced calls every operation with a key that has all scopes but the one that it names.
func TestScopesAreEnforced(t *testing.T) {
	f := newFixture(t)
	doc, err := readContract(chatd.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	without := make(map[chat.Scope]string)
	for _, scope := range chat.Scopes() {
		scopes := slices.DeleteFunc(chat.Scopes(), func(s chat.Scope) bool { return s == scope })
		made := f.makeKey(asJSON(t, map[string]any{"label": "without " + string(scope), "scopes": scopes}))
		without[scope] = made.Secret
	}
	for _, route := range doc.routes {
		op := newOperation(route.Operation)
		if op.scope == "" {
			continue
		}
		r := f.callAs(without[op.scope], route.Method, pathParameter.ReplaceAllString(route.Path, "x"), "{}")
		p := wantProblem(t, r, http.StatusForbidden, "scope_missing")
		if !strings.Contains(p.Detail, string(op.scope)) {
			t.Errorf("%s: got %q, want the scope %s named", op.id, p.Detail, op.scope)
		}
	}
}

// TestEveryOperationNeedsCredentials walks the contract.
func TestEveryOperationNeedsCredentials(t *testing.T) {
	f := newFixture(t)
	doc, err := readContract(f.openapi())
	if err != nil {
		t.Fatal(err)
	}
	public := 0
	for _, route := range doc.routes {
		if newOperation(route.Operation).public {
			public++
			continue
		}
		path := pathParameter.ReplaceAllString(route.Path, "x")
		r := f.callWith(route.Method, path, "{}", func(*http.Request) {})
		wantProblem(t, r, http.StatusUnauthorized, "credentials_missing")
	}
	if public != 2 {
		t.Errorf("got %d operations for everybody, want the log-in and the acceptance of an invitation", public)
	}
}

func TestOtherSitesPagesMayNotAct(t *testing.T) {
	f := newFixture(t)
	foreign := func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+testKey)
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	wantProblem(t, f.callWith("POST", "/rooms/lobby/messages", `{"text":"hi"}`, foreign), 403, "cross_origin")
	if r := f.callWith("GET", "/rooms", "", foreign); r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another site's page may read the answer")
	}
}

func TestForwardingHeadersCountForNothing(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.LogInsPerAddr = chat.Rate{Limit: 2, Period: time.Hour} })
	for i, addr := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.3"} {
		r := f.callWith("POST", "/session", `{"name":"eve","password":"wrong password"}`, func(r *http.Request) {
			r.Header.Set("X-Forwarded-For", addr)
			r.Header.Set("X-Real-Ip", addr)
		})
		if i < 2 {
			wantProblem(t, r, 401, "credentials_invalid")
			continue
		}
		wantProblem(t, r, 429, "too_many_log_ins")
	}
}

func TestSecretsStayOutOfTheLog(t *testing.T) {
	f := newFixture(t)
	const planted = "planted-secret-0123456789"
	plant := func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+planted)
		r.Header.Set("Cookie", "chatd_guest="+planted)
		r.Header.Set("X-Request-Id", planted)
		r.Header.Set("Referer", "https://www.example.com/?token="+planted)
	}
	f.callWith("GET", "/me?token="+planted, "", plant)
	f.callWith("POST", "/rooms/lobby/messages?token="+planted, `{"text":"`+planted+`"}`, plant)
	f.callWith("POST", "/session", `{"name":"`+planted+`","password":"`+planted+`","code":"`+planted+`"}`, func(*http.Request) {})
	f.callWith("GET", "/me", "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookieName, Value: planted}) })
	f.callWith("POST", "/invites/accept", `{"name":"mia","password":"`+planted+`","token":"`+planted+`"}`, func(*http.Request) {})
	got := f.log.String()
	if strings.Contains(got, planted) {
		t.Errorf("a secret is in the log:\n%s", got)
	}
	if !strings.Contains(got, `"path":"/api/v1/me"`) || !strings.Contains(got, `"status":401`) {
		t.Errorf("the log lacks the requests:\n%s", got)
	}
}

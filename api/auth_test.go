package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestWhoMayComeIn(t *testing.T) {
	basic := func(name, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(name, password) }
	}
	header := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Authorization"] = values }
	}
	f := newFixture(t)
	tests := map[string]struct {
		with func(*http.Request)
		code string // empty: let in
		id   string
	}{
		"a key":                     {header("Bearer " + testKey), "", "k:robot"},
		"a staff account":           {basic("admin", testPassword), "", "s:admin"},
		"nothing":                   {header(), "credentials_missing", ""},
		"two headers":               {header("Bearer "+testKey, "Bearer "+testKey), "credentials_missing", ""},
		"another scheme":            {header("Digest " + testKey), "credentials_invalid", ""},
		"an empty key":              {header("Bearer "), "credentials_invalid", ""},
		"a wrong key":               {header("Bearer " + testKey + "x"), "credentials_invalid", ""},
		"a wrong password":          {basic("admin", "wrong password"), "credentials_invalid", ""},
		"no password":               {basic("admin", ""), "credentials_invalid", ""},
		"an account that isn't one": {basic("nobody", testPassword), "credentials_invalid", ""},
		"a name out of bounds":      {basic(strings.Repeat("a", 100), testPassword), "credentials_invalid", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := f.callWith("GET", "/me", "", tt.with)
			if tt.code != "" {
				wantProblem(t, r, http.StatusUnauthorized, tt.code)
				if got := strings.Join(r.header.Values("WWW-Authenticate"), ", "); !strings.Contains(got, "Bearer") || !strings.Contains(got, "Basic") {
					t.Errorf("got WWW-Authenticate %q, want both schemes", got)
				}
				return
			}
			if me := decode[Me](t, r); me.ID != tt.id || me.MustChangePassword != (tt.id == "s:admin") {
				t.Errorf("got %+v, want %s", me, tt.id)
			}
		})
	}
}

// TestEveryOperationNeedsCredentials walks the contract.
func TestEveryOperationNeedsCredentials(t *testing.T) {
	f := newFixture(t)
	doc, err := readContract(f.openapi())
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range doc.routes {
		path := strings.NewReplacer("{room}", "lobby", "{message}", "x", "{sanction}", "x").Replace(route.Path)
		r := f.callWith(route.Method, path, "{}", func(*http.Request) {})
		wantProblem(t, r, http.StatusUnauthorized, "credentials_missing")
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
		r := f.callWith("GET", "/me", "", func(r *http.Request) {
			r.Header.Set("X-Forwarded-For", addr)
			r.Header.Set("X-Real-Ip", addr)
			r.SetBasicAuth("eve", "wrong password")
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
	f.callWith("GET", "/me", "", func(r *http.Request) { r.SetBasicAuth(planted, planted) })
	got := f.log.String()
	if strings.Contains(got, planted) {
		t.Errorf("a secret is in the log:\n%s", got)
	}
	if !strings.Contains(got, `"path":"/api/v1/me"`) || !strings.Contains(got, `"status":401`) {
		t.Errorf("the log lacks the requests:\n%s", got)
	}
}

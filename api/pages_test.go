package api

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	chatd "github.com/chatd/chatd"
)

func (f *fixture) openapi() []byte { return chatd.OpenAPI }

func (f *fixture) get(path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(f.t.Context(), "GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

func TestHeaders(t *testing.T) {
	f := newFixture(t)
	f.call("PATCH", "/rooms/partner", `{"settings":{"allowed_sites":["https://www.example.com"]}}`)
	const page = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
	tests := map[string]struct {
		path, header, want string
	}{
		"the page's policy":                    {"/", "Content-Security-Policy", page + "'none'"},
		"the page is asked for each time":      {"/", "Cache-Control", "no-cache"},
		"the page is opened by nobody":         {"/", "Cross-Origin-Opener-Policy", "same-origin"},
		"a frame of no room":                   {"/embed", "Content-Security-Policy", page + "'self'"},
		"a frame of a room without sites":      {"/embed?room=lobby", "Content-Security-Policy", page + "'self'"},
		"a frame of a room with a site":        {"/embed?room=partner", "Content-Security-Policy", page + "'self' https://www.example.com"},
		"a frame of a room that is no name":    {"/embed?room=x;script-src", "Content-Security-Policy", page + "'self'"},
		"the SDK is for all sites":             {"/sdk/chatd.js", "Access-Control-Allow-Origin", "*"},
		"the SDK's type":                       {"/sdk/chatd.js", "Content-Type", "text/javascript; charset=utf-8"},
		"the page isn't for all sites":         {"/", "Access-Control-Allow-Origin", ""},
		"no sniffing":                          {"/openapi.yaml", "X-Content-Type-Options", "nosniff"},
		"referrers stay here":                  {"/", "Referrer-Policy", "same-origin"},
		"the API's answers aren't kept":        {"/api/v1/me", "Cache-Control", "no-store"},
		"the API's answers are framed nowhere": {"/api/v1/me", "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := f.get(tt.path).Header().Get(tt.header); got != tt.want {
				t.Errorf("%s of %s: got %q, want %q", tt.header, tt.path, got, tt.want)
			}
		})
	}
}

func TestPagesAreCachedByContent(t *testing.T) {
	f := newFixture(t)
	first := f.get("/")
	if first.Code != http.StatusOK || !strings.Contains(first.Body.String(), "<html") {
		t.Fatalf("got %d %.80q, want the page", first.Code, first.Body)
	}
	again := f.get("/", "If-None-Match", first.Header().Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("got %d with %d bytes, want 304 without", again.Code, again.Body.Len())
	}
	for path := range newAssetPaths(f) {
		if got := f.get(path).Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: got Cache-Control %q, want immutable", path, got)
		}
	}
	if got := f.get("/assets/../index.html").Code; got == http.StatusOK {
		t.Error("a path with .. leads out of its folder")
	}
	if got := f.get("/nothing").Code; got != http.StatusNotFound {
		t.Errorf("got %d, want 404", got)
	}
}

// newAssetPaths finds what the page loads.
func newAssetPaths(f *fixture) map[string]bool {
	paths := make(map[string]bool)
	for _, part := range strings.Split(f.get("/").Body.String(), `"`) {
		if strings.HasPrefix(part, "./assets/") {
			paths[strings.TrimPrefix(part, ".")] = true
		}
	}
	if len(paths) == 0 {
		f.t.Error("the page loads no assets")
	}
	return paths
}

func TestPagesAreCompressed(t *testing.T) {
	f := newFixture(t)
	for path := range newAssetPaths(f) {
		plain, packed := f.get(path), f.get(path, "Accept-Encoding", "br;q=1, gzip;q=0.8")
		if packed.Header().Get("Content-Encoding") != "gzip" {
			continue // too small to gain anything
		}
		if packed.Header().Get("ETag") == plain.Header().Get("ETag") {
			t.Errorf("%s: one ETag for two representations", path)
		}
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(z)
		if err != nil || string(unpacked) != plain.Body.String() {
			t.Errorf("%s: compressed, it is something else (%v)", path, err)
		}
	}
	if got := f.get("/", "Accept-Encoding", "gzip;q=0").Header().Get("Content-Encoding"); got != "" {
		t.Errorf("got Content-Encoding %q for a client that takes none", got)
	}
}

func TestHealth(t *testing.T) {
	var broken error
	f := newFixture(t, func(c *Config) {
		c.Checks = append(c.Checks, Check{Name: "serving", Ask: func(context.Context) error { return broken }})
	})
	if got := f.get("/readyz"); got.Code != http.StatusOK {
		t.Errorf("got %d %s, want 200", got.Code, got.Body)
	}
	broken = errors.New("a secret detail")
	got := f.get("/readyz")
	var h health
	if err := json.Unmarshal(got.Body.Bytes(), &h); err != nil {
		t.Fatal(err)
	}
	if got.Code != http.StatusServiceUnavailable || h.Status != "unavailable" || h.Checks["serving"] != "failed" || h.Checks["store"] != "ok" {
		t.Errorf("got %d %+v, want 503 naming what failed", got.Code, h)
	}
	if strings.Contains(got.Body.String(), "secret") || !strings.Contains(f.log.String(), "secret detail") {
		t.Error("the cause belongs into the log and not into the answer")
	}
	if got := f.get("/healthz"); got.Code != http.StatusOK {
		t.Errorf("/healthz: got %d, want 200 whatever fails elsewhere", got.Code)
	}
}

func TestPanicEndsTheRequestAlone(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret detail") })
	})
	got := f.get("/metrics")
	if got.Code != http.StatusInternalServerError || strings.Contains(got.Body.String(), "secret") {
		t.Errorf("got %d %s, want 500 that tells nothing", got.Code, got.Body)
	}
	if !strings.Contains(f.log.String(), "secret detail") {
		t.Error("the log doesn't have the cause")
	}
}

func TestSocketsGetTheirRequests(t *testing.T) {
	f := newFixture(t)
	for path, want := range map[string]string{
		"/ws": "multi", "/ws/chat/general": "room general", "/ws/chat/a%20b": "room a b", "/ws/chat/%C3%A9?token=x": "room é",
	} {
		if got := f.get(path).Body.String(); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestContractsAreServed(t *testing.T) {
	f := newFixture(t)
	for path, want := range map[string][]byte{"/openapi.yaml": chatd.OpenAPI, "/asyncapi.yaml": chatd.AsyncAPI} {
		if got := f.get(path); got.Body.String() != string(want) {
			t.Errorf("%s: got %d %.60q, want the file as it is", path, got.Code, got.Body)
		}
	}
}

func TestRequestsAreObserved(t *testing.T) {
	var got []string
	f := newFixture(t, func(c *Config) {
		c.Observe = func(route string, status int, _ time.Duration) { got = append(got, fmt.Sprint(status, " ", route)) }
	})
	f.call("GET", "/rooms/lobby", "")
	for _, path := range []string{"/", "/nothing/here", "/api/v1/nothing", "/healthz", "/assets/none.js"} {
		f.get(path)
	}
	f.call("POST", "/rooms/lobby", "")
	want := []string{"200 /api/v1/rooms/:room", "200 /", "404 unknown", "404 unknown", "404 /assets/*", "405 /api/v1/rooms/:room"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

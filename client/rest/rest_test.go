package rest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chatd/chatd/client/rest"
)

// answers plays a server: one answer after the other, the last one for ever. It keeps the requests' keys.
type answers struct {
	mu    sync.Mutex
	all   []func(http.ResponseWriter)
	keys  []string
	auths []string
	paths []string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Body != nil {
		if b, err := io.ReadAll(r.Body); err != nil || r.Method == http.MethodPost && len(b) == 0 {
			return nil, io.ErrUnexpectedEOF // a repetition has to have its body again
		}
	}
	a.keys = append(a.keys, r.Header.Get("Idempotency-Key"))
	a.auths = append(a.auths, r.Header.Get("Authorization"))
	a.paths = append(a.paths, r.URL.Path)
	w := httptest.NewRecorder()
	answer := a.all[0]
	if len(a.all) > 1 {
		a.all = a.all[1:]
	}
	if answer == nil {
		return nil, io.ErrUnexpectedEOF
	}
	answer(w)
	return w.Result(), nil
}

func problem(status int, code, after string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/problem+json")
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": "x", "status": status, "code": code, "detail": "Because."})
	}
}

func undone(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"dry_run":false,"impact":{"sessions":0,"users":0,"guests":0,"signed_in":0,"staff":0,"moderators":0,"messages":0,"rooms":0,"sample":[],"warnings":[]},"skipped":[]}`)
}

func TestRepeats(t *testing.T) {
	tests := map[string]struct {
		answers []func(http.ResponseWriter)
		sent    int
		code    string // of the error; "": none
		took    time.Duration
	}{
		"done":                     {[]func(http.ResponseWriter){undone}, 1, "", 0},
		"no answer, then one":      {[]func(http.ResponseWriter){nil, undone}, 2, "", -1},
		"busy for a while":         {[]func(http.ResponseWriter){problem(503, "busy", "2"), problem(429, "rate_limited", "3"), undone}, 3, "", 5 * time.Second},
		"busy for too long":        {[]func(http.ResponseWriter){problem(429, "rate_limited", "60"), undone}, 1, "rate_limited", 0},
		"the first one still runs": {[]func(http.ResponseWriter){problem(409, "idempotency_running", "1"), undone}, 2, "", time.Second},
		"refused for good":         {[]func(http.ResponseWriter){problem(403, "scope_missing", ""), undone}, 1, "scope_missing", 0},
		"never well":               {[]func(http.ResponseWriter){problem(503, "busy", "1")}, 4, "busy", 3 * time.Second},
		"somebody else's answer":   {[]func(http.ResponseWriter){func(w http.ResponseWriter) { w.WriteHeader(404) }}, 1, "http_404", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &answers{all: tt.answers}
				c, err := rest.New("https://chat.example.org/sub/", rest.Options{Key: "secret", HTTP: &http.Client{Transport: server}})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()

				_, err = c.LiftSanctionsWithResponse(t.Context(), nil, rest.LiftSanctionsJSONRequestBody{})

				if got := rest.CodeOf(err); got != tt.code || (err == nil) != (tt.code == "") {
					t.Errorf("got error %v, want code %q", err, tt.code)
				}
				if took := time.Since(start); tt.took >= 0 && took != tt.took {
					t.Errorf("waited %s, want %s", took, tt.took)
				}
				if len(server.keys) != tt.sent || server.keys[0] == "" || len(slices.Compact(server.keys)) != 1 {
					t.Errorf("sent with the keys %q, want %d times the same", server.keys, tt.sent)
				}
				if server.auths[0] != "Bearer secret" || server.paths[0] != "/sub/api/v1/sanctions/lift" {
					t.Errorf("sent %q to %q", server.auths[0], server.paths[0])
				}
			})
		})
	}
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "chat.example.org", "ftp://chat.example.org", "https://ann:secret@chat.example.org", "https://chat.example.org/?x=1", "http://%zz"} {
		if _, err := rest.New(address, rest.Options{}); err == nil {
			t.Errorf("New(%q) is content", address)
		}
	}
}

// A stream isn't read to its end first, and isn't cut by the time that other answers have.
func TestStreams(t *testing.T) {
	more := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "data: 2\n\n")
	}))
	defer server.Close()
	c, err := rest.New(server.URL, rest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	res, err := c.ClientInterface.Stream(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	first := make([]byte, 9)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "data: 1\n\n" {
		t.Fatalf("got %q, %v", first, err)
	}
	close(more)
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "data: 2\n\n" {
		t.Errorf("got %q, %v", rest, err)
	}
}

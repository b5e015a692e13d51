package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// follow opens a stream on a real server, as a browser would, and returns its events as they come.
func (f *fixture) follow(path, key string) (status int, events <-chan streamed) {
	f.t.Helper()
	server := httptest.NewServer(f.handler)
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+apiBase+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := server.Client().Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	out := make(chan streamed, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(out)
		lines := bufio.NewScanner(res.Body)
		name := ""
		for lines.Scan() {
			if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = n
			} else if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				out <- streamed{name, data}
			}
		}
	}()
	f.t.Cleanup(func() {
		cancel()
		<-done
		res.Body.Close()
		server.Close()
	})
	return res.StatusCode, out
}

// does makes a request that has to be answered with this status.
func (f *fixture) does(method, path, body string, status int) reply {
	f.t.Helper()
	r := f.call(method, path, body)
	if r.status != status {
		f.t.Fatalf("%s %s: got %d %s, want %d", method, path, r.status, r.body, status)
	}
	return r
}

type streamed struct{ name, data string }

// next returns the next event of a name, and skips the others.
func next(t *testing.T, events <-chan streamed, name string) string {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("the stream ended without %q", name)
			}
			if e.name == name {
				return e.data
			}
		case <-timeout:
			t.Fatalf("no event %q", name)
		}
	}
}

// none wants an event of this name not to have come before one of another.
func none(t *testing.T, events <-chan streamed, name, before string) {
	t.Helper()
	for e := range events {
		if e.name == name {
			t.Fatalf("heard %s: %s", name, e.data)
		}
		if e.name == before {
			return
		}
	}
	t.Fatalf("the stream ended without %q", before)
}

func TestStream(t *testing.T) {
	f := newFixture(t)
	status, events := f.follow("/stream?rooms=lobby", testKey)
	if status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	var s Stats
	if err := json.Unmarshal([]byte(next(t, events, "stats")), &s); err != nil {
		t.Fatal(err)
	}
	f.does("POST", "/rooms/lobby/messages", `{"text":"hello"}`, 201)
	if got := next(t, events, "message"); !strings.Contains(got, `"text":"hello"`) || !strings.Contains(got, `"shadow":false`) {
		t.Errorf("got the message %s", got)
	}
	f.does("POST", "/sanctions", `{"target":{"user":"u:eve"},"effect":"shadow","duration_seconds":60}`, 201)
	if got := next(t, events, "act"); !strings.Contains(got, `"kind":"sanction.make"`) || !strings.Contains(got, `"u:eve"`) {
		t.Errorf("got the act %s", got)
	}
	eve := chat.Actor{ID: "u:eve", Name: "Eve", Role: chat.RoleUser}
	if _, err := f.core.Post(t.Context(), eve, "lobby", chat.Draft{Text: "psst"}); err != nil {
		t.Fatal(err)
	}
	if got := next(t, events, "message"); !strings.Contains(got, `"text":"psst"`) || !strings.Contains(got, `"shadow":true`) {
		t.Errorf("got the shadowed message %s", got)
	}
	f.does("POST", "/sanctions", `{"target":{"user":"u:hal"},"effect":"hold","duration_seconds":60}`, 201)
	hal := chat.Actor{ID: "u:hal", Name: "Hal", Role: chat.RoleUser}
	if _, err := f.core.Post(t.Context(), hal, "lobby", chat.Draft{Text: "may I"}); err != nil {
		t.Fatal(err)
	}
	if got := next(t, events, "held"); !strings.Contains(got, `"may I"`) {
		t.Errorf("got the held message %s", got)
	}
	f.does("POST", "/notices", `{"text":"Good evening","all":true}`, 200)
	if got := next(t, events, "notice"); !strings.Contains(got, `"Good evening"`) {
		t.Errorf("got the notice %s", got)
	}
}

// A stream ends with the key that opened it, and its reader is told.
func TestStreamEndsWithItsKey(t *testing.T) {
	f := newFixture(t)
	k := decode[KeySecret](t, f.does("POST", "/keys", `{"label":"watcher","scopes":["stats:read"]}`, 201))
	_, events := f.follow("/stream", k.Secret)
	next(t, events, "stats")

	f.does("DELETE", "/keys/"+k.Key.ID, "", 200)

	if got := next(t, events, "bye"); !strings.Contains(got, "credentials_invalid") {
		t.Errorf("the stream said %s", got)
	}
	for range events { // to its end
	}
}

// Who is limited to a room hears nothing of others.
func TestStreamKeepsToItsRooms(t *testing.T) {
	f := newFixture(t)
	k := decode[KeySecret](t, f.does("POST", "/keys", `{"label":"watcher","scopes":["stats:read","messages:read","acts:read"],"rooms":["lobby"]}`, 201))
	if status, _ := f.follow("/stream?rooms=attic", k.Secret); status != http.StatusForbidden {
		t.Errorf("the stream of another room: got %d, want 403", status)
	}
	_, events := f.follow("/stream?rooms=lobby", k.Secret)
	next(t, events, "stats")

	f.does("POST", "/sanctions", `{"target":{"user":"u:eve"},"effect":"mute","scope":"attic","duration_seconds":60}`, 201)
	f.does("POST", "/rooms/attic/messages", `{"text":"upstairs"}`, 201)
	f.does("POST", "/rooms/lobby/messages", `{"text":"downstairs"}`, 201)

	none(t, events, "act", "message")
}

package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/chat"
)

// watch opens a stream with a key of these scopes and bounds (", then more of the draft).
func (f *fixture) watch(path, scopes, bounds string) (<-chan streamed, Key) {
	f.t.Helper()
	k := decode[KeySecret](f.t, f.does("POST", "/keys", `{"label":"watcher","scopes":[`+scopes+`]`+bounds+`}`, 201))
	status, events := f.follow(path, k.Secret)
	if status != http.StatusOK {
		f.t.Fatalf("stream: got %d", status)
	}
	next(f.t, events, "stats")
	return events, k.Key
}

// drain returns what came of a name until the stream says goodbye.
func drain(t *testing.T, events <-chan streamed) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for e := range events {
		all[e.name] = append(all[e.name], e.data)
	}
	if len(all["bye"]) != 1 {
		t.Errorf("the stream ended without a goodbye")
	}
	return all
}

// TestStreamAsksForEachScope lets much happen, and wants followers to hear of it what their scopes let them read.
func TestStreamAsksForEachScope(t *testing.T) {
	f := newFixture(t)
	type watcher struct {
		events  <-chan streamed
		key     Key
		wants   string // names of events, besides stats and bye
		without []string
	}
	add := func(path, scopes, bounds, wants string, without ...string) watcher {
		e, k := f.watch(path, scopes, bounds)
		return watcher{e, k, wants, without}
	}
	const secret, address = "a staff note", "203.0.113.9"
	watchers := map[string]watcher{
		"stats alone":      add("/stream", `"stats:read"`, "", ""),
		"acts":             add("/stream", `"stats:read","acts:read"`, "", "act", secret, address),
		"sanctions":        add("/stream", `"stats:read","acts:read","sanctions:read"`, "", "act", address),
		"held":             add("/stream", `"stats:read","held:decide"`, "", "held"),
		"messages":         add("/stream?rooms=lobby", `"stats:read","messages:read"`, "", "held message notice"),
		"another room":     add("/stream", `"stats:read","messages:read","acts:read","sanctions:read"`, `,"rooms":["attic"]`, ""),
		"all but accounts": add("/stream?rooms=lobby", `"stats:read","messages:read","acts:read","sanctions:read","addresses:read"`, "", "act held message notice"),
	}

	f.does("POST", "/sanctions", `{"target":{"address":"`+address+`"},"effect":"mute","note":"`+secret+`","duration_seconds":60}`, 201)
	f.does("POST", "/sanctions", `{"target":{"user":"u:hal"},"effect":"hold","scope":"lobby","duration_seconds":60}`, 201)
	hal := chat.Actor{ID: "u:hal", Name: "Hal", Role: chat.RoleUser}
	if _, err := f.core.Post(t.Context(), hal, "lobby", chat.Draft{Text: "may I"}); err != nil {
		t.Fatal(err)
	}
	f.does("POST", "/notices", `{"text":"For you alone","user":"u:hal"}`, 200)
	f.does("POST", "/rooms/lobby/messages", `{"text":"hello"}`, 201)

	for name, w := range watchers {
		f.does("DELETE", "/keys/"+w.key.ID, "", 200)
		all := drain(t, w.events)
		for _, kind := range []string{"act", "held", "message", "notice", "presence"} {
			if got, want := len(all[kind]) > 0, strings.Contains(w.wants, kind); got != want {
				t.Errorf("%s: heard %q: %v, want %v: %s", name, kind, got, want, all[kind])
			}
		}
		told, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range w.without {
			if strings.Contains(string(told), word) {
				t.Errorf("%s: heard of %q", name, word)
			}
		}
	}
}

// TestStreamStopsMessagesWithTheScope takes messages:read from a key that follows a room.
func TestStreamStopsMessagesWithTheScope(t *testing.T) {
	f := newFixture(t)
	events, k := f.watch("/stream?rooms=lobby", `"stats:read","messages:read"`, "")
	f.does("POST", "/rooms/lobby/messages", `{"text":"before"}`, 201)
	next(t, events, "message")

	f.does("PATCH", "/keys/"+k.ID, `{"scopes":["stats:read"]}`, 200)
	f.does("POST", "/rooms/lobby/messages", `{"text":"after"}`, 201)

	f.does("DELETE", "/keys/"+k.ID, "", 200)
	if all := drain(t, events); len(all["message"]) > 0 {
		t.Errorf("heard %s without messages:read", all["message"])
	}
}

// TestStreamsAreCountedByAccount opens as many as one may, with two log-ins.
func TestStreamsAreCountedByAccount(t *testing.T) {
	var s streams
	for range perCaller {
		if _, err := s.enter("s:mia"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.enter("s:mia"); chat.CodeOf(err) != "too_many_streams" {
		t.Errorf("got %v, want too_many_streams", err)
	}
	leave, err := s.enter("s:bob")
	if err != nil {
		t.Fatal(err)
	}
	leave()
	leave()
	if len(s.by) != 1 || s.n != perCaller {
		t.Errorf("got %v, %d after one has left", s.by, s.n)
	}
}

// countedDirectory counts how often rooms are counted.
type countedDirectory struct {
	chat.Directory
	counts int
}

func (d *countedDirectory) CountRooms(ctx context.Context) (int, error) {
	d.counts++
	return d.Directory.CountRooms(ctx)
}

// TestFiguresAreCountedOnceASecond asks as many streams do.
func TestFiguresAreCountedOnceASecond(t *testing.T) {
	d := &countedDirectory{}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f := newFixture(t, func(c *Config) {
		core := *c.Chat
		d.Directory = core.Directory
		core.Directory, core.Now = d, func() time.Time { return now }
		c.Chat = &core
		c.Live = live.New(live.Config{
			Sockets: func() live.Sockets { return live.Sockets{} }, Presence: core.Presence, Now: core.Now,
		})
	})
	h := &handler{chat: f.config.Chat, live: f.config.Live}
	robot := chat.Actor{ID: "k:robot", Role: chat.RoleStaff, Grant: &chat.Grant{Scopes: chat.Scopes()}}
	ask := func() {
		t.Helper()
		if _, err := h.figures.of(t.Context(), h, robot); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		ask()
	}
	if d.counts != 1 {
		t.Errorf("got %d counts for 200 streams in a second, want 1", d.counts)
	}
	now = now.Add(statsEvery)
	ask()
	if d.counts != 2 {
		t.Errorf("got %d counts after the second, want 2", d.counts)
	}
}

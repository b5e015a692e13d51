package api

import (
	"bytes"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

const draftKey = `{"label":"bot","scopes":["rooms:read"]}`

func TestRepetitionActsOnce(t *testing.T) {
	f := newFixture(t)
	const header = "Idempotency-Key: once"
	first := f.callAs(testKey, "POST", "/keys", draftKey, header)
	wantStatus(t, first, 201)
	if first.header.Get("Idempotency-Replayed") != "" {
		t.Error("the first answer says that it is a repetition")
	}
	wantSame := func(again reply) {
		t.Helper()
		wantStatus(t, again, 201)
		if !bytes.Equal(again.body, first.body) || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("got %s, replayed %q; want what came first, %s", again.body, again.header.Get("Idempotency-Replayed"), first.body)
		}
		for _, name := range []string{"X-Act-Id", "ETag", "Content-Type"} {
			if got, want := again.header.Get(name), first.header.Get(name); got != want {
				t.Errorf("got %s %q, want %q", name, got, want)
			}
		}
	}
	wantSame(f.callAs(testKey, "POST", "/keys", draftKey, header))
	wantSame(f.callAs(testKey, "POST", "/keys", ` { "scopes" : ["rooms:read"], "label":"bot" } `, header)) // the same, written otherwise
	f.serve()                                                                                              // another start
	wantSame(f.callAs(testKey, "POST", "/keys", draftKey, header))
	if list := decode[KeyPage](t, f.call("GET", "/keys", "")); len(list.Items) != 2 {
		t.Errorf("got %d keys, want the first and the one that was made", len(list.Items))
	}

	wantProblem(t, f.callAs(testKey, "POST", "/keys", `{"label":"other","scopes":["rooms:read"]}`, header), 422, "idempotency_mismatch")
	wantProblem(t, f.callAs(testKey, "POST", "/invites", `{"role":"viewer"}`, header), 422, "idempotency_mismatch")
	other := f.loggedIn("admin").call("POST", "/keys", draftKey, header) // another caller's key is another
	wantStatus(t, other, 201)
	if bytes.Equal(other.body, first.body) {
		t.Error("another caller is answered with the first one's secret")
	}
}

func TestRefusalsAreNotKept(t *testing.T) {
	f := newFixture(t)
	const header = "Idempotency-Key: once"
	wantProblem(t, f.callAs(testKey, "POST", "/staff/mia/password", "", header), 404, "staff_not_found")
	f.addStaff("mia", chat.Viewer, nil)
	wantStatus(t, f.callAs(testKey, "POST", "/staff/mia/password", "", header), 201)
}

func TestDryRunsAreNotKept(t *testing.T) {
	f := newFixture(t)
	const header = "Idempotency-Key: once"
	wantStatus(t, f.callAs(testKey, "POST", "/keys?dry_run=true", draftKey, header), 200)
	wantStatus(t, f.callAs(testKey, "POST", "/keys", draftKey, header), 201)
}

// TestRepetitionRace has many of the same request at once, on two nodes.
func TestRepetitionRace(t *testing.T) {
	f := newFixture(t)
	second, err := New(f.config)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	bodies := map[string]bool{}
	for i := range 20 {
		node := &fixture{t: t, handler: []http.Handler{f.handler, second}[i%2], router: f.router}
		wait.Go(func() {
			r := node.callAs(testKey, "POST", "/keys", draftKey, "Idempotency-Key: race")
			if r.status == http.StatusConflict {
				wantProblem(t, r, 409, "idempotency_running")
				return
			}
			mu.Lock()
			defer mu.Unlock()
			bodies[string(r.body)] = true
		})
	}
	wait.Wait()
	if len(bodies) != 1 {
		t.Errorf("got %d different answers, want one", len(bodies))
	}
	if list := decode[KeyPage](t, f.call("GET", "/keys", "")); len(list.Items) != 2 {
		t.Errorf("got %d keys, want the first and the one that was made", len(list.Items))
	}
}

func TestRunning(t *testing.T) {
	r := running{all: map[string]struct{}{}}
	leave, ok := r.enter("a")
	if !ok {
		t.Fatal("nothing runs, and yet it is refused")
	}
	if _, ok := r.enter("a"); ok {
		t.Error("it runs twice")
	}
	if _, ok := r.enter("b"); !ok {
		t.Error("another is held up")
	}
	leave()
	if _, ok := r.enter("a"); !ok {
		t.Error("it doesn't end")
	}
}

func TestSeal(t *testing.T) {
	key, err := sealingKey([]byte("secret"), "k:one", "mine")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal(key, []byte("answer"), []byte("request"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unseal(key, sealed, []byte("request")); err != nil || string(got) != "answer" {
		t.Errorf("got %q, %v", got, err)
	}
	others := map[string]func() ([]byte, error){
		"another caller's key": func() ([]byte, error) {
			other, err := sealingKey([]byte("secret"), "k:two", "mine")
			if err != nil {
				return nil, err
			}
			return unseal(other, sealed, []byte("request"))
		},
		"another request": func() ([]byte, error) { return unseal(key, sealed, []byte("other")) },
		"cut":             func() ([]byte, error) { return unseal(key, sealed[:5], []byte("request")) },
		"changed": func() ([]byte, error) {
			return unseal(key, append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1), []byte("request"))
		},
	}
	for name, open := range others {
		if _, err := open(); !errors.Is(err, errSeal) {
			t.Errorf("%s: got %v, want that it can't be opened", name, err)
		}
	}
}

func TestAllowance(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Requests = chat.Rate{Limit: 3, Period: time.Minute} })
	p := f.loggedIn("admin")
	for left := 2; left >= 0; left-- {
		r := p.call("GET", "/me", "")
		wantStatus(t, r, 200)
		if got := r.header.Get("RateLimit-Remaining"); r.header.Get("RateLimit-Limit") != "3" || got != string(rune('0'+left)) || r.header.Get("RateLimit-Reset") == "" {
			t.Errorf("got %v, want %d left of 3", r.header, left)
		}
	}
	r := p.call("GET", "/me", "")
	wantProblem(t, r, 429, "too_many_requests")
	if r.header.Get("Retry-After") == "" || r.header.Get("RateLimit-Remaining") != "0" {
		t.Errorf("got %v, want how long to wait", r.header)
	}
	wantStatus(t, f.call("GET", "/me", ""), 200)                                         // another caller
	wantProblem(t, f.loggedIn("admin").call("GET", "/me", ""), 429, "too_many_requests") // another session of the same account
}

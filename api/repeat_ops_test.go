package api

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

const onceHeader = "Idempotency-Key: once"

// ended waits until a task has ended.
func (f *fixture) ended(task Task) Task {
	f.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for task.EndedAt == nil && time.Now().Before(deadline) {
		task = decode[Task](f.t, f.does("GET", "/tasks/"+task.ID, "", 200))
	}
	return task
}

// TestUndoOfAllIsRepeated repeats the request while the task waits, when it is done, and after a restart: it undoes once.
func TestUndoOfAllIsRepeated(t *testing.T) {
	f := newFixture(t)
	f.does("POST", "/sanctions", `{"target":{"user":"u:ann"},"effect":"mute","duration_seconds":60}`, 201)
	const body = `{"by":"k:robot","since":"2020-01-01T00:00:00Z"}`
	again := func() Task {
		t.Helper()
		r := f.callAs(testKey, "POST", "/acts/undo", body, onceHeader)
		wantStatus(t, r, 202)
		if r.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("got %v, want it said that this is a repetition", r.header)
		}
		return decode[Task](t, r)
	}
	first := decode[Task](t, f.callAs(testKey, "POST", "/acts/undo", body, onceHeader))
	if x := again(); x.ID != first.ID || x.State != TaskStateQueued {
		t.Errorf("got %+v while it waits, want task %s", x, first.ID)
	}

	f.serve() // killed: the task is lost
	f.runTasks()
	if x := again(); x.ID != first.ID || x.State != TaskStateQueued {
		t.Errorf("got %+v after a restart, want task %s as it was", x, first.ID)
	}
	wantProblem(t, f.call("GET", "/tasks/"+first.ID, ""), 404, "task_not_found")
	wantProblem(t, f.callAs(testKey, "POST", "/acts/undo", `{"by":"k:robot","since":"2021-01-01T00:00:00Z"}`, onceHeader), 422, "idempotency_mismatch")

	const other = "Idempotency-Key: twice"
	second := f.ended(decode[Task](t, f.callAs(testKey, "POST", "/acts/undo", body, other)))
	if second.State != TaskStateDone || len(second.Acts) != 1 {
		t.Fatalf("got %+v, want one act undone", second)
	}
	f.does("POST", "/sanctions", `{"target":{"user":"u:ann"},"effect":"mute","duration_seconds":60}`, 201)
	before := f.lastAct()
	for range 2 {
		r := f.callAs(testKey, "POST", "/acts/undo", body, other)
		wantStatus(t, r, 202)
		if x := decode[Task](t, r); x.ID != second.ID || x.State != TaskStateDone || len(x.Acts) != 1 {
			t.Errorf("got %+v, want how it ended: %+v", x, second)
		}
		f.pass(2 * time.Hour) // longer than tasks are remembered
		f.serve()
	}
	if now := f.lastAct(); now != before {
		t.Errorf("a repetition undid something: %s", now)
	}
}

// TestKeyIsOfOneOperation uses one key for posts in two rooms, and for something else.
func TestKeyIsOfOneOperation(t *testing.T) {
	f := newFixture(t)
	const draft = `{"text":"hello"}`
	first := f.callAs(testKey, "POST", "/rooms/lobby/messages", draft, onceHeader)
	wantStatus(t, first, 201)
	for path, body := range map[string]string{
		"/rooms/attic/messages": draft,
		"/rooms/lobby/messages": `{"text":"other"}`,
		"/notices":              `{"text":"hello","all":true}`,
		"/acts/undo":            `{"by":"k:robot","since":"2020-01-01T00:00:00Z"}`,
	} {
		wantProblem(t, f.callAs(testKey, "POST", path, body, onceHeader), 422, "idempotency_mismatch")
	}

	id := decode[Message](t, first).ID
	f.does("DELETE", "/rooms/lobby/messages/"+id, "", 200)
	f.serve()
	again := f.callAs(testKey, "POST", "/rooms/lobby/messages", draft, onceHeader)
	wantStatus(t, again, 201)
	if !bytes.Equal(again.body, first.body) || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("got %s, want what came first: %s", again.body, first.body)
	}

	f.does("POST", "/notices", `{"text":"hello","all":true}`, 200)
	wantStatus(t, f.callAs(testKey, "POST", "/notices", `{"text":"hello","all":true}`, "Idempotency-Key: notice"), 200)
	wantProblem(t, f.callAs(testKey, "POST", "/rooms/lobby/messages", draft, "Idempotency-Key: notice"), 422, "idempotency_mismatch")
}

// TestPostIsFinished has the program die between a post and its answer.
func TestPostIsFinished(t *testing.T) {
	f := newFixture(t)
	const draft = `{"text":"hello"}`
	first := decode[Message](t, f.callAs(testKey, "POST", "/rooms/lobby/messages", draft, onceHeader))
	k := &call{op: operation{id: "postMessage"}, caller: caller{actor: chat.Actor{ID: "k:robot", Grant: &chat.Grant{}}}, body: []byte(draft)}
	var err error
	if k.request, err = http.NewRequestWithContext(t.Context(), "POST", apiBase+"/rooms/lobby/messages", nil); err != nil {
		t.Fatal(err)
	}
	s := &server{Config: f.config}
	a, err := s.newAttempt(k, "once")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.store.ChangeReply(t.Context(), a.kept(), chat.KeptReply{Status: begun}); err != nil {
		t.Fatal(err)
	}
	again := f.callAs(testKey, "POST", "/rooms/lobby/messages", draft, onceHeader)
	wantStatus(t, again, 201)
	if got := decode[Message](t, again).ID; got != first.ID || again.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("got %s, want the message that was posted, %s", got, first.ID)
	}
}

// TestRepetitionAsksForRights takes rooms from a key, and wants its repetitions refused.
func TestRepetitionAsksForRights(t *testing.T) {
	f := newFixture(t)
	k := f.makeKey(`{"label":"bot","scopes":["messages:post","sanctions:write","acts:read"],"rooms":["lobby","attic"]}`)
	requests := map[string]struct{ path, body string }{
		"post in lobby": {"/rooms/lobby/messages", `{"text":"hello"}`},
		"post in attic": {"/rooms/attic/messages", `{"text":"hello"}`},
		"mute in lobby": {"/sanctions", `{"target":{"user":"u:ann"},"effect":"mute","scope":"lobby","duration_seconds":60}`},
		"mute in attic": {"/sanctions", `{"target":{"user":"u:ann"},"effect":"mute","scope":"attic","duration_seconds":60}`},
	}
	ask := func(name string) reply {
		x := requests[name]
		return f.callAs(k.Secret, "POST", x.path, x.body, "Idempotency-Key: "+name[:4]+name[8:])
	}
	for name := range requests {
		wantStatus(t, ask(name), 201)
	}
	f.does("PATCH", "/keys/"+k.Key.ID, `{"rooms":["attic"]}`, 200)
	for _, name := range []string{"post in lobby", "mute in lobby"} {
		wantProblem(t, ask(name), 403, "bound_rooms")
	}
	for _, name := range []string{"post in attic", "mute in attic"} {
		r := ask(name)
		wantStatus(t, r, 201)
		if r.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: it was done again", name)
		}
	}
	f.does("PATCH", "/keys/"+k.Key.ID, `{"scopes":["acts:read"]}`, 200)
	wantProblem(t, ask("post in attic"), 403, "scope_missing")
}

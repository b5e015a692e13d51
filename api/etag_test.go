package api

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// TestOneOfTwoWriters has two writers with one ETag, of which one deletes: exactly one gets 412, or finds nothing.
func TestOneOfTwoWriters(t *testing.T) {
	f := newFixture(t)
	for i := range 20 {
		room := fmt.Sprintf("/rooms/r%d", i)
		tag := f.does("PUT", room, `{"settings":{"topic":"one"}}`, http.StatusCreated).header.Get("ETag")
		f.oneWins(t, tag, [2][3]string{{"DELETE", room, ""}, {"PATCH", room, `{"settings":{"topic":"two"}}`}})
		sanction := fmt.Sprintf("/sanctions/01936c00-0000-7000-8000-%012d", i)
		tag = f.does("PUT", sanction, `{"target":{"user":"u:ann"},"effect":"mute","duration_seconds":60}`, http.StatusCreated).header.Get("ETag")
		f.oneWins(t, tag, [2][3]string{{"DELETE", sanction, ""}, {"PATCH", sanction, `{"reason":"two"}`}})
	}
}

func (f *fixture) oneWins(t *testing.T, tag string, requests [2][3]string) {
	t.Helper()
	var wait sync.WaitGroup
	var won atomic.Int32
	for _, x := range requests {
		wait.Go(func() {
			r := f.callAs(testKey, x[0], x[1], x[2], "If-Match: "+tag)
			switch r.status {
			case http.StatusOK:
				won.Add(1)
			case http.StatusPreconditionFailed, http.StatusNotFound:
			default:
				t.Errorf("%s %s: got %d %s", x[0], x[1], r.status, r.body)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%s: %d writers won with one ETag, want 1", requests[0][1], won.Load())
	}
}

// TestPreconditionsOnWhatIsMissing asks for what is there, and for what isn't.
func TestPreconditionsOnWhatIsMissing(t *testing.T) {
	f := newFixture(t)
	const there, missing = "If-Match: *", "If-None-Match: *"
	for path, body := range map[string]string{
		"/rooms/lobby": `{"settings":{"topic":"one"}}`,
		"/sanctions/01936c00-0000-7000-8000-000000000001": `{"target":{"user":"u:ann"},"effect":"mute","duration_seconds":60}`,
	} {
		wantProblem(t, f.callAs(testKey, "PUT", path, body, there), http.StatusPreconditionFailed, "stale")
		wantStatus(t, f.callAs(testKey, "PUT", path, body, missing), http.StatusCreated)
		wantProblem(t, f.callAs(testKey, "PUT", path, body, missing), http.StatusPreconditionFailed, "stale")
		wantStatus(t, f.callAs(testKey, "PUT", path, body, there), http.StatusOK)
	}
	wantProblem(t, f.callAs(testKey, "PATCH", "/rooms/attic", `{"settings":{"topic":"one"}}`, there), http.StatusPreconditionFailed, "stale")
}

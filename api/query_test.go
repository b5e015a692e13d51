package api

import (
	"net/http"
	"testing"

	"github.com/chatd/chatd/chat"
)

// TestDryRunIsReadStrictly writes dry_run in every way but the two: nothing may act.
func TestDryRunIsReadStrictly(t *testing.T) {
	f := newFixture(t)
	before := f.lastAct()
	for _, query := range []string{
		"dry_run=1", "dry_run=True", "dry_run=TRUE", "dry_run=t", "dry_run=T", "dry_run=", "dry_run", "dry_run=%zz",
		"dry_run=true%", "dry_run=true;x=1", "dry_run=0", "dry_run=yes", "dry_run=true&dry_run=false", "%zz=1", "dry_run=true%00",
	} {
		r := f.call("POST", "/rooms/lobby/clear?"+query, "")
		wantProblem(t, r, http.StatusUnprocessableEntity, "request_invalid")
		if now := f.lastAct(); now != before {
			t.Fatalf("%s acted: %s", query, now)
		}
	}
	wantProblem(t, f.call("GET", "/acts?kind=%zz", ""), http.StatusUnprocessableEntity, "request_invalid")
	wantProblem(t, f.call("GET", "/acts?undone=1", ""), http.StatusUnprocessableEntity, "request_invalid")
	wantStatus(t, f.call("GET", "/acts?undone=false", ""), http.StatusOK)
}

// TestPathsAreDecodedBeforeTheyAreChecked asks for one user, and one room, in all the ways that a path can be written.
func TestPathsAreDecodedBeforeTheyAreChecked(t *testing.T) {
	f := newFixture(t)
	mia := chat.Actor{ID: "u:mia", Name: "Mia", Role: chat.RoleUser, Addr: addr("198.51.100.7")}
	if _, err := f.core.SignIn(t.Context(), mia); err != nil {
		t.Fatal(err)
	}
	if err := f.core.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.does("PUT", "/rooms/lobby", `{"settings":{"topic":"Hello"}}`, http.StatusCreated)
	for _, path := range []string{"/users/u:mia", "/users/u%3Amia", "/users/u%3amia", "/users/%75:mia", "/rooms/lobb%79", "/rooms/%6Cobby"} {
		wantStatus(t, f.call("GET", path, ""), http.StatusOK)
	}
	for _, path := range []string{"/rooms/lob%2Fby", "/rooms/lobb%2579", "/users/u%253Amia", "/rooms/%00", "/rooms/%4Cobby"} {
		wantProblem(t, f.call("GET", path, ""), http.StatusUnprocessableEntity, "request_invalid")
	}
}

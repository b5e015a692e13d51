package api

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

func TestLogIn(t *testing.T) {
	f := newFixture(t)
	f.addStaff("mia", chat.StaffModerator, []string{"lobby"})
	p := f.person()

	me := decode[Me](t, p.logIn("mia", testPassword, ""))
	if me.ID != "s:mia" || *me.Role != RoleModerator || me.Rooms == nil || len(me.Scopes) != len(chat.ScopesOf(chat.StaffModerator)) {
		t.Errorf("got %+v", me)
	}
	c := p.cookie
	if c.Name != "chatd_session" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || c.MaxAge != 7*24*3600 {
		t.Errorf("got cookie %+v", c)
	}
	if again := decode[Me](t, p.call("GET", "/me", "")); again.ID != me.ID {
		t.Errorf("got %+v with the cookie", again)
	}

	wantStatus(t, p.call("DELETE", "/session", ""), http.StatusNoContent)
	if p.cookie != nil {
		t.Error("the cookie stays after the log-out")
	}
	p.cookie = c
	wantProblem(t, p.call("GET", "/me", ""), 401, "credentials_invalid")
}

func TestCookieOverTLS(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Secure = func(r *http.Request) bool { return r.Header.Get("X-Tls") != "" } })
	p := f.person()
	p.change = func(r *http.Request) { r.Header.Set("X-Tls", "yes") }
	wantStatus(t, p.logIn("admin", testPassword, ""), http.StatusOK)
	if p.cookie.Name != "__Host-chatd_session" || !p.cookie.Secure {
		t.Errorf("got cookie %+v, want one bound to the host", p.cookie)
	}
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
	p.cookie.Name = "chatd_session" // as a site beside this one could set it
	wantProblem(t, p.call("GET", "/me", ""), 401, "credentials_missing")
}

func TestLogInRefuses(t *testing.T) {
	f := newFixture(t)
	f.addStaff("gone", chat.Admin, nil)
	wantStatus(t, f.call("PATCH", "/staff/gone", `{"disabled":true}`), http.StatusOK)
	tests := map[string]struct{ name, password string }{
		"a wrong password":      {"admin", "wrong password"},
		"no such account":       {"nobody", testPassword},
		"a disabled account":    {"gone", testPassword},
		"a name that is none":   {"Nobody\x00", testPassword},
		"another's upper case":  {"ADMIN", testPassword},
		"a long wrong password": {"admin", strings.Repeat("x", 256)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := f.person()
			problem := wantProblem(t, p.logIn(tt.name, tt.password, ""), 401, "credentials_invalid")
			if problem.Detail != "These credentials are not valid." || p.cookie != nil {
				t.Errorf("got %q, cookie %v; want what all of them hear", problem.Detail, p.cookie)
			}
		})
	}
}

// TestFixation has an attacker's session in the browser before somebody logs in there.
func TestFixation(t *testing.T) {
	f := newFixture(t)
	f.addStaff("eve", chat.Viewer, nil)
	eve, victim := f.loggedIn("eve"), f.person()
	victim.cookie = eve.cookie

	wantStatus(t, victim.logIn("admin", testPassword, ""), http.StatusOK)

	if victim.cookie.Value == eve.cookie.Value {
		t.Fatal("the token from before the log-in goes on")
	}
	wantProblem(t, eve.call("GET", "/me", ""), 401, "credentials_invalid")
	if me := decode[Me](t, victim.call("GET", "/me", "")); me.ID != "s:admin" {
		t.Errorf("got %s, want s:admin", me.ID)
	}
}

func TestMadeUpTokens(t *testing.T) {
	f := newFixture(t)
	made, _ := access.NewSessionToken()
	invite, _ := access.NewInviteToken()
	for name, token := range map[string]string{"unknown": made, "an invitation": invite, "short": "chatds_x", "an API key": testKey} {
		p := f.person()
		p.cookie = &http.Cookie{Name: cookieName, Value: token}
		wantProblem(t, p.call("GET", "/me", ""), 401, "credentials_invalid")
		if p.cookie == nil {
			t.Errorf("%s: a request that is no log-out takes the cookie away; that may be one that has just been set", name)
		}
	}
}

func TestRotation(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	first := p.cookie
	old := func() *person { q := f.person(); q.cookie = first; return q }
	f.pass(rotateEvery - time.Second)
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
	if p.cookie.Value != first.Value {
		t.Error("the token changes too early")
	}

	f.pass(time.Second)
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
	if p.cookie.Value == first.Value {
		t.Fatal("the token stays")
	}
	q := old()
	wantStatus(t, q.call("GET", "/me", ""), http.StatusOK)
	if q.cookie.Value != first.Value {
		t.Error("the old token gets a new one")
	}
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK) // the new one was used
	f.pass(underWay - time.Second)
	wantStatus(t, old().call("GET", "/me", ""), http.StatusOK)
	f.pass(time.Second)
	wantProblem(t, old().call("GET", "/me", ""), 401, "credentials_invalid")
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
}

// TestLostToken has the answer lost that brought the new token: its owner goes on, and gets another.
func TestLostToken(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	first := p.cookie
	f.pass(rotateEvery)
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
	lost := p.cookie

	p.cookie = first
	f.pass(lostAfter)
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
	if p.cookie.Value == first.Value || p.cookie.Value == lost.Value {
		t.Fatal("no other token comes in the place of the lost one")
	}
	again := p.cookie
	p.cookie = lost
	wantProblem(t, p.call("GET", "/me", ""), 401, "credentials_invalid")
	p.cookie = again
	f.pass(oldTokenFor)
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
}

// TestUnusedTokenHasAnEnd leaves a session alone after its token has changed.
func TestUnusedTokenHasAnEnd(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	first := p.cookie
	f.pass(rotateEvery)
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
	p.cookie = first
	f.pass(oldTokenFor)
	wantProblem(t, p.call("GET", "/me", ""), 401, "credentials_invalid")
}

// TestAccountsHaveFewSessions logs in more often than that: what was idle longest ends.
func TestAccountsHaveFewSessions(t *testing.T) {
	f := newFixture(t)
	idle, used := f.loggedIn("admin"), f.loggedIn("admin")
	for range maxSessions - 2 {
		f.loggedIn("admin")
	}
	f.pass(touchEvery)
	wantStatus(t, used.call("GET", "/me", ""), http.StatusOK)
	last := f.loggedIn("admin")
	wantProblem(t, idle.call("GET", "/me", ""), 401, "credentials_invalid")
	wantStatus(t, used.call("GET", "/me", ""), http.StatusOK)
	if list := decode[SessionPage](t, last.call("GET", "/me/sessions?limit=200", "")); len(list.Items) != maxSessions {
		t.Errorf("got %d sessions, want %d", len(list.Items), maxSessions)
	}
}

// TestRotationRace has many requests at the moment when the token changes: one gets the new one, all are answered.
func TestRotationRace(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	f.pass(rotateEvery)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var fresh []*http.Cookie
	for range 20 {
		wait.Go(func() {
			q := f.person()
			q.cookie = p.cookie
			if r := q.call("GET", "/me", ""); r.status != http.StatusOK {
				t.Errorf("got %d %s", r.status, r.body)
			}
			mu.Lock()
			defer mu.Unlock()
			if q.cookie.Value != p.cookie.Value {
				fresh = append(fresh, q.cookie)
			}
		})
	}
	wait.Wait()
	if len(fresh) != 1 {
		t.Fatalf("got %d new tokens, want 1", len(fresh))
	}
	f.pass(oldTokenFor)
	p.cookie = fresh[0]
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
}

func TestSessionsEnd(t *testing.T) {
	t.Run("unused", func(t *testing.T) {
		f := newFixture(t)
		p := f.loggedIn("admin")
		f.pass(12 * time.Hour)
		wantProblem(t, p.call("GET", "/me", ""), 401, "session_expired")
	})
	t.Run("used all the time", func(t *testing.T) {
		f := newFixture(t)
		p := f.loggedIn("admin")
		for range 16 {
			f.pass(10 * time.Hour)
			wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
		}
		f.pass(8 * time.Hour)
		if r := p.call("GET", "/me", ""); r.status != http.StatusUnauthorized {
			t.Errorf("got %d after seven days, want 401", r.status)
		}
	})
	t.Run("of a disabled account", func(t *testing.T) {
		f := newFixture(t)
		f.addStaff("mia", chat.Admin, nil)
		p := f.loggedIn("mia")
		wantStatus(t, f.call("PATCH", "/staff/mia", `{"disabled":true}`), http.StatusOK)
		wantProblem(t, p.call("GET", "/me", ""), 401, "credentials_invalid")
	})
	t.Run("of a removed account", func(t *testing.T) {
		f := newFixture(t)
		f.addStaff("mia", chat.Admin, nil)
		p := f.loggedIn("mia")
		wantStatus(t, f.call("DELETE", "/staff/mia", ""), http.StatusOK)
		wantProblem(t, p.call("GET", "/me", ""), 401, "credentials_invalid")
	})
	t.Run("of another role", func(t *testing.T) {
		f := newFixture(t)
		f.addStaff("mia", chat.Admin, nil)
		p := f.loggedIn("mia")
		wantStatus(t, f.call("PATCH", "/staff/mia", `{"role":"viewer"}`), http.StatusOK)
		wantProblem(t, p.call("GET", "/me", ""), 401, "credentials_invalid")
	})
}

func TestOwnSessions(t *testing.T) {
	f := newFixture(t)
	f.addStaff("mia", chat.Viewer, nil)
	here, there, elsewhere, other := f.loggedIn("mia"), f.loggedIn("mia"), f.loggedIn("mia"), f.loggedIn("admin")

	page := decode[SessionPage](t, here.call("GET", "/me/sessions?limit=2", ""))
	if len(page.Items) != 2 || page.Next == nil {
		t.Fatalf("got %+v, want two of three", page)
	}
	rest := decode[SessionPage](t, here.call("GET", "/me/sessions?limit=2&cursor="+*page.Next, ""))
	if len(rest.Items) != 1 || !rest.Items[0].Current || rest.Next != nil {
		t.Errorf("got %+v, want the one that asks, which is the oldest", rest)
	}
	wantProblem(t, other.call("DELETE", "/me/sessions/"+page.Items[0].ID, ""), 404, "session_not_found")
	wantStatus(t, here.call("DELETE", "/me/sessions/"+page.Items[0].ID, ""), http.StatusNoContent)
	wantProblem(t, elsewhere.call("GET", "/me", ""), 401, "credentials_invalid")
	wantStatus(t, here.call("DELETE", "/me/sessions", ""), http.StatusNoContent)
	wantProblem(t, there.call("GET", "/me", ""), 401, "credentials_invalid")
	wantStatus(t, here.call("GET", "/me", ""), http.StatusOK)
	wantProblem(t, f.call("GET", "/me/sessions", ""), 403, "not_staff")
}

func TestOtherSitesMayNotUseTheCookie(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	p.change = func(r *http.Request) {
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	wantProblem(t, p.call("PUT", "/me/password", `{"current":"`+testPassword+`","new":"another password"}`), 403, "cross_origin")
	wantProblem(t, p.call("DELETE", "/session", ""), 403, "cross_origin")
	p.cookie = nil
	wantProblem(t, p.logIn("admin", testPassword, ""), 403, "cross_origin") // nor log anybody in
}

func TestPasswordChange(t *testing.T) {
	f := newFixture(t)
	p, other := f.loggedIn("admin"), f.loggedIn("admin")
	before := p.cookie
	change := func(current, next string) string {
		return asJSON(t, map[string]string{"current": current, "new": next})
	}

	wantProblem(t, p.call("PUT", "/me/password", change("wrong password", "another password")), 401, "credentials_invalid")
	wantProblem(t, p.call("PUT", "/me/password", change(testPassword, "short")), 422, "request_invalid")
	wantProblem(t, p.call("PUT", "/me/password", change(testPassword, testPassword)), 422, "password_unchanged")
	wantProblem(t, p.call("PUT", "/me/password", change(testPassword, "another password"), `If-Match: "9"`), 412, "stale")
	wantStatus(t, p.call("PUT", "/me/password", change(testPassword, "another password"), `If-Match: "1"`), http.StatusNoContent)

	wantProblem(t, other.call("GET", "/me", ""), 401, "credentials_invalid")
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
	if p.cookie.Value == before.Value {
		t.Error("the session has the token that it had under the old password")
	}
	wantProblem(t, f.person().logIn("admin", testPassword, ""), 401, "credentials_invalid")
	wantStatus(t, f.person().logIn("admin", "another password", ""), http.StatusOK)
	wantProblem(t, f.call("PUT", "/me/password", change("x", "another password")), 403, "not_staff")
}

func TestPasswordMustBeChangedFirst(t *testing.T) {
	f := newFixture(t)
	f.addStaff("mia", chat.Admin, nil)
	made := decode[MadePassword](t, f.call("POST", "/staff/mia/password", ""))
	p := f.person()
	if me := decode[Me](t, p.logIn("mia", made.Password, "")); !me.MustChangePassword {
		t.Errorf("got %+v, want that the password is to be changed", me)
	}
	for _, path := range []string{"/rooms", "/me/sessions", "/staff", "/keys"} {
		wantProblem(t, p.call("GET", path, ""), 403, "password_change_required")
	}
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK)
	wantStatus(t, p.call("PUT", "/me/password", `{"current":"`+made.Password+`","new":"one of my own"}`), http.StatusNoContent)
	wantStatus(t, p.call("GET", "/rooms", ""), http.StatusOK)
}

// TestStill shows that long requests hear of the end of their credentials.
func TestStill(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	g := f.server.gate
	all, err := f.store.SessionsOf(t.Context(), "admin", f.now())
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v", all, err)
	}
	a, err := f.store.Staff(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	k := &call{request: httpRequest(t.Context()), caller: staffCaller(a, all[0])}
	f.pass(rotateEvery)
	wantStatus(t, p.call("GET", "/me", ""), http.StatusOK) // rotates
	f.pass(2 * oldTokenFor)
	if _, err := g.still(t.Context(), k); err != nil {
		t.Errorf("got %v after a rotation, want the session still there", err)
	}
	wantStatus(t, p.call("DELETE", "/session", ""), http.StatusNoContent)
	if _, err := g.still(t.Context(), k); chat.CodeOf(err) != "credentials_invalid" {
		t.Errorf("got %v after the log-out, want credentials_invalid", err)
	}
}

func httpRequest(ctx context.Context) *http.Request {
	return (&http.Request{Header: http.Header{}}).WithContext(ctx)
}

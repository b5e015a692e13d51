package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// person is somebody with a browser: it keeps the session's cookie.
type person struct {
	f      *fixture
	addr   string
	cookie *http.Cookie
	change func(*http.Request) // of each request; nil: none
}

func (f *fixture) person() *person { return &person{f: f, addr: "192.0.2.1"} }

// loggedIn is somebody who has logged in with testPassword.
func (f *fixture) loggedIn(name string) *person {
	f.t.Helper()
	p := f.person()
	wantStatus(f.t, p.logIn(name, testPassword, ""), http.StatusOK)
	return p
}

func (p *person) logIn(name, password, code string) reply {
	p.f.t.Helper()
	body := map[string]string{"name": name, "password": password}
	if code != "" {
		body["code"] = code
	}
	return p.call("POST", "/session", asJSON(p.f.t, body))
}

// call makes a request with the cookie, and keeps the one that comes.
func (p *person) call(method, path, body string, headers ...string) reply {
	p.f.t.Helper()
	r := p.f.callWith(method, path, body, func(r *http.Request) {
		r.RemoteAddr = p.addr + ":4000"
		if p.cookie != nil {
			r.AddCookie(p.cookie)
		}
		setHeaders(r, headers)
		if p.change != nil {
			p.change(r)
		}
	})
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		p.cookie = c
		if c.MaxAge < 0 {
			p.cookie = nil
		}
	}
	return r
}

func setHeaders(r *http.Request, headers []string) {
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
}

// callAs makes a request with a key.
func (f *fixture) callAs(key, method, path, body string, headers ...string) reply {
	f.t.Helper()
	return f.callWith(method, path, body, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+key)
		setHeaders(r, headers)
	})
}

// makeKey makes a key and returns it with its secret.
func (f *fixture) makeKey(draft string) KeySecret {
	f.t.Helper()
	r := f.call("POST", "/keys", draft)
	wantStatus(f.t, r, http.StatusCreated)
	return decode[KeySecret](f.t, r)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func wantStatus(t *testing.T, r reply, status int) {
	t.Helper()
	if r.status != status {
		t.Fatalf("got status %d %s, want %d", r.status, r.body, status)
	}
}

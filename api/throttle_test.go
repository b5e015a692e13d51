package api

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// logIn logs an account in, from an address.
func (f *fixture) logIn(addr, name, password string) reply {
	f.t.Helper()
	p := f.person()
	p.addr = addr
	return p.logIn(name, password, "")
}

// bearer asks who a key is.
func (f *fixture) bearer(key string) reply {
	f.t.Helper()
	return f.callWith("GET", "/me", "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) })
}

func wantIn(t *testing.T, r reply, who string) {
	t.Helper()
	if r.status != http.StatusOK {
		t.Fatalf("%s: got %d %s, want 200", who, r.status, r.body)
	}
}

func throttled(perAddr, perAccount int64) func(*Config) {
	return func(c *Config) {
		c.LogInsPerAddr = chat.Rate{Limit: perAddr, Period: time.Hour}
		c.LogInsPerAccount = chat.Rate{Limit: perAccount, Period: time.Hour}
	}
}

func TestLogInsAreThrottled(t *testing.T) {
	f := newFixture(t, throttled(3, 2))
	const here = "192.0.2.1"
	for range 2 {
		wantProblem(t, f.logIn(here, "admin", "wrong password"), 401, "credentials_invalid")
	}
	r := f.logIn(here, "admin", "wrong password") // the account, from here
	wantProblem(t, r, 429, "too_many_log_ins")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After on a 429")
	}
	wantProblem(t, f.logIn(here, "eve", "wrong password"), 429, "too_many_log_ins") // the address
}

func TestKeysAreThrottled(t *testing.T) {
	f := newFixture(t, throttled(1, 1))
	wantIn(t, f.bearer(testKey), "a right key")
	for range keysPerLogIn - 1 {
		wantProblem(t, f.bearer("a-wrong-key-of-some-length"), 401, "credentials_invalid")
	}
	wantProblem(t, f.bearer("a-wrong-key-of-some-length"), 429, "too_many_log_ins")
	wantIn(t, f.bearer(testKey), "a key that was right a moment ago")
}

// TestOneAddressCannotLockTheOwnerOut has an attacker use up all that its address may try.
func TestOneAddressCannotLockTheOwnerOut(t *testing.T) {
	f := newFixture(t, throttled(2, 2))
	for range 2 {
		wantProblem(t, f.logIn("203.0.113.66", "admin", "wrong password"), 401, "credentials_invalid")
	}
	for range 2 * everybodysLogIns { // costs others nothing any more
		wantProblem(t, f.logIn("203.0.113.66", "admin", "wrong password"), 429, "too_many_log_ins")
	}
	wantIn(t, f.logIn("192.0.2.1", "admin", testPassword), "the owner, from elsewhere")
}

// TestManyAddressesCannotLockTheOwnerOut has attackers use up all that everybody may try.
func TestManyAddressesCannotLockTheOwnerOut(t *testing.T) {
	f := newFixture(t, throttled(2, 1))
	wantIn(t, f.logIn("192.0.2.1", "admin", testPassword), "the owner")
	for i := range everybodysLogIns - 1 {
		wantProblem(t, f.logIn(fmt.Sprintf("203.0.113.%d", i), "admin", "wrong password"), 401, "credentials_invalid")
	}
	wantProblem(t, f.logIn("203.0.113.200", "admin", "wrong password"), 429, "too_many_log_ins")

	wantProblem(t, f.logIn("192.0.2.3", "admin", testPassword), 429, "too_many_log_ins")
	wantProblem(t, f.logIn("192.0.2.1", "admin", "wrong password"), 429, "too_many_log_ins") // one was tried from there
	f.pass(knownFor - time.Minute)
	if !f.server.gate.throttle.known.has(f.server.gate.throttle.known.of("192.0.2.1", "admin")) {
		t.Error("an address isn't known for as long as it says")
	}
}

func TestOwnerComesInFromAKnownAddress(t *testing.T) {
	f := newFixture(t, throttled(30, 2))
	wantIn(t, f.logIn("192.0.2.1", "admin", testPassword), "the owner")
	for i := range 2*everybodysLogIns - 1 {
		wantProblem(t, f.logIn(fmt.Sprintf("203.0.113.%d", i), "admin", "wrong password"), 401, "credentials_invalid")
	}
	wantProblem(t, f.logIn("192.0.2.3", "admin", testPassword), 429, "too_many_log_ins")
	wantIn(t, f.logIn("192.0.2.1", "admin", testPassword), "the owner, from a known address")
}

// watchedAccounts counts the look-ups.
type watchedAccounts struct {
	chat.Accounts
	lookUps int
}

func (w *watchedAccounts) Staff(ctx context.Context, name string) (chat.StaffAccount, error) {
	w.lookUps++
	return w.Accounts.Staff(ctx, name)
}

func (w *watchedAccounts) KeyByPrefix(ctx context.Context, prefix string) (chat.APIKey, error) {
	w.lookUps++
	return w.Accounts.KeyByPrefix(ctx, prefix)
}

func (w *watchedAccounts) SessionByHash(ctx context.Context, hash []byte, now time.Time) (chat.StaffSession, error) {
	w.lookUps++
	return w.Accounts.SessionByHash(ctx, hash, now)
}

func (w *watchedAccounts) watch(c *Config) {
	w.Accounts = c.Chat.Accounts
	core := *c.Chat
	core.Accounts = w
	c.Chat = &core
}

func TestLookUpsAreThrottled(t *testing.T) {
	const tries = 3 * keysPerLogIn
	tests := map[string]struct {
		try  func(f *fixture, n int) reply
		want int // look-ups
	}{
		"keys":        {func(f *fixture, n int) reply { return f.bearer(fmt.Sprintf("a-wrong-key-of-some-length-%d", n)) }, keysPerLogIn},
		"one key":     {func(f *fixture, _ int) reply { return f.bearer("a-wrong-key-of-some-length") }, keysPerLogIn},
		"sessions":    {func(f *fixture, _ int) reply { return f.madeUpSession() }, keysPerLogIn},
		"accounts":    {func(f *fixture, n int) reply { return f.logIn("192.0.2.1", fmt.Sprintf("eve%d", n), "wrong") }, 1},
		"one account": {func(f *fixture, _ int) reply { return f.logIn("192.0.2.1", "admin", "wrong") }, 1},
		"a right key": {func(f *fixture, _ int) reply { return f.bearer(testKey) }, tries},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := &watchedAccounts{}
			f := newFixture(t, throttled(1, 1), w.watch)

			for n := range tries {
				tt.try(f, n)
			}

			if w.lookUps != tt.want {
				t.Errorf("got %d look-ups for %d requests, want %d", w.lookUps, tries, tt.want)
			}
		})
	}
}

func (f *fixture) madeUpSession() reply {
	f.t.Helper()
	token, _ := access.NewSessionToken()
	p := f.person()
	p.cookie = &http.Cookie{Name: cookieName, Value: token}
	return p.call("GET", "/me", "")
}

package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"golang.org/x/crypto/argon2"

	chatd "github.com/chatd/chatd"
	"github.com/chatd/chatd/access"
	adminui "github.com/chatd/chatd/admin-ui"
	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/policies"
	"github.com/chatd/chatd/store"
)

func TestMain(m *testing.M) {
	for _, media := range []string{"application/x-ndjson", "text/event-stream"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.FileBodyDecoder)
	}
	goleak.VerifyTestMain(m)
}

const (
	testKey      = "a-key-of-the-tests-0123456789"
	testPassword = "correct horse battery"
)

// fixture is the API over the real core, on SQLite.
type fixture struct {
	t        *testing.T
	handler  http.Handler
	server   *Server
	core     *chat.Service
	store    *store.Store
	sessions chat.LateSessions
	contract *contract
	router   routers.Router
	log      *logBuffer
	passed   atomic.Int64 // nanoseconds that the API's clock is ahead
	config   Config
	dir      string // of the database
}

// now is the API's and the core's clock.
func (f *fixture) now() time.Time { return time.Now().Add(time.Duration(f.passed.Load())) }

// pass lets time pass.
func (f *fixture) pass(d time.Duration) { f.passed.Add(int64(d)) }

// logBuffer collects what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newFixture(t *testing.T, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, log: &logBuffer{}}
	bell := broker.NewMemory(broker.Config{})
	f.openStore(bell)
	f.openCore(bell)
	f.addAccounts()

	var err error
	if f.contract, f.router, err = ourContract(); err != nil {
		t.Fatal(err)
	}
	f.config = Config{
		Chat: f.core, Passwords: access.NewPasswords(2), Limiter: bell,
		Requests: chat.Rate{Limit: 100_000, Period: time.Minute}, Secret: bytes.Repeat([]byte("s"), 32),
		LogInsPerAddr: chat.Rate{Limit: 1000, Period: time.Minute}, LogInsPerAccount: chat.Rate{Limit: 1000, Period: time.Minute},
		ClientAddr: access.Proxies(nil).ClientAddr, Secure: access.Proxies(nil).Secure,
		Live:     live.New(live.Config{Sockets: func() live.Sockets { return live.Sockets{} }, Presence: bell, Now: f.now}),
		Sockets:  noSockets{},
		Metrics:  http.NotFoundHandler(),
		Checks:   []Check{{Name: "store", Ask: f.store.Ping}},
		Pages:    adminui.Files(),
		OpenAPI:  chatd.OpenAPI,
		AsyncAPI: chatd.AsyncAPI,
		Logger:   slog.New(slog.NewJSONHandler(f.log, nil)),
		Now:      f.now,
	}
	for _, change := range change {
		change(&f.config)
	}
	f.serve()
	return f
}

// serve makes the API anew, as a start of the program does: it remembers nothing but what is stored.
func (f *fixture) serve() {
	f.t.Helper()
	var err error
	if f.server, err = newOn(f.config, f.contract); err != nil {
		f.t.Fatal(err)
	}
	f.handler = f.server
}

func (f *fixture) openStore(bell chat.Bell) {
	f.t.Helper()
	f.dir = f.t.TempDir()
	var err error
	if f.store, err = store.Open(f.t.Context(), store.Config{DataDir: f.dir, Bell: bell}); err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.store.Run(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			f.t.Errorf("run store: %v", err)
		}
		if err := f.store.Close(); err != nil {
			f.t.Errorf("close store: %v", err)
		}
	})
}

func (f *fixture) openCore(broker *broker.Memory) {
	f.t.Helper()
	judge, err := policies.Load(policies.Builtin())
	if err != nil {
		f.t.Fatal(err)
	}
	f.core, err = chat.New(f.t.Context(), chat.Config{
		Log: f.store, Ledger: f.store, Directory: f.store, Accounts: f.store, Bell: broker, Presence: broker, Limiter: broker,
		Sessions: &f.sessions, Judge: judge, Aliases: bytes.Repeat([]byte("a"), 32), SignInConfigured: true,
		Now: f.now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// readOnce reads openapi.yaml once for all tests: that takes longer than most of them. Nobody changes it.
var readOnce = sync.OnceValues(func() (*contract, error) { return readContract(chatd.OpenAPI) })

func ourContract() (*contract, routers.Router, error) {
	c, err := readOnce()
	if err != nil {
		return nil, nil, err
	}
	r, err := routeOnce()
	return c, r, err
}

var routeOnce = sync.OnceValues(func() (routers.Router, error) {
	c, err := readOnce()
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(c.doc)
})

// cheapHash is a password's hash in the form of access.Passwords, at the least cost that it checks.
func cheapHash(password string) string {
	salt := []byte("of the tests")
	sum := argon2.IDKey([]byte(password), salt, 1, 8, 1, 32)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

func (f *fixture) addAccounts() {
	f.t.Helper()
	prefix, hash, err := access.ParseKey(testKey)
	if err != nil {
		f.t.Fatal(err)
	}
	key := chat.APIKey{ID: "robot", Prefix: prefix, Hash: hash, Label: "Robot", Grant: chat.Grant{Scopes: chat.Scopes()}, By: chat.System}
	if err := f.store.FirstKey(f.t.Context(), key); err != nil {
		f.t.Fatal(err)
	}
	f.addStaff("admin", chat.Owner, nil)
}

// addStaff makes an account whose password is testPassword.
func (f *fixture) addStaff(name string, role chat.StaffRole, rooms []string) {
	f.t.Helper()
	a := chat.StaffAccount{Name: name, Role: role, Rooms: rooms, PasswordHash: cheapHash(testPassword), CreatedAt: f.now(), Version: 1}
	if err := f.store.FirstStaff(f.t.Context(), a); err != nil {
		f.t.Fatal(err)
	}
}

// noSockets answers with what it was asked for.
type noSockets struct{}

func (noSockets) ServeRoom(w http.ResponseWriter, _ *http.Request, room string) {
	w.WriteHeader(http.StatusTeapot)
	_, _ = io.WriteString(w, "room "+room)
}

func (noSockets) ServeMulti(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusTeapot)
	_, _ = io.WriteString(w, "multi")
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// decode reads an answer's JSON.
func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("answer %d %q: %v", r.status, r.body, err)
	}
	return v
}

// call makes a request with the key and a JSON body ("": none), and holds the answer to the contract.
func (f *fixture) call(method, path, body string) reply {
	f.t.Helper()
	return f.callWith(method, path, body, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+testKey) })
}

func (f *fixture) callWith(method, path, body string, change func(*http.Request)) reply {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), method, apiBase+path, strings.NewReader(body))
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), 4000).String()
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	change(r)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	out := reply{status: w.Code, header: w.Result().Header, body: w.Body.Bytes()}
	f.checkContract(r, out)
	return out
}

// checkContract fails for an answer that openapi.yaml doesn't describe.
func (f *fixture) checkContract(r *http.Request, out reply) {
	f.t.Helper()
	route, params, err := f.router.FindRoute(r)
	if err != nil {
		if out.status != http.StatusNotFound && out.status != http.StatusMethodNotAllowed {
			f.t.Errorf("%s %s: %v, and yet it answered %d", r.Method, r.URL, err, out.status)
		}
		return
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	err = openapi3filter.ValidateResponse(f.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options},
		Status:                 out.status, Header: out.header, Body: io.NopCloser(bytes.NewReader(out.body)), Options: options,
	})
	if err != nil {
		f.t.Errorf("%s %s answered %d %s, which breaks the contract: %v", r.Method, r.URL, out.status, out.body, err)
	}
}

// wantProblem fails unless an answer is a refusal with this status and code.
func wantProblem(t *testing.T, r reply, status int, code string) Problem {
	t.Helper()
	if r.status != status {
		t.Fatalf("got status %d %s, want %d %s", r.status, r.body, status, code)
	}
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("got Content-Type %q, want application/problem+json", got)
	}
	p := decode[Problem](t, r)
	if p.Code != code || p.Status != status {
		t.Errorf("got %d %s (%s), want %d %s", p.Status, p.Code, p.Detail, status, code)
	}
	if p.RequestID == "" || p.RequestID != r.header.Get("X-Request-Id") {
		t.Errorf("got request_id %q, want that of X-Request-Id, %q", p.RequestID, r.header.Get("X-Request-Id"))
	}
	return p
}

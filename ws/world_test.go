package ws_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/policies"
	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	jwtSecret = []byte("the secret that the tests sign with")
	staff     = chat.Actor{ID: "s:admin", Name: "admin", Role: chat.RoleStaff, Grant: chat.GrantOf(chat.Owner, nil), Via: chat.ViaDashboard}
	speaker   = chat.Actor{ID: "u:speaker", Name: "Speaker", Role: chat.RoleUser, Addr: netip.MustParseAddr("192.0.2.1")}
)

// world is a server over the real core, SQLite and the broker in memory. Its clock is the
// real one, and what the test adds.
type world struct {
	*chat.Service
	srv  *ws.Server
	http *httptest.Server
	bell *lossyBell
	addr string

	mu    sync.Mutex
	ahead time.Duration
}

// lossyBell forgets events while it is told to.
type lossyBell struct {
	*broker.Memory
	mu   sync.Mutex
	deaf bool
}

func (b *lossyBell) Announce(ctx context.Context, events []chat.Event) {
	b.mu.Lock()
	deaf := b.deaf
	b.mu.Unlock()
	if !deaf {
		b.Memory.Announce(ctx, events)
	}
}

func (b *lossyBell) lose(deaf bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deaf = deaf
}

// panickyJudge panics at a word.
type panickyJudge struct{ *policies.Set }

func (j panickyJudge) Check(in policies.Input) policies.Verdict {
	for _, v := range in.Views {
		if strings.Contains(v, "panic now") {
			panic("as the test asked")
		}
	}
	return j.Set.Check(in)
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// pass moves the clock, and has done what is due then.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	w.ahead += d
	w.mu.Unlock()
	w.srv.Beat(w.now())
	w.srv.Sweep(w.now())
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

type option func(*chat.Limits, *ws.Config)

func limits(change func(*ws.Limits)) option {
	return func(_ *chat.Limits, c *ws.Config) { change(&c.Limits) }
}

func newWorld(t testing.TB, options ...option) *world {
	t.Helper()
	w := &world{bell: &lossyBell{Memory: broker.NewMemory(broker.Config{})}}
	st, err := store.Open(context.Background(), store.Config{DataDir: t.TempDir(), Durability: store.Process, Bell: w.bell, Clock: w.now})
	must(t, err)
	set, err := policies.Load(fstest.MapFS{"p.yaml": {Data: []byte("version: 1\nrules:\n  - {id: r, action: reject, terms: [spam]}\n")}})
	must(t, err)
	var core chat.Limits
	cfg := ws.Config{Logger: slog.New(slog.DiscardHandler)}
	cfg.Limits.FramesPerSecond = -1
	cfg.Limits.Linger = 2 * time.Second
	for _, o := range options {
		o(&core, &cfg)
	}
	sessions := new(chat.LateSessions)
	w.Service, err = chat.New(context.Background(), chat.Config{
		Log: st, Ledger: st, Directory: st, Bell: w.bell, Presence: w.bell, Sessions: sessions, Limiter: w.bell, Judge: panickyJudge{set},
		Limits: core, Aliases: []byte("the secret behind the aliases..."), SignInConfigured: true, Now: w.now, NewID: newID,
	})
	must(t, err)
	tokens, err := access.NewTokens(access.TokenConfig{Secrets: [][]byte{jwtSecret}, Clock: w.now, Leeway: time.Second})
	must(t, err)
	guests, err := access.NewGuests([]byte("the secret of the guests"), w.now)
	must(t, err)
	origins, err := access.NewOrigins([]string{"https://friend.example", "https://*.friends.example"}, nil)
	must(t, err)
	cfg.Service, cfg.Guests, cfg.Origins = w.Service, guests, origins
	cfg.Door = access.NewDoor(access.DoorConfig{Tokens: tokens, Guests: guests, Origins: origins})
	w.srv, err = ws.New(context.Background(), cfg)
	must(t, err)
	sessions.Bind(w.srv)

	core1, stopCore := context.WithCancel(context.Background())
	sockets, stopSockets := context.WithCancel(context.Background())
	var coreParts, socketParts sync.WaitGroup
	run := func(wg *sync.WaitGroup, ctx context.Context, name string, f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	run(&coreParts, core1, "store", st.Run)
	run(&coreParts, core1, "chat", w.Run)
	run(&socketParts, sockets, "ws", w.srv.Run)
	w.http = httptest.NewServer(w.routes())
	w.addr = w.http.Listener.Addr().String()
	t.Cleanup(func() {
		stopSockets()
		socketParts.Wait()
		w.http.Close()
		stopCore()
		coreParts.Wait()
		must(t, st.Close())
		if n := w.srv.Leftovers(); n != 0 {
			t.Errorf("the server kept %d sessions, rooms or addresses", n)
		}
	})
	return w
}

func (w *world) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("/ws", w.srv.ServeMulti)
	m.HandleFunc("/ws/chat/{room}", func(rw http.ResponseWriter, r *http.Request) { w.srv.ServeRoom(rw, r, r.PathValue("room")) })
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) post(t testing.TB, room chat.RoomID, text string) chat.Message {
	t.Helper()
	c, err := w.Post(context.Background(), speaker, room, chat.Draft{Text: text})
	must(t, err)
	return *c.Event.Message
}

func (w *world) token(t testing.TB, sub string, change func(*access.Claims)) string {
	t.Helper()
	c := access.Claims{Subject: sub, Name: strings.ToUpper(sub[:1]) + sub[1:], Expires: w.now().Add(time.Hour)}
	if change != nil {
		change(&c)
	}
	token, err := access.MintHS256(jwtSecret, c)
	must(t, err)
	return token
}

// moderator makes a token of one who moderates every room.
func (w *world) moderator(t testing.TB) string {
	return w.token(t, "mo", func(c *access.Claims) { c.Role, c.Rooms = chat.RoleModerator, []string{"*"} })
}

// eventually waits for what happens elsewhere; ok must be cheap.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		<-tick.C
	}
}

func text(n int) string { return fmt.Sprintf("message %d", n) }

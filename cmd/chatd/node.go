package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"time"

	chatd "github.com/chatd/chatd"
	"github.com/chatd/chatd/access"
	adminui "github.com/chatd/chatd/admin-ui"
	"github.com/chatd/chatd/api"
	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/config"
	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/ws"
)

// The secrets in the database: of guests' identities, and behind the aliases of addresses.
const (
	guestSecret = "guests"
	aliasSecret = "aliases"
	apiSecret   = "api"
)

// node is everything, wired.
type node struct {
	settings config.Settings
	log      *slog.Logger
	store    *store.Store
	core     *chat.Service
	tokens   *access.Tokens
	sockets  *ws.Server
	metrics  *metrics
	live     *live.Meter
	api      *api.Server
	leaving  chan struct{} // closed when the node begins to stop

	madePassword string
}

// newNode wires the packages together, in the order in which they need each other. It
// starts nothing; the caller closes it.
func newNode(ctx context.Context, s config.Settings, log *slog.Logger) (_ *node, err error) {
	n := &node{settings: s, log: log, metrics: newMetrics(), leaving: make(chan struct{})}
	bell, sessions, backlog := broker.NewMemory(broker.Config{}), new(chat.LateSessions), new(chat.LateBacklog)
	n.live = live.New(live.Config{Sockets: n.socketFigures, Presence: bell, Now: time.Now})
	if n.store, err = openStore(ctx, s, n.metrics.countCommits(bell, n.live), log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.store.Close())
		}
	}()
	if n.tokens, err = newTokens(s, log); err != nil {
		return nil, err
	}
	if n.core, err = n.newCore(ctx, bell, sessions, backlog); err != nil {
		return nil, err
	}
	passwords := access.NewPasswords(runtime.GOMAXPROCS(0))
	if err := n.openDoors(ctx, bell, passwords); err != nil {
		return nil, err
	}
	sessions.Bind(n.sockets)
	backlog.Bind(n.sockets)
	// Last: a start that is refused after it would take a password with it that nobody has seen.
	if n.madePassword, err = firstStart(ctx, n.store, passwords, s, log); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *node) newCore(ctx context.Context, bell *broker.Memory, sessions chat.Sessions, backlog chat.Backlog) (*chat.Service, error) {
	judge, err := loadPolicies(n.settings.PoliciesDir)
	if err != nil {
		return nil, err
	}
	aliases, err := n.secret(ctx, aliasSecret)
	if err != nil {
		return nil, err
	}
	core, err := chat.New(ctx, chat.Config{
		Log: n.store, Ledger: n.store, Directory: n.store, Accounts: n.store, Bell: bell, Presence: bell, Sessions: sessions, Backlog: backlog,
		Limiter: bell, Judge: judge, Limits: limits(n.settings), Aliases: aliases,
		TrustedProxies: n.settings.TrustedProxies, SignInConfigured: n.tokens.Enabled(),
		Now: time.Now, NewID: newID, Logger: n.log,
	})
	if err != nil {
		return nil, fmt.Errorf("start the core: %w", err)
	}
	return core, nil
}

// openDoors makes what the network reaches.
func (n *node) openDoors(ctx context.Context, bell *broker.Memory, passwords *access.Passwords) (err error) {
	proxies := access.Proxies(n.settings.TrustedProxies)
	if n.sockets, err = n.newSockets(ctx, proxies); err != nil {
		return err
	}
	n.metrics.watch(n.sockets.Stats)
	secret, err := n.secret(ctx, apiSecret)
	if err != nil {
		return err
	}
	n.api, err = api.New(api.Config{
		Chat: n.core, Passwords: passwords, Limiter: bell,
		LogInsPerAddr: rate(n.settings.RateLogins), LogInsPerAccount: rate(n.settings.RateLogins), Requests: rate(n.settings.RateAPI),
		SessionIdle: n.settings.SessionIdle, SessionLifetime: n.settings.SessionLifetime, Secret: secret,
		ClientAddr: proxies.ClientAddr, Secure: proxies.Secure, Leaving: n.leaving,
		Sockets: n.sockets, Live: n.live,
		Metrics: n.metrics.handler(),
		Observe: n.metrics.observe,
		Checks: []api.Check{
			{Name: "store", Ask: n.store.Ping},
			{Name: "serving", Ask: n.askServing},
		},
		Pages: adminui.Files(), OpenAPI: chatd.OpenAPI, AsyncAPI: chatd.AsyncAPI, Logger: n.log, Now: time.Now,
	})
	if err != nil {
		return fmt.Errorf("start the API: %w", err)
	}
	return nil
}

func (n *node) newSockets(ctx context.Context, proxies access.Proxies) (*ws.Server, error) {
	origins, err := access.NewOrigins(n.settings.AllowedOrigins, proxies)
	if err != nil {
		return nil, fmt.Errorf("CHATD_ALLOWED_ORIGINS: %w", err)
	}
	guests, err := n.newGuests(ctx)
	if err != nil {
		return nil, err
	}
	return ws.New(ctx, ws.Config{
		Service: n.core,
		Door:    access.NewDoor(access.DoorConfig{Tokens: n.tokens, Guests: guests, Origins: origins, Proxies: proxies}),
		Guests:  guests, Origins: origins, Proxies: proxies,
		Limits: socketLimits(n.settings), Heartbeat: n.settings.Heartbeat, Logger: n.log,
	})
}

func (n *node) newGuests(ctx context.Context) (*access.Guests, error) {
	secret, err := n.secret(ctx, guestSecret)
	if err != nil {
		return nil, err
	}
	return access.NewGuests(secret, time.Now)
}

// secret reads a secret that the first start makes.
func (n *node) secret(ctx context.Context, name string) ([]byte, error) {
	return n.store.Secret(ctx, name, func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return b, err
	})
}

func (n *node) askServing(context.Context) error {
	select {
	case <-n.leaving:
		return errors.New("the node is stopping")
	default:
		return nil
	}
}

// parts are what runs, in the order of starting; it stops in the reverse order.
func (n *node) parts(l net.Listener) []part {
	return []part{
		{"store", n.store.Run},
		{"tokens", n.tokens.Run},
		{"core", n.core.Run},
		{"sockets", n.sockets.Run},
		{"live figures", n.live.Run},
		{"api", n.api.Run},
		{"memory", returnMemory},
		{"http", func(ctx context.Context) error { return n.serve(ctx, l) }},
	}
}

func (n *node) serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { close(n.leaving) })
	defer stop()
	return serveHTTP(ctx, newHTTPServer(n.api, n.log), l, n.sockets.Drain, n.settings.ShutdownTimeout/2)
}

func (n *node) close() error { return n.store.Close() }

func openStore(ctx context.Context, s config.Settings, bell chat.Bell, log *slog.Logger) (*store.Store, error) {
	return store.Open(ctx, store.Config{
		DatabaseURL: string(s.DatabaseURL), DataDir: s.DataDir, Durability: store.Durability(s.Durability),
		Bell: bell, Logger: log, NewID: newID, Exclusive: true, // the broker in memory reaches no other node
		DrainTimeout: s.ShutdownTimeout / 4,
	})
}

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	chatd "github.com/chatd/chatd"
	"github.com/chatd/chatd/access"
	adminui "github.com/chatd/chatd/admin-ui"
	"github.com/chatd/chatd/api"
	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/config"
	"github.com/chatd/chatd/policies"
	"github.com/chatd/chatd/store"
)

// guestSecret names the secret of guests' identities in the database.
const guestSecret = "guests"

// node is everything, wired.
type node struct {
	settings config.Settings
	log      *slog.Logger
	store    *store.Store
	core     *chat.Service
	tokens   *access.Tokens
	metrics  *metrics
	handler  http.Handler
	leaving  atomic.Bool

	madePassword string
}

// newNode wires the packages together, in the order in which they need each other. It
// starts nothing; the caller closes it.
func newNode(ctx context.Context, s config.Settings, log *slog.Logger) (_ *node, err error) {
	n := &node{settings: s, log: log, metrics: newMetrics()}
	bell := broker.NewMemory(broker.Config{})
	if n.store, err = openStore(ctx, s, n.metrics.countCommits(bell), log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.store.Close())
		}
	}()
	judge, err := loadPolicies(s.PoliciesDir)
	if err != nil {
		return nil, err
	}
	n.core, err = chat.New(ctx, chat.Config{
		Log: n.store, Directory: n.store, Bell: bell, Presence: bell, Limiter: bell, Judge: judge,
		Limits: limits(s), Now: time.Now, NewID: newID, Logger: log,
	})
	if err != nil {
		return nil, fmt.Errorf("start the core: %w", err)
	}
	passwords := access.NewPasswords(runtime.GOMAXPROCS(0))
	if n.madePassword, err = firstStart(ctx, n.store, passwords, s, log); err != nil {
		return nil, err
	}
	if n.tokens, err = newTokens(s, log); err != nil {
		return nil, err
	}
	if err := n.openDoors(ctx, bell, passwords); err != nil {
		return nil, err
	}
	return n, nil
}

// openDoors makes what the network reaches.
func (n *node) openDoors(ctx context.Context, bell *broker.Memory, passwords *access.Passwords) error {
	proxies := access.Proxies(n.settings.TrustedProxies)
	door, origins, err := n.newDoor(ctx, proxies)
	if err != nil {
		return err
	}
	_, _ = door, origins
	n.handler, err = api.New(api.Config{
		Chat: n.core, Accounts: n.store, Passwords: passwords, Limiter: bell,
		LogInsPerAddr: rate(n.settings.RateLogins), LogInsPerAccount: rate(n.settings.RateLogins),
		ClientAddr: proxies.ClientAddr,
		Sockets:    http.NotFoundHandler(),
		Metrics:    n.metrics.handler(),
		Observe:    n.metrics.observe,
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

func (n *node) newDoor(ctx context.Context, proxies access.Proxies) (*access.Door, *access.Origins, error) {
	origins, err := access.NewOrigins(n.settings.AllowedOrigins, proxies)
	if err != nil {
		return nil, nil, fmt.Errorf("CHATD_ALLOWED_ORIGINS: %w", err)
	}
	secret, err := n.store.Secret(ctx, guestSecret, func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return b, err
	})
	if err != nil {
		return nil, nil, err
	}
	guests, err := access.NewGuests(secret, time.Now)
	if err != nil {
		return nil, nil, err
	}
	return access.NewDoor(access.DoorConfig{Tokens: n.tokens, Guests: guests, Origins: origins, Proxies: proxies}), origins, nil
}

func (n *node) askServing(context.Context) error {
	if n.leaving.Load() {
		return errors.New("the node is stopping")
	}
	return nil
}

// parts are what runs, in the order of starting; it stops in the reverse order.
func (n *node) parts(l net.Listener) []part {
	return []part{
		{"store", n.store.Run},
		{"tokens", n.tokens.Run},
		{"core", n.core.Run},
		{"http", func(ctx context.Context) error { return n.serve(ctx, l) }},
	}
}

func (n *node) serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { n.leaving.Store(true) })
	defer stop()
	return serveHTTP(ctx, newHTTPServer(n.handler, n.log), l, n.goodbye, n.settings.ShutdownTimeout/2)
}

func (n *node) goodbye(context.Context) error { return nil }

func (n *node) close() error { return n.store.Close() }

func openStore(ctx context.Context, s config.Settings, bell chat.Bell, log *slog.Logger) (*store.Store, error) {
	return store.Open(ctx, store.Config{
		DatabaseURL: string(s.DatabaseURL), DataDir: s.DataDir, Durability: store.Durability(s.Durability),
		Bell: bell, Logger: log, NewID: newID, Exclusive: true, // the broker in memory reaches no other node
		DrainTimeout: s.ShutdownTimeout / 4,
	})
}

// loadPolicies takes the operator's folder in the place of the built-in one.
func loadPolicies(dir string) (*policies.Set, error) {
	folder := fs.FS(policies.Builtin())
	if dir != "" {
		folder = os.DirFS(dir)
	}
	set, err := policies.Load(folder)
	if err != nil {
		return nil, fmt.Errorf("CHATD_POLICIES_DIR: %w", err)
	}
	return set, nil
}

func newTokens(s config.Settings, log *slog.Logger) (*access.Tokens, error) {
	c := access.TokenConfig{
		JWKSURL: s.JWKSURL, Algorithms: s.JWTAlgorithms, Issuer: s.JWTIssuer, Audience: s.JWTAudience, Log: log,
	}
	for _, secret := range []config.Secret{s.JWTSecret, s.JWTSecretPrevious} {
		if secret != "" {
			c.Secrets = append(c.Secrets, []byte(secret))
		}
	}
	if s.JWTPublicKeyFile != "" {
		keys, err := os.ReadFile(s.JWTPublicKeyFile)
		if err != nil {
			return nil, fmt.Errorf("CHATD_JWT_PUBLIC_KEY_FILE: %w", err)
		}
		c.PublicKeys = keys
	}
	tokens, err := access.NewTokens(c)
	if err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	return tokens, nil
}

func limits(s config.Settings) chat.Limits {
	l := chat.Limits{
		PostsPerUser: rate(s.RateMessagesUser), PostsPerAddr: rate(s.RateMessagesAddress),
		ActsPerUser: rate(s.RateActionsUser), SignalsPerUser: rate(s.RateActionsUser), ReadsPerUser: rate(s.RateActionsUser),
		JoinsPerAddr: rate(s.RateJoinsAddress), NewRoomsPerAddr: rate(s.RateNewRoomsAddress),
		RoomsByStaff: s.RoomCreation == "staff", RoomsMax: s.RoomsMax, EditWindow: s.EditWindow.For,
	}
	if s.EditWindow.Off {
		// Zero is for ever to the core; nobody is quick enough for this.
		l.EditWindow = time.Nanosecond
	}
	return l
}

func rate(r config.Rate) chat.Rate { return chat.Rate{Limit: r.Limit, Period: r.Period} }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// gate knows who may come in. Keys, sessions and accounts are looked up at each request: what is revoked is worthless at once.
type gate struct {
	accounts       chat.Accounts
	passwords      *access.Passwords
	throttle       *throttle
	proved         *proofs
	used           *lastUses
	idle, lifetime time.Duration
	now            func() time.Time
	newID          func() string
	logger         *slog.Logger
}

func newGate(c Config) *gate {
	return &gate{
		accounts: c.Chat.Accounts, passwords: c.Passwords,
		throttle: newThrottle(c), proved: newProofs(c.Now, proofFor), used: newLastUses(),
		idle: c.SessionIdle, lifetime: c.SessionLifetime, now: c.Now, newID: c.Chat.NewID, logger: c.Logger,
	}
}

// authenticate lets requests with an API key or a session pass, and those that nobody has to be known for.
func (g *gate) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c.Request().Context())
		if k.op.public {
			return next(c)
		}
		who, err := g.identify(k, c.Response().Header())
		if err != nil {
			return err
		}
		who.actor.Addr, who.actor.Agent = k.addr, agentOf(k.request)
		k.caller = who
		return next(c)
	}
}

// maxAgent bounds what is kept of a User-Agent, in bytes.
const maxAgent = 256

func agentOf(r *http.Request) string {
	agent := strings.ToValidUTF8(r.UserAgent(), "")
	return strings.ToValidUTF8(agent[:min(len(agent), maxAgent)], "")
}

func (g *gate) identify(k *call, answer http.Header) (caller, error) {
	header := k.request.Header.Values("Authorization")
	if token, ok := sessionToken(k); ok && len(header) == 0 {
		return g.bySession(k, answer, token)
	}
	if len(header) != 1 {
		return caller{}, chat.Refuse(chat.Unauthenticated, "credentials_missing",
			"Send an API key (Authorization: Bearer), or log in.")
	}
	if scheme, key, _ := strings.Cut(header[0], " "); strings.EqualFold(scheme, "Bearer") {
		return g.byKey(k.request.Context(), k.addr, strings.TrimSpace(key))
	}
	return caller{}, wrongCredentials()
}

func wrongCredentials() error {
	return chat.Refuse(chat.Unauthenticated, "credentials_invalid", "These credentials are not valid.")
}

func (g *gate) byKey(ctx context.Context, addr netip.Addr, secret string) (caller, error) {
	prefix, _, err := access.ParseKey(secret)
	if err != nil {
		return caller{}, wrongCredentials()
	}
	credentials := g.proved.of("key", secret)
	if !g.proved.has(credentials) {
		if err := g.throttle.secret(ctx, chat.AddrKey(addr)); err != nil {
			return caller{}, err
		}
	}
	k, err := g.accounts.KeyByPrefix(ctx, prefix)
	if err != nil && !chat.IsKind(err, chat.NotFound) {
		return caller{}, fmt.Errorf("find key: %w", err)
	}
	now := g.now()
	if err != nil || !opens(k, prefix, secret, now) || !k.RevokedAt.IsZero() {
		g.proved.forget(credentials) // the next try has its price again
		return caller{}, wrongCredentials()
	}
	if k.Expired(now) {
		return caller{}, chat.Refuse(chat.Unauthenticated, "key_expired", "This key has expired.")
	}
	g.proved.add(credentials)
	g.used.note(k.ID, now)
	return caller{actor: k.Actor(), kind: MeKindKey, key: k}, nil
}

// opens reports whether a secret is a key's, or the one before it while that still works.
func opens(k chat.APIKey, prefix, secret string, now time.Time) bool {
	if k.Prefix == prefix && access.CheckKey(secret, k.Hash) {
		return true
	}
	return k.OldPrefix == prefix && now.Before(k.OldUntil) && access.CheckKey(secret, k.OldHash)
}

// checkPassword refuses a password that doesn't have this hash. Of an account that doesn't
// exist the hash is empty: as slow, and never right.
func (g *gate) checkPassword(ctx context.Context, password, hash string) error {
	right, err := g.passwords.Check(ctx, password, hash)
	if err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	if !right {
		return wrongCredentials()
	}
	return nil
}

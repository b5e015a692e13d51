package api

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// maxAccount bounds an account's name in a request, in bytes.
const maxAccount = 64

// caller is who makes a request.
type caller struct {
	actor      chat.Actor
	kind       MeKind
	mustChange bool
}

type callerKey struct{}

// callerOf returns who makes a request that authenticate let pass.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// gate knows who may come in.
type gate struct {
	accounts   chat.Accounts
	passwords  *access.Passwords
	clientAddr func(*http.Request) netip.Addr
	throttle   *throttle
	proved     *proofs
}

func newGate(c Config) *gate {
	return &gate{
		accounts: c.Accounts, passwords: c.Passwords, clientAddr: c.ClientAddr,
		throttle: newThrottle(c), proved: newProofs(c.Now, proofFor),
	}
}

// authenticate lets requests with an API key or a staff account's password pass.
func (g *gate) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		who, err := g.identify(r)
		if err != nil {
			return err
		}
		who.actor.Role = chat.RoleStaff
		who.actor.Addr = g.clientAddr(r)
		who.actor.Agent = r.UserAgent()[:min(len(r.UserAgent()), 256)]
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), callerKey{}, who)))
		return next(c)
	}
}

func (g *gate) identify(r *http.Request) (caller, error) {
	header := r.Header.Values("Authorization")
	if len(header) != 1 {
		return caller{}, chat.Refuse(chat.Unauthenticated, "credentials_missing",
			"Send an API key (Authorization: Bearer) or a staff account's name and password (Authorization: Basic).")
	}
	addr := chat.AddrKey(g.clientAddr(r))
	if scheme, key, _ := strings.Cut(header[0], " "); strings.EqualFold(scheme, "Bearer") {
		return g.byKey(r.Context(), addr, strings.TrimSpace(key))
	}
	if name, password, ok := r.BasicAuth(); ok {
		return g.byPassword(r.Context(), addr, name, password)
	}
	return caller{}, wrongCredentials()
}

func wrongCredentials() error {
	return chat.Refuse(chat.Unauthenticated, "credentials_invalid", "These credentials are not valid.")
}

func (g *gate) byKey(ctx context.Context, addr, secret string) (caller, error) {
	prefix, _, err := access.ParseKey(secret)
	if err != nil {
		return caller{}, wrongCredentials()
	}
	credentials := g.proved.of("key", secret)
	was, remembered := g.proved.hash(credentials)
	if !remembered {
		if err := g.throttle.key(ctx, addr); err != nil {
			return caller{}, err
		}
	}
	k, err := g.accounts.KeyByPrefix(ctx, prefix)
	switch {
	case err != nil && !chat.IsKind(err, chat.NotFound):
		return caller{}, fmt.Errorf("find key: %w", err)
	case remembered && was != string(k.Hash): // taken back: no better than any other
		g.proved.forget(credentials)
		return g.byKey(ctx, addr, secret)
	case !remembered && !access.CheckKey(secret, k.Hash):
		return caller{}, wrongCredentials()
	}
	g.proved.add(credentials, string(k.Hash))
	return caller{actor: chat.Actor{ID: chat.UserID(chat.PrefixKey + k.ID), Name: k.Label}, kind: MeKindKey}, nil
}

func (g *gate) byPassword(ctx context.Context, addr, name, password string) (caller, error) {
	if len(name) > maxAccount {
		return caller{}, wrongCredentials()
	}
	credentials := g.proved.of("password", name, password)
	was, remembered := g.proved.hash(credentials)
	if !remembered {
		if err := g.throttle.password(ctx, addr, name); err != nil {
			return caller{}, err
		}
	}
	a, err := g.accounts.Staff(ctx, name)
	switch {
	case err != nil && !chat.IsKind(err, chat.NotFound):
		return caller{}, fmt.Errorf("find account: %w", err)
	case remembered && was != a.PasswordHash: // changed since: no better than any other
		g.proved.forget(credentials)
		return g.byPassword(ctx, addr, name, password)
	case !remembered:
		if err := g.checkPassword(ctx, password, a.PasswordHash); err != nil {
			return caller{}, err
		}
	}
	g.proved.add(credentials, a.PasswordHash)
	g.throttle.cameIn(addr, name)
	actor := chat.Actor{ID: chat.UserID(chat.PrefixStaff + a.Name), Name: a.Name}
	return caller{actor: actor, kind: MeKindStaff, mustChange: a.MustChange}, nil
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

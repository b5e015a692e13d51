package api

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// The log-ins that are checked where the configuration doesn't say. Each costs a password
// hash; what was right a moment ago costs none and isn't counted.
var (
	defaultLogInsPerAddr    = chat.Rate{Limit: 20, Period: time.Minute}
	defaultLogInsPerAccount = chat.Rate{Limit: 10, Period: time.Minute}
)

// keysPerLogIn is how many more keys than passwords an address may try: they are long, and
// many scripts may sit behind one address.
const keysPerLogIn = 10

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
	limiter    chat.Limiter
	perAddr    chat.Rate
	perAccount chat.Rate
	clientAddr func(*http.Request) netip.Addr
	proved     *proofs
}

func newGate(c Config) *gate {
	g := &gate{
		accounts: c.Accounts, passwords: c.Passwords, limiter: c.Limiter, perAddr: c.LogInsPerAddr,
		perAccount: c.LogInsPerAccount, clientAddr: c.ClientAddr, proved: newProofs(c.Now),
	}
	if g.perAddr.Limit == 0 {
		g.perAddr = defaultLogInsPerAddr
	}
	if g.perAccount.Limit == 0 {
		g.perAccount = defaultLogInsPerAccount
	}
	return g
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
	addr := access.AddrKey(g.clientAddr(r))
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
	k, err := g.accounts.KeyByPrefix(ctx, prefix)
	if err != nil && !chat.IsKind(err, chat.NotFound) {
		return caller{}, fmt.Errorf("find key: %w", err)
	}
	proof := g.proved.of("key", secret, string(k.Hash))
	if !g.proved.has(proof) {
		tries := chat.Rate{Limit: keysPerLogIn * g.perAddr.Limit, Period: g.perAddr.Period}
		if err := g.spend(ctx, "login:k:"+addr, tries); err != nil {
			return caller{}, err
		}
		if !access.CheckKey(secret, k.Hash) {
			return caller{}, wrongCredentials()
		}
		g.proved.add(proof)
	}
	return caller{actor: chat.Actor{ID: chat.UserID(chat.PrefixKey + k.ID), Name: k.Label}, kind: MeKindKey}, nil
}

func (g *gate) byPassword(ctx context.Context, addr, name, password string) (caller, error) {
	if len(name) > maxAccount {
		return caller{}, wrongCredentials()
	}
	a, err := g.accounts.Staff(ctx, name)
	if err != nil && !chat.IsKind(err, chat.NotFound) {
		return caller{}, fmt.Errorf("find account: %w", err)
	}
	proof := g.proved.of("password", name, password, a.PasswordHash)
	if !g.proved.has(proof) {
		if err := g.spend(ctx, "login:a:"+addr, g.perAddr); err != nil {
			return caller{}, err
		}
		if err := g.spend(ctx, "login:n:"+name, g.perAccount); err != nil {
			return caller{}, err
		}
		// Of an account that doesn't exist the hash is empty: as slow, and never right.
		right, err := g.passwords.Check(ctx, password, a.PasswordHash)
		if err != nil {
			return caller{}, fmt.Errorf("check password: %w", err)
		}
		if !right {
			return caller{}, wrongCredentials()
		}
		g.proved.add(proof)
	}
	actor := chat.Actor{ID: chat.UserID(chat.PrefixStaff + a.Name), Name: a.Name}
	return caller{actor: actor, kind: MeKindStaff, mustChange: a.MustChange}, nil
}

func (g *gate) spend(ctx context.Context, key string, r chat.Rate) error {
	wait, err := g.limiter.Take(ctx, key, r)
	if err != nil {
		return fmt.Errorf("limit log-ins: %w", err)
	}
	if wait > 0 {
		return chat.Refuse(chat.RateLimited, "too_many_log_ins", "Too many log-ins; wait.").After(wait)
	}
	return nil
}

package access

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/chatd/chatd/chat"
)

// Leeway is how far the clocks of two machines may differ, by default.
const Leeway = 60 * time.Second

// maxToken bounds a user's token, in bytes.
const maxToken = 8 << 10

// The signing algorithms that chatd knows (RFC 7518 section 3, RFC 8037 section 3.1).
const (
	HS256 = "HS256"
	RS256 = "RS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// TokenConfig says which tokens are believed.
type TokenConfig struct {
	Secrets    [][]byte // for HS256; two while one is rotated
	PublicKeys []byte   // PEM, any number of public keys or certificates; each serves the one algorithm of its type
	JWKSURL    string   // address of a JWK Set (RFC 7517 section 5); empty: none
	// Algorithms are the ones allowed; empty: those that Secrets and PublicKeys serve,
	// and RS256, ES256 and EdDSA where there is a JWKSURL.
	Algorithms []string
	Issuer     string        // what iss must be; empty: not checked
	Audience   string        // what aud must hold; empty: not checked
	Leeway     time.Duration // zero: 60 s
	Clock      func() time.Time
	Log        *slog.Logger // nil: none
	Client     *http.Client // for the JWK Set; nil: one with timeouts
}

// Tokens verifies the tokens of signed-in users.
type Tokens struct {
	keys    []key // of the configuration
	remote  *jwks // nil: none
	algs    []string
	issuer  string
	leeway  time.Duration
	now     func() time.Time
	parser  *jwt.Parser
	enabled bool
}

// NewTokens checks the keys. It fetches nothing and starts nothing; see Run.
func NewTokens(c TokenConfig) (*Tokens, error) {
	c = c.withDefaults()
	t := &Tokens{issuer: c.Issuer, leeway: c.Leeway, now: c.Clock}
	for _, s := range c.Secrets {
		if len(s) == 0 {
			return nil, errors.New("an empty secret is no key")
		}
		t.keys = append(t.keys, key{alg: HS256, public: s})
	}
	public, err := parsePublicKeys(c.PublicKeys)
	if err != nil {
		return nil, err
	}
	t.keys = append(t.keys, public...)
	if c.JWKSURL != "" {
		if t.remote, err = newJWKS(c); err != nil {
			return nil, err
		}
	}
	if t.algs, err = allowedAlgorithms(c.Algorithms, t.keys, t.remote != nil); err != nil {
		return nil, err
	}
	t.enabled = len(t.keys) > 0 || t.remote != nil
	t.parser = newParser(c, t.algs)
	return t, nil
}

func (c TokenConfig) withDefaults() TokenConfig {
	if c.Leeway == 0 {
		c.Leeway = Leeway
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func newParser(c TokenConfig, algs []string) *jwt.Parser {
	opts := []jwt.ParserOption{
		jwt.WithValidMethods(algs), jwt.WithStrictDecoding(), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithLeeway(c.Leeway), jwt.WithTimeFunc(c.Clock),
	}
	if c.Issuer != "" {
		opts = append(opts, jwt.WithIssuer(c.Issuer))
	}
	if c.Audience != "" {
		opts = append(opts, jwt.WithAudience(c.Audience))
	}
	return jwt.NewParser(opts...)
}

// Enabled reports whether any key is configured.
func (t *Tokens) Enabled() bool { return t.enabled }

// Run keeps the keys of the JWKS address fresh until ctx ends; it returns at once where
// there is no such address. A host that is down is asked again and logged, never an error.
func (t *Tokens) Run(ctx context.Context) error {
	if t.remote != nil {
		t.remote.run(ctx)
	}
	return nil
}

// Verify returns who a token says its bearer is, without address and agent.
// Expires is exp, or exp and the leeway for a token that only the leeway saves.
//
// Refusals, all Unauthenticated: token_invalid, token_expired, token_not_yet_valid,
// sign_in_off (no key is configured). Unavailable: sign_in_unavailable, where the keys
// could not be fetched yet.
func (t *Tokens) Verify(ctx context.Context, token string) (chat.Actor, error) {
	if !t.enabled {
		return chat.Actor{}, chat.Refuse(chat.Unauthenticated, "sign_in_off", "This server takes no tokens: sign-in is not set up.")
	}
	if token == "" || len(token) > maxToken {
		return chat.Actor{}, invalid("The token is empty or longer than %d bytes.", maxToken)
	}
	var c claims
	_, err := t.parser.ParseWithClaims(token, &c, func(tok *jwt.Token) (any, error) {
		return t.keysFor(ctx, tok)
	})
	if err != nil {
		return chat.Actor{}, explain(err)
	}
	a := chat.Actor{ID: chat.UserID(chat.PrefixUser + c.sub), Name: c.displayName(), Role: c.role, Rooms: c.rooms, Expires: c.exp.Time}
	a.Claims = c.others
	if c.iat != nil {
		a.Issued = c.iat.Time
	}
	if !t.now().Before(a.Expires) {
		a.Expires = a.Expires.Add(t.leeway)
	}
	return a, nil
}

// keysFor returns the keys that may have signed a token: those of its algorithm, which
// the parser has found to be allowed.
func (t *Tokens) keysFor(ctx context.Context, tok *jwt.Token) (any, error) {
	h, err := parseHeader(tok.Raw)
	if err != nil {
		return nil, err
	}
	// The library compares no curve and no key size: that is done where keys are read.
	set := jwt.VerificationKeySet{}
	for _, k := range t.keys {
		if k.alg == h.alg {
			set.Keys = append(set.Keys, k.public)
		}
	}
	if t.remote == nil || h.alg == HS256 {
		return nonEmpty(set)
	}
	remote, err := t.remote.find(ctx, h.alg, h.kid)
	if err != nil && len(set.Keys) == 0 {
		return nil, err
	}
	for _, k := range remote {
		set.Keys = append(set.Keys, k.public)
	}
	return nonEmpty(set)
}

func nonEmpty(set jwt.VerificationKeySet) (any, error) {
	if len(set.Keys) == 0 {
		return nil, invalid("No key of this server matches the token's algorithm and key id.")
	}
	return set, nil
}

func invalid(format string, args ...any) *chat.Error {
	return chat.Refuse(chat.Unauthenticated, "token_invalid", format, args...)
}

// explain turns the library's errors into refusals. The first match wins: what is wrong
// with the signature is told before what the claims say.
func explain(err error) error {
	var e *chat.Error
	if errors.As(err, &e) {
		return e
	}
	for _, r := range tokenRefusals {
		if errors.Is(err, r.is) {
			return r.refusal
		}
	}
	return invalid("The token could not be verified.")
}

var tokenRefusals = []struct {
	is      error
	refusal *chat.Error
}{
	{jwt.ErrTokenMalformed, invalid("The token is not a well-formed JWT.")},
	{jwt.ErrTokenUnverifiable, invalid("The token's algorithm is not one that this server accepts.")},
	{jwt.ErrTokenSignatureInvalid, invalid("The token's signature or its algorithm doesn't match a key of this server.")},
	{jwt.ErrTokenRequiredClaimMissing, invalid("The token lacks a claim: exp is required, and iss and aud where this server checks them.")},
	{jwt.ErrTokenInvalidAudience, invalid("The token's aud claim is not this server's.")},
	{jwt.ErrTokenInvalidIssuer, invalid("The token's iss claim is not the one that this server accepts.")},
	{jwt.ErrTokenExpired, chat.Refuse(chat.Unauthenticated, "token_expired", "The token has expired. Sign in again.")},
	{jwt.ErrTokenNotValidYet, chat.Refuse(chat.Unauthenticated, "token_not_yet_valid", "The token is not valid yet: its nbf claim lies in the future.")},
	{jwt.ErrTokenUsedBeforeIssued, chat.Refuse(chat.Unauthenticated, "token_not_yet_valid", "The token is not valid yet: its iat claim lies in the future.")},
}

// allowedAlgorithms checks the ones asked for, or derives them from the keys.
func allowedAlgorithms(want []string, keys []key, remote bool) ([]string, error) {
	served := []string{}
	for _, k := range keys {
		served = append(served, k.alg)
	}
	if remote {
		served = append(served, RS256, ES256, EdDSA)
	}
	slices.Sort(served)
	served = slices.Compact(served)
	if len(want) == 0 {
		return served, nil
	}
	for _, alg := range want {
		if !slices.Contains(served, alg) {
			return nil, errors.New("algorithm " + alg + " is allowed but no key serves it")
		}
	}
	return slices.Clone(want), nil
}

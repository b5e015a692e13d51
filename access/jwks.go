package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"

	"github.com/chatd/chatd/chat"
)

const (
	jwksFresh     = 15 * time.Minute // between two refreshes that succeed
	jwksUnknown   = 30 * time.Second // least time between two fetches for unknown key ids
	jwksRetry     = time.Second      // after a failure; doubles up to jwksRetryMax
	jwksRetryMax  = time.Minute
	jwksTimeout   = 5 * time.Second // of one fetch
	maxJWKS       = 1 << 20         // bytes
	maxJWKSKeys   = 100
	maxJWKSDetour = 3 // redirects
)

// jwks holds the keys that stand at an address. The last keys fetched stay in use while
// the host is down.
//
// jwkset parses the keys; its storage isn't used, because it starts its goroutine in the
// constructor, reads bodies of any size, and drops a whole set for one key that it
// doesn't like (jwkset v0.11.4, storage.go).
type jwks struct {
	url    string
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	fetching chan struct{} // held by who fetches: one at a time

	mu      sync.Mutex
	keys    []key     // guarded by mu
	fetched time.Time // guarded by mu; zero: never
	tried   time.Time // guarded by mu
	fails   int       // guarded by mu; in a row
}

func newJWKS(c TokenConfig) (*jwks, error) {
	u, err := url.Parse(c.JWKSURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the JWKS address must be an http or https URL")
	}
	client := c.Client
	if client == nil {
		client = &http.Client{Timeout: jwksTimeout}
	}
	guarded := *client
	guarded.CheckRedirect = checkRedirect
	return &jwks{url: c.JWKSURL, client: &guarded, now: c.Clock, log: c.Log, fetching: make(chan struct{}, 1)}, nil
}

// checkRedirect follows a few, and none from https to http.
func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) >= maxJWKSDetour || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return errors.New("too many redirects, or one to an insecure address")
	}
	return nil
}

// run refreshes until ctx ends.
func (j *jwks) run(ctx context.Context) {
	for {
		j.mu.Lock()
		wait := j.wait()
		j.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			if j.refresh(ctx, ctx, func() bool { return j.wait() <= 0 }) != nil {
				return
			}
		}
	}
}

// wait is how long the next refresh has to wait. mu is held.
func (j *jwks) wait() time.Duration {
	switch {
	case j.tried.IsZero():
		return 0
	case j.fails > 0:
		return j.tried.Add(j.backoff()).Sub(j.now())
	}
	return j.fetched.Add(jwksFresh).Sub(j.now())
}

// backoff is the pause after the present row of failures. mu is held.
func (j *jwks) backoff() time.Duration {
	return min(jwksRetry<<min(max(j.fails-1, 0), 10), jwksRetryMax)
}

// find returns the keys for an algorithm and key id; with an empty kid, all keys for the
// algorithm. An unknown kid makes it fetch, but not for ever and not for everyone: who
// invents key ids costs one fetch in 30 s.
func (j *jwks) find(ctx context.Context, alg, kid string) ([]key, error) {
	if found, _ := j.lookUp(alg, kid); len(found) > 0 {
		return found, nil
	}
	// Whoever hangs up doesn't end the fetch: else hanging up would make every fetch free.
	if err := j.refresh(ctx, context.WithoutCancel(ctx), j.mayFetchUnknown); err != nil {
		return nil, err
	}
	found, known := j.lookUp(alg, kid)
	if !known {
		return nil, chat.Refuse(chat.Unavailable, "sign_in_unavailable",
			"The keys that verify sign-in can't be fetched at the moment.").After(jwksRetry * 5)
	}
	return found, nil
}

// lookUp also reports whether any keys were ever fetched.
func (j *jwks) lookUp(alg, kid string) (found []key, known bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, k := range j.keys {
		if k.alg == alg && (kid == "" || k.kid == kid || k.kid == "") {
			found = append(found, k)
		}
	}
	return found, !j.fetched.IsZero()
}

// mayFetchUnknown reports whether an unknown key id may cause a fetch now. mu is held.
func (j *jwks) mayFetchUnknown() bool {
	if j.fails > 0 || j.tried.IsZero() {
		return j.wait() <= 0
	}
	return j.now().Sub(j.tried) >= jwksUnknown
}

// refresh fetches the keys, within ctx, where due still says so once it is this
// caller's turn. due is called with mu held. An error means that wait has ended; a fetch
// that fails is logged.
func (j *jwks) refresh(wait, ctx context.Context, due func() bool) error {
	select {
	case j.fetching <- struct{}{}:
		defer func() { <-j.fetching }()
	case <-wait.Done():
		return wait.Err()
	}
	j.mu.Lock()
	now := due()
	j.mu.Unlock()
	if !now {
		return nil
	}
	keys, err := j.fetch(ctx)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the server stops: that says nothing about the host
	}
	j.tried = j.now()
	if err != nil {
		j.fails++
		j.log.LogAttrs(ctx, slog.LevelWarn, "can't fetch the keys that verify sign-in; trying again",
			slog.String("url", ScrubURL(j.url)), slog.Any("error", err),
			slog.Int("attempts", j.fails), slog.Duration("again_in", j.backoff()), slog.Int("keys_kept", len(j.keys)))
		return nil
	}
	if j.fails > 0 || len(keys) != len(j.keys) {
		j.log.LogAttrs(ctx, slog.LevelInfo, "fetched the keys that verify sign-in", slog.Int("keys", len(keys)))
	}
	j.keys, j.fetched, j.fails = keys, j.tried, 0
	return nil
}

func (j *jwks) fetch(ctx context.Context) ([]key, error) {
	ctx, cancel := context.WithTimeout(ctx, jwksTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, j.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := j.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d, want 200", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxJWKS+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxJWKS {
		return nil, fmt.Errorf("more than %d bytes", maxJWKS)
	}
	return parseJWKS(b)
}

// parseJWKS takes the keys that chatd can use and passes over the others.
func parseJWKS(b []byte) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, errors.New("not a JWK Set")
	}
	if len(set.Keys) > maxJWKSKeys {
		return nil, fmt.Errorf("%d keys, at most %d are accepted", len(set.Keys), maxJWKSKeys)
	}
	var keys []key
	for _, raw := range set.Keys {
		if k, ok := parseJWK(raw); ok {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("no key in it that RS256, ES256 or EdDSA can use")
	}
	return keys, nil
}

func parseJWK(raw json.RawMessage) (key, bool) {
	// Private stays false: symmetric keys are passed over, private parts dropped.
	jwk, err := jwkset.NewJWKFromRawJSON(raw, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return key{}, false
	}
	m := jwk.Marshal()
	alg, err := algorithmOf(jwk.Key())
	usable := err == nil &&
		(m.ALG == "" || string(m.ALG) == alg || m.ALG == "Ed25519" && alg == EdDSA) &&
		(m.USE == "" || m.USE == jwkset.UseSig) &&
		(len(m.KEYOPS) == 0 || slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify)) &&
		len(m.KID) <= maxKID
	return key{alg: alg, kid: m.KID, public: jwk.Key()}, usable
}

package access

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"

	"github.com/chatd/chatd/chat"
)

// issuer is a site that serves its keys.
type issuer struct {
	*httptest.Server
	fetches atomic.Int64
	mu      sync.Mutex
	status  int    // guarded by mu
	body    string // guarded by mu
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{status: http.StatusOK}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.fetches.Add(1)
		i.mu.Lock()
		defer i.mu.Unlock()
		w.WriteHeader(i.status)
		fmt.Fprint(w, i.body)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) serve(status int, keys ...string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.body = status, `{"keys":[`+strings.Join(keys, ",")+`]}`
}

func jwk(t *testing.T, key any, meta jwkset.JWKMetadataOptions) string {
	t.Helper()
	j, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{Metadata: meta})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(j.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// clock is moved by the tests.
type clock struct{ ns atomic.Int64 }

func newClock() *clock { c := &clock{}; c.ns.Store(noon.UnixNano()); return c }

func (c *clock) now() time.Time       { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.ns.Add(int64(d)) }

func remoteTokens(t *testing.T, i *issuer, c *clock, log *slog.Logger) *Tokens {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	tokens, err := NewTokens(TokenConfig{JWKSURL: i.URL + "/jwks?token=hush", Clock: c.now, Client: client, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func esToken(key *ecdsa.PrivateKey, kid string) string {
	return es(key, 32, fmt.Sprintf(`{"alg":"ES256","kid":%q}`, kid), claimsOf(""))
}

func wantCode(t *testing.T, tokens *Tokens, token, want string) {
	t.Helper()
	if _, err := tokens.Verify(t.Context(), token); chat.CodeOf(err) != want {
		t.Fatalf("got %v, want %q", err, want)
	}
}

func (i *issuer) wantFetches(t *testing.T, want int64) {
	t.Helper()
	if got := i.fetches.Load(); got != want {
		t.Fatalf("got %d fetches, want %d", got, want)
	}
}

func TestJWKSRotation(t *testing.T) {
	i, c := newIssuer(t), newClock()
	tokens := remoteTokens(t, i, c, nil)
	i.wantFetches(t, 0) // the constructor fetches nothing
	k := keysOnce()
	next, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)

	i.serve(http.StatusOK, jwk(t, k.p256.Public(), jwkset.JWKMetadataOptions{KID: "1", ALG: jwkset.AlgES256, USE: jwkset.UseSig}))
	wantCode(t, tokens, esToken(k.p256, "1"), "")
	wantCode(t, tokens, esToken(k.p256, "1"), "")
	i.wantFetches(t, 1) // cached

	i.serve(http.StatusOK, jwk(t, next.Public(), jwkset.JWKMetadataOptions{KID: "2"}))
	for range 20 {
		wantCode(t, tokens, esToken(next, "2"), "token_invalid")
	}
	i.wantFetches(t, 1) // unknown key ids don't make it ask again so soon
	c.pass(jwksUnknown)
	wantCode(t, tokens, esToken(next, "2"), "")
	i.wantFetches(t, 2)
	wantCode(t, tokens, esToken(k.p256, "1"), "token_invalid") // the old key is gone
	wantCode(t, tokens, esToken(k.p256, "2"), "token_invalid") // the new name doesn't help it
	i.wantFetches(t, 2)
	wantCode(t, tokens, es(next, 32, `{"alg":"ES256"}`, claimsOf("")), "") // without a key id all are tried
	wantCode(t, tokens, hs256([]byte(""), `{"alg":"HS256","kid":"2"}`, claimsOf("")), "token_invalid")
}

func TestJWKSDown(t *testing.T) {
	i, c := newIssuer(t), newClock()
	var log bytes.Buffer
	tokens := remoteTokens(t, i, c, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: ReplaceAttr})))
	k := keysOnce()
	good := jwk(t, k.p256.Public(), jwkset.JWKMetadataOptions{KID: "1"})

	i.serve(http.StatusBadGateway)
	_, err := tokens.Verify(t.Context(), esToken(k.p256, "1"))
	if e := chat.AsError(err); e.Code != "sign_in_unavailable" || e.Kind != chat.Unavailable || e.RetryAfter <= 0 {
		t.Fatalf("got %v, want sign_in_unavailable and how long to wait", err)
	}
	if got := log.String(); !strings.Contains(got, "status 502") || strings.Contains(got, "hush") {
		t.Errorf("got log %q, want the status and not the address's secret", got)
	}
	i.serve(http.StatusOK, good)
	wantCode(t, tokens, esToken(k.p256, "1"), "sign_in_unavailable") // not asked again at once
	i.wantFetches(t, 1)
	c.pass(jwksRetry)
	wantCode(t, tokens, esToken(k.p256, "1"), "")
	i.wantFetches(t, 2)

	for _, body := range []string{"", "no JSON", `{"keys":[]}`, `{"keys":{}}`, `{"keys":[` + strings.Repeat(" ", maxJWKS) + `]}`} {
		i.mu.Lock()
		i.body = body
		i.mu.Unlock()
		c.pass(2 * jwksRetryMax)
		wantCode(t, tokens, esToken(k.p256, "unknown"), "token_invalid")
		wantCode(t, tokens, esToken(k.p256, "1"), "") // the last good keys stay
	}
	i.wantFetches(t, 7)
	i.Close()
	c.pass(2 * jwksRetryMax)
	wantCode(t, tokens, esToken(k.p256, "unknown"), "token_invalid")
	wantCode(t, tokens, esToken(k.p256, "1"), "")
}

func TestJWKSPassesOverBadKeys(t *testing.T) {
	i, c := newIssuer(t), newClock()
	tokens := remoteTokens(t, i, c, nil)
	k := keysOnce()
	_, spare, _ := ed25519.GenerateKey(rand.Reader)
	i.serve(http.StatusOK,
		`{"kty":"oct","kid":"sym","alg":"HS256","k":"c2VjcmV0"}`, `{"kty":"EC"}`, `"x"`, `{"kty":"NEW","kid":"n"}`,
		jwk(t, k.p384.Public(), jwkset.JWKMetadataOptions{KID: "p384"}),
		jwk(t, spare.Public(), jwkset.JWKMetadataOptions{KID: "enc", USE: jwkset.UseEnc}),
		jwk(t, k.rsa.Public(), jwkset.JWKMetadataOptions{KID: "ps", ALG: jwkset.AlgPS256}),
		jwk(t, k.ed.Public(), jwkset.JWKMetadataOptions{KID: "ed"}),
	)
	wantCode(t, tokens, eddsa(k.ed, `{"alg":"EdDSA","kid":"ed"}`, claimsOf("")), "")
	wantCode(t, tokens, hs256([]byte("secret"), `{"alg":"HS256","kid":"sym"}`, claimsOf("")), "token_invalid")
	wantCode(t, tokens, es(k.p384, 48, `{"alg":"ES256","kid":"p384"}`, claimsOf("")), "token_invalid")
	wantCode(t, tokens, eddsa(spare, `{"alg":"EdDSA","kid":"enc"}`, claimsOf("")), "token_invalid")
	wantCode(t, tokens, rs256(k.rsa, `{"alg":"RS256","kid":"ps"}`, claimsOf("")), "token_invalid")
}

func TestJWKSManyAtOnceFetchOnce(t *testing.T) {
	i, c := newIssuer(t), newClock()
	tokens := remoteTokens(t, i, c, nil)
	k := keysOnce()
	i.serve(http.StatusOK, jwk(t, k.p256.Public(), jwkset.JWKMetadataOptions{KID: "1"}))
	token := esToken(k.p256, "1")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := tokens.Verify(t.Context(), token); err != nil {
				t.Errorf("Verify: %v", err)
			}
		})
	}
	all.Wait()
	i.wantFetches(t, 1)

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 5 { // who hangs up still uses up the turn
		_, _ = tokens.Verify(gone, esToken(k.p256, "x"))
		c.pass(jwksUnknown)
	}
	if got := i.fetches.Load(); got > 6 {
		t.Errorf("got %d fetches, want one a turn", got)
	}
}

func TestJWKSRun(t *testing.T) {
	i, c := newIssuer(t), newClock()
	tokens := remoteTokens(t, i, c, nil)
	k := keysOnce()
	i.serve(http.StatusOK, jwk(t, k.p256.Public(), jwkset.JWKMetadataOptions{KID: "1"}))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tokens.Run(ctx) }()
	for end := time.Now().Add(5 * time.Second); i.fetches.Load() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // another goroutine fetches over a real socket
	}
	wantCode(t, tokens, esToken(k.p256, "1"), "")
	i.wantFetches(t, 1) // Run fetched at its start
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run did not return when its context had ended")
	}
}

func TestJWKSRedirects(t *testing.T) {
	req := func(url string) *http.Request { r, _ := http.NewRequest(http.MethodGet, url, nil); return r }
	https, plain := req("https://a/"), req("http://a/")
	if err := checkRedirect(plain, []*http.Request{https}); err == nil {
		t.Error("from https to http: got no error")
	}
	if err := checkRedirect(https, []*http.Request{plain}); err != nil {
		t.Errorf("from http to https: %v", err)
	}
	if err := checkRedirect(https, []*http.Request{https, https, https}); err == nil {
		t.Error("a fourth redirect: got no error")
	}
}

func TestRunWithoutAddress(t *testing.T) {
	tokens := newTokens(t, TokenConfig{Secrets: [][]byte{secret}})
	if err := tokens.Run(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
}

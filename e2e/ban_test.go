package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/chatd/chatd/client"
	"github.com/chatd/chatd/client/rest"
)

// TestBanHolds bans a guest over the API: all their sessions end, one that never reads included, and they stay out,
// whatever they say their address is.
func TestBanHolds(t *testing.T) {
	for name, env := range map[string][]string{
		"directly": {withKey}, "behind a trusted proxy": {withKey, "CHATD_TRUSTED_PROXIES=127.0.0.1"},
	} {
		direct := len(env) == 1
		t.Run(name, func(t *testing.T) {
			p := start(t, sqlite, env...)
			api := p.rest(t)
			real := behind("203.0.113.7")
			first := p.dial(t, client.Options{Name: "Mallory", HTTPHeader: real})
			join(t, first, "lobby")
			token := first.GuestToken()
			others := []*client.Client{first}
			for range 3 {
				c := p.dial(t, client.Options{GuestToken: token, HTTPHeader: real})
				join(t, c, "lobby")
				others = append(others, c)
			}
			deaf := p.deafAs(t, "lobby", token, real)
			open := p.metric(t, "chatd_connections")
			began := time.Now()

			must[rest.MakeSanctionResponse](t, "ban")(api.MakeSanctionWithResponse(t.Context(), nil, rest.SanctionDraft{
				Target: &rest.TargetDraft{User: new(first.User().ID)}, Effect: rest.EffectBan, Reason: new("Enough.")}))

			eventually(t, second, "all their sessions are gone", func() bool { return p.metric(t, "chatd_connections") <= open-5 })
			t.Logf("5 sessions, one of which never reads, were gone after %v", time.Since(began))
			for _, c := range others {
				bannedFor(t, c)
			}
			deaf.CloseNow()
			if direct {
				// Tests come from this machine itself, which a guest's ban spares unless it is told to.
				must[rest.MakeSanctionResponse](t, "ban of the address")(api.MakeSanctionWithResponse(t.Context(), &rest.MakeSanctionParams{XReason: new("a test")},
					rest.SanctionDraft{Target: &rest.TargetDraft{Address: new("127.0.0.1")}, Effect: rest.EffectBan, Force: new(true)}))
			}
			p.staysOut(t, token)
		})
	}
}

// bannedFor wants a client to have been told why it is out.
func bannedFor(t *testing.T, c *client.Client) {
	t.Helper()
	for range c.Events(within(t, second)) { // to its end
	}
	var ended *client.CloseError
	if err := c.Err(); !errors.As(err, &ended) || ended.Code != 4500 {
		t.Errorf("a session of the banned ended with %v, want 4500", err)
	}
}

// staysOut comes back in 200 ways: with the token and without, and with ever new words of the client about
// its address, before those of the proxy.
func (p *program) staysOut(t *testing.T, token string) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	ways := map[string]int{}
	gate := make(chan struct{}, 16)
	for i := range 200 {
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			o := client.Options{HTTPHeader: http.Header{"X-Forwarded-For": {fmt.Sprintf("198.51.100.%d, 203.0.113.7", i)}}}
			if i%2 == 0 {
				o.GuestToken = token
			}
			code := "joined"
			c, err := p.tryDial(t, o)
			if err == nil {
				_, err = c.Join(within(t, 20*time.Second), "lobby")
				c.Close()
			}
			var refusal *client.Error
			var ended *client.CloseError
			switch {
			case errors.As(err, &refusal):
				code = refusal.Code
			case errors.As(err, &ended):
				code = fmt.Sprint(ended.Code)
			case err != nil:
				code = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			ways[code]++
		})
	}
	wg.Wait()
	// Without the token it is another guest on the same address: that one must sign in.
	for code, n := range ways {
		switch code {
		case "banned", "4500", "sign_in_required", "4505":
		default:
			t.Errorf("%d of 200 ways back: %s", n, code)
		}
	}
	t.Logf("200 ways back: %v", ways)
}

// deafAs is a session of a guest that has joined and never reads.
func (p *program) deafAs(t *testing.T, room, token string, h http.Header) *websocket.Conn {
	t.Helper()
	conn, resp, err := websocket.Dial(within(t, 20*time.Second), "ws://"+p.addr+"/ws/chat/"+room+"?token="+token, &websocket.DialOptions{
		Subprotocols: []string{"chatd.v1"}, HTTPHeader: h,
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		resp.Body.Close()
	}
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}

// TestBanOfAnAddress hits whoever is behind it, signed in or not, and nobody beside it.
func TestBanOfAnAddress(t *testing.T) {
	p := start(t, sqlite, withKey, "CHATD_TRUSTED_PROXIES=127.0.0.1")
	api := p.rest(t)
	inside := p.guest(t, "Inside", "198.51.100.77")
	ann := p.dial(t, client.Options{Token: user(t, "ann"), HTTPHeader: behind("198.51.100.78")})
	beside := p.guest(t, "Beside", "198.51.101.1")
	for _, c := range []*client.Client{inside, ann, beside} {
		join(t, c, "lobby")
	}
	draft := rest.SanctionDraft{Target: &rest.TargetDraft{Address: new("198.51.100.0/24")}, Effect: rest.EffectBan, DurationSeconds: new(int64(3600))}
	dry := must[rest.MakeSanctionResponse](t, "dry run")(api.MakeSanctionWithResponse(t.Context(), &rest.MakeSanctionParams{DryRun: new(true)}, draft))
	if i := dry.JSON200.Impact; i.Sessions != 2 || i.SignedIn != 1 || i.Guests != 1 {
		t.Errorf("the dry run says %+v, want two sessions, of a guest and of one who is signed in", i)
	}
	post(t, inside, "lobby", "still here") // a dry run changes nothing

	must[rest.MakeSanctionResponse](t, "ban")(api.MakeSanctionWithResponse(t.Context(), nil, draft))

	bannedFor(t, inside)
	bannedFor(t, ann)
	post(t, beside, "lobby", "I am somebody else")
	_, err := api.MakeSanctionWithResponse(t.Context(), nil, rest.SanctionDraft{
		Target: &rest.TargetDraft{Address: new("127.0.0.1")}, Effect: rest.EffectBan, DurationSeconds: new(int64(60))})
	refusedWith(t, "a ban of the proxy", err, "target_protected")
}

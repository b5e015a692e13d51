package e2e

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/chatd/chatd/client"
)

// TestWaysToSignIn shows that a token works as a header, as a query parameter and as a
// frame, and that none of them, nor any other secret, reaches the log.
func TestWaysToSignIn(t *testing.T) {
	const apiKey = "planted-key-of-the-operator"
	p := start(t, sqlite, "CHATD_LOG_LEVEL=debug", "CHATD_ADMIN_PASSWORD=planted-password-of-staff", "CHATD_API_KEY="+apiKey)
	var secrets []string
	token := func(sub string) string {
		s := mint(t, sub, nil)
		secrets = append(secrets, s)
		return s
	}

	b := p.bare(t, "/ws", token("header"))
	wantUser(t, b.next("welcome"), "u:header", "user")
	b = p.bare(t, "/ws?token="+url.QueryEscape(token("query")), "")
	wantUser(t, b.next("welcome"), "u:query", "user")
	b = p.bare(t, "/ws", "")
	guest := b.next("welcome")
	secrets = append(secrets, guest["guest_token"].(string))
	ack := b.done("auth", map[string]any{"token": token("frame")})
	wantUser(t, ack, "u:frame", "user")
	if ack["expires_at"] == nil {
		t.Errorf("got %v, want expires_at", ack)
	}
	b.done("join", map[string]any{"room": "general"})
	b.done("post", map[string]any{"room": "general", "text": "hello"})
	if m := b.next("message")["message"].(map[string]any); m["from"].(map[string]any)["id"] != "u:frame" {
		t.Errorf("got a message %v, want one from u:frame", m)
	}
	x := p.plain(t, "general?token="+url.QueryEscape(token("plain")), nil)
	x.receive()
	x.send("hello")
	if got := x.receive(); got["client_id"] != "u:plain" {
		t.Errorf("got %v, want it from u:plain", got)
	}
	secrets = append(secrets, p.plain(t, "general", nil).cookie.Value)
	p.bare(t, "/ws?token=not-a-token-but-planted", "")
	p.get("/ws?token=planted-in-a-plain-request")
	p.get("/api/v1/rooms?token=planted-for-the-api")
	secrets = append(secrets, "not-a-token-but-planted", "planted-in-a-plain-request", "planted-for-the-api",
		"planted-password-of-staff", jwtSecret, apiKey)

	code, took := p.stop()
	if code != 0 || took > 22*time.Second {
		t.Errorf("with clients that don't read: got exit code %d after %v, want 0 within 20 s and a little", code, took)
	}
	log := p.log.String()
	for _, s := range secrets {
		if strings.Contains(log, s) || strings.Contains(log, s[strings.LastIndex(s, ".")+1:]) {
			t.Errorf("the log has a secret: %s", around(log, s, s[strings.LastIndex(s, ".")+1:]))
		}
	}
}

func wantUser(t *testing.T, frame map[string]any, id, role string) {
	t.Helper()
	u, _ := frame["user"].(map[string]any)
	if u["id"] != id || u["role"] != role {
		t.Errorf("got the user %v, want %s as %s", u, id, role)
	}
}

// TestGuestsStayTheSame shows that a guest is kept by token over v1 and by cookie over plain.
func TestGuestsStayTheSame(t *testing.T) {
	p := start(t, sqlite)
	first := p.dial(t, client.Options{Name: "Ann"})
	join(t, first, "general")
	token := first.GuestToken()
	if token == "" || first.User().Role != "guest" || first.User().Name != "Ann" {
		t.Fatalf("got %+v with a token of %d bytes, want a guest called Ann with one", first.User(), len(token))
	}
	again := p.dial(t, client.Options{GuestToken: token})
	if got, want := again.User().ID, first.User().ID; got != want {
		t.Errorf("with the token: got %s, want %s", got, want)
	}
	if other := p.dial(t, client.Options{}); other.User().ID == first.User().ID {
		t.Error("without a token: got the same guest, want another")
	}
	id, err := again.Rename(within(t, 20*time.Second), "Anne")
	if err != nil || id.User.Name != "Anne" || id.User.ID != first.User().ID {
		t.Errorf("got %+v, %v, want the same guest called Anne", id, err)
	}

	x := p.plain(t, "lobby", nil)
	if x.cookie == nil || !x.cookie.HttpOnly {
		t.Fatalf("got the cookie %v, want an HttpOnly one", x.cookie)
	}
	x.send("hello")
	one := x.receive()
	y := p.plain(t, "lobby", http.Header{"Cookie": {x.cookie.Name + "=" + x.cookie.Value}})
	y.receive()
	y.send("hello again")
	if two := y.receive(); two["client_id"] != one["client_id"] {
		t.Errorf("with the cookie: got %v, want %v", two["client_id"], one["client_id"])
	}
}

// TestRefusedAtTheDoor shows that what concerns the person is told after the upgrade.
func TestRefusedAtTheDoor(t *testing.T) {
	p := start(t, sqlite)
	mod := p.dial(t, client.Options{Token: moderator(t, "mod")})
	for room, s := range map[string]client.SettingsPatch{
		"closed": {Closed: new(true)}, "members": {Guests: new("none")}, "full": {MembersLimit: new(1)},
	} {
		join(t, mod, room)
		if _, err := mod.Set(within(t, 20*time.Second), room, s); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-time.Hour).Unix()
	tests := map[string]struct {
		path, token string
		close       int
		code        string
	}{
		"garbage for a token": {"/ws", "garbage", 4501, "token_invalid"},
		"an expired token":    {"/ws", mint(t, "ann", jwt.MapClaims{"exp": past}), 4502, "token_expired"},
		"a closed room":       {"/ws/chat/closed", "", 4503, "room_closed"},
		"a full room":         {"/ws/chat/full", "", 4504, "room_full"},
		"no guests":           {"/ws/chat/members", "", 4505, "guests_forbidden"},
		"another's room":      {"/ws/chat/closed", mint(t, "ann", jwt.MapClaims{"rooms": []string{"team-*"}}), 4505, "room_forbidden"},
		"a bad room name":     {"/ws/chat/UPPER", "", 4506, "room_name_invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ce, refusal := p.bare(t, tt.path, tt.token).ends()
			if ce.Code != tt.close || ce.Reason != tt.code || refusal["code"] != tt.code {
				t.Errorf("got %v after %v, want %d after %s", ce, refusal, tt.close, tt.code)
			}
		})
	}

	guest := p.dial(t, client.Options{})
	join(t, guest, "general")
	if _, err := mod.Join(within(t, 20*time.Second), "general"); err != nil {
		t.Fatal(err)
	}
	if _, err := mod.Sanction(within(t, 20*time.Second), "general", client.Sanction{
		User: guest.User().ID, Effect: "ban", For: time.Hour, Reason: "Spam",
	}); err != nil {
		t.Fatal(err)
	}
	if e := await[client.Banned](t, guest); e.Reason != "Spam" || e.Room != "general" || e.Until.IsZero() {
		t.Errorf("got %+v, want a ban in general for spam with an end", e)
	}
	ce, refusal := p.bare(t, "/ws/chat/general", guest.GuestToken()).ends()
	if ce.Code != 4500 || refusal["code"] != "banned" || refusal["until"] == nil {
		t.Errorf("the banned guest came back: got %v after %v, want 4500 after banned with an end", ce, refusal)
	}
}

// TestTokensEnd shows that the client is told before its token ends and renews it, and
// that without a new one the connection ends and says so.
func TestTokensEnd(t *testing.T) {
	p := start(t, sqlite)
	n := 0
	renewing := p.dial(t, client.Options{Token: func(context.Context) (string, error) {
		if n++; n > 1 {
			return mint(t, "ann", nil), nil
		}
		return mint(t, "ann", jwt.MapClaims{"exp": time.Now().Add(4 * time.Second).Unix()}), nil
	}})
	join(t, renewing, "general")
	stale := mint(t, "bob", jwt.MapClaims{"exp": time.Now().Add(4 * time.Second).Unix()})
	b := p.bare(t, "/ws", stale)
	b.next("expiring")
	other := b.ask("auth", map[string]any{"token": mint(t, "eve", nil)})
	if other["code"] != "identity_differs" {
		t.Errorf("another's token: got %v, want the refusal identity_differs", other)
	}

	await[client.Expiring](t, renewing)
	if ce, _ := b.ends(); ce.Code != 4002 || ce.Reason != "token_expired" {
		t.Errorf("got %v, want 4002 token_expired", ce)
	}
	post(t, renewing, "general", "still here")
	if err := renewing.Err(); err != nil {
		t.Errorf("got %v, want the renewed connection to stay", err)
	}
	for {
		e, err := renewing.Next(within(t, 5*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := e.(client.Disconnected); ok {
			t.Error("the renewed connection ended, want it to stay")
		}
		if _, ok := e.(client.Posted); ok {
			break
		}
	}
}

// TestForeignOrigin shows that a page of another site may not connect, and is told so
// by an HTTP status.
func TestForeignOrigin(t *testing.T) {
	p := start(t, sqlite, "CHATD_ALLOWED_ORIGINS=https://shop.example")
	for origin, want := range map[string]int{
		"https://evil.example": http.StatusForbidden, "https://shop.example": 0, "http://" + p.addr: 0,
	} {
		c, err := p.tryDial(t, client.Options{HTTPHeader: http.Header{"Origin": {origin}}})
		if err == nil {
			c.Close()
		}
		var he *client.HandshakeError
		errors.As(err, &he)
		if got := status(he); got != want {
			t.Errorf("origin %s: got the status %d (%v), want %d", origin, got, err, want)
		}
	}
}

func status(e *client.HandshakeError) int {
	if e == nil {
		return 0
	}
	return e.Status
}

package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

var discard = slog.New(slog.DiscardHandler)

func TestToken(t *testing.T) {
	environ := []string{"CHATD_JWT_SECRET=" + jwtSecret, "CHATD_ADDR=:8080"}
	out, err := command(t, environ, "token", "--sub=u1", "--name=Ann", "--rooms=team-*,general", "--role=moderator", "--ttl=5m")
	if err != nil {
		t.Fatal(err)
	}
	token, rest, _ := strings.Cut(out, "\n")
	actor := verify(t, token)
	if actor.ID != "u:u1" || actor.Name != "Ann" || actor.Role != "moderator" || len(actor.Rooms) != 2 {
		t.Errorf("got %+v", actor)
	}
	for _, want := range []string{`src="http://localhost:8080/embed?room=general"`, token} {
		if !strings.Contains(rest, want) {
			t.Errorf("got\n%s\nwant it to hold %s", rest, want)
		}
	}
}

func TestTokenNeedsTheSecret(t *testing.T) {
	if _, err := command(t, nil, "token", "--sub=u1"); err == nil || !strings.Contains(err.Error(), "CHATD_JWT_SECRET") {
		t.Errorf("got %v, want an error that names CHATD_JWT_SECRET", err)
	}
}

func TestCommandsThatTell(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"version": {[]string{"version"}, "chatd "},
		"config":  {[]string{"config"}, "(hidden)"},
		"help":    {[]string{"--help"}, "healthcheck"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := command(t, []string{"CHATD_JWT_SECRET=" + jwtSecret, "CHATD_API_KEY=" + apiKey}, tt.args...)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out, tt.want) {
				t.Errorf("got\n%s\nwant it to hold %q", out, tt.want)
			}
			if strings.Contains(out, jwtSecret) || strings.Contains(out, apiKey) {
				t.Errorf("a secret is printed:\n%s", out)
			}
		})
	}
}

func TestLocalURL(t *testing.T) {
	for addr, want := range map[string]string{
		":8000":            "http://localhost:8000",
		"0.0.0.0:8000":     "http://localhost:8000",
		"[::]:8000":        "http://localhost:8000",
		"127.0.0.1:80":     "http://127.0.0.1:80",
		"[::1]:8000":       "http://[::1]:8000",
		"chat.example:443": "http://chat.example:443",
	} {
		if got := localURL(addr); got != want {
			t.Errorf("localURL(%q): got %q, want %q", addr, got, want)
		}
	}
}

// verify reads a token as the server would.
func verify(t *testing.T, token string) chat.Actor {
	t.Helper()
	tokens, err := access.NewTokens(access.TokenConfig{Secrets: [][]byte{[]byte(jwtSecret)}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := tokens.Verify(t.Context(), strings.TrimSpace(token))
	if err != nil {
		t.Fatalf("token %q: %v", token, err)
	}
	return a
}

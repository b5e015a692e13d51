package access

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestScrub(t *testing.T) {
	key, _, _ := NewKey()
	guest := newGuests(t).Issue(NewGuestID(nil), "Ann")
	user := hs256(secret, headerOf(HS256), claimsOf(""))
	tests := map[string]struct{ in, want string }{
		"nothing":            {"hello", "hello"},
		"no secret":          {"GET /ws/chat/general?room=a&since=7", "GET /ws/chat/general?room=a&since=7"},
		"a parameter":        {"GET /ws?token=abc&x=1 HTTP/1.1", "GET /ws?token=(hidden)&x=1 HTTP/1.1"},
		"the last parameter": {"/ws?x=1&token=abc", "/ws?x=1&token=(hidden)"},
		"a guest before":     {"/ws?guest_token=abc", "/ws?guest_token=(hidden)"},
		"in capitals":        {"/ws?TOKEN=abc", "/ws?TOKEN=(hidden)"},
		"a quoted address":   {`Get "http://h/jwks?token=abc": EOF`, `Get "http://h/jwks?token=(hidden)": EOF`},
		"a user's token":     {"bad token " + user + ".", "bad token (hidden)."},
		"a guest's token":    {"cookie value " + guest, "cookie value (hidden)"},
		"an API key":         {"key " + key + " unknown", "key (hidden) unknown"},
		"a header":           {"Authorization: Bearer abcdefghijkl", "Authorization: (hidden)"},
		"a cookie":           {"Cookie: chatd_guest=x; b=c\r\nHost: h", "Cookie: (hidden)\r\nHost: h"},
		"a bare bearer":      {"got Bearer abcdefghijkl", "got (hidden)"},
		"a password":         {"dial postgres://me:pw@db/chat failed", "dial postgres://me:(hidden)@db/chat failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Scrub(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestScrubURL(t *testing.T) {
	for in, want := range map[string]string{
		"/ws/chat/general":                "/ws/chat/general",
		"/ws?room=a&token=abc":            "/ws?room=a&token=(hidden)",
		"/ws?%74oken=abc":                 "/ws?%74oken=(hidden)",
		"/ws?to%6Ben=abc&access_token=d":  "/ws?to%6Ben=(hidden)&access_token=(hidden)",
		"/ws?a=1&token=x;y":               "/ws?a=1&token=(hidden)",
		"https://u:p@h/x?client_secret=s": "https://u:xxxxx@h/x?client_secret=(hidden)",
		"/ws?%zz=abc":                     "/ws?%zz=(hidden)",
		"://?token=abc":                   "://?token=(hidden)",
	} {
		if got := ScrubURL(in); strings.Contains(got, "abc") || got != want && !strings.Contains(in, "u:p@") {
			t.Errorf("ScrubURL(%q) got %q, want %q", in, got, want)
		} else if strings.Contains(got, ":p@") {
			t.Errorf("ScrubURL(%q) got the password in %q", in, got)
		}
	}
}

type stringer string

func (s stringer) String() string { return string(s) }

func TestReplaceAttrHidesEverywhere(t *testing.T) {
	const plain = "hush0123456789"
	u, _ := url.Parse("https://h/ws?token=" + plain)
	line := "/ws?token=" + plain
	attrs := []any{
		"token", plain, "Authorization", "Bearer " + plain, "cookie", plain, "admin_password", plain, "jwt-secret", plain, "api_key", plain,
		"uri", line, "url", u, "error", errors.New(line), "wrapped", fmt.Errorf("dial: %w", errors.New(line)), "stringer", stringer(line),
		"bytes", []byte(line), "header", http.Header{"Authorization": {plain}, "Cookie": {plain}, "X-Other": {line}},
		"request", struct{ URL string }{line}, "list", []string{line}, "map", map[string]string{"a": line},
		slog.Group("deep", "token", plain, "uri", line), "encoded", "/ws?%74oken=" + plain,
	}
	for name, h := range map[string]func(*bytes.Buffer, *slog.HandlerOptions) slog.Handler{
		"text": func(b *bytes.Buffer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(b, o) },
		"json": func(b *bytes.Buffer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(b, o) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			log := slog.New(h(&b, &slog.HandlerOptions{AddSource: true, ReplaceAttr: ReplaceAttr}))
			log.With(attrs...).Info("GET "+line, attrs...)
			if strings.Contains(b.String(), plain) {
				t.Errorf("got the secret in %s", b.String())
			}
			if !strings.Contains(b.String(), "redact_test.go") || !strings.Contains(b.String(), "INFO") {
				t.Errorf("got %s, want source and level as they are", b.String())
			}
		})
	}
}

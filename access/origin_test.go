package access

import (
	"net/http"
	"testing"
)

func TestOriginsAllowed(t *testing.T) {
	list := []string{"https://site.example", "http://localhost:3000", "https://*.wild.example", "https://*.ports.example:8443", "https://müller.example", "capacitor://localhost", "http://[::1]:5173"}
	o, err := NewOrigins(list, prefixes("10.0.0.0/8"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		origin, host string
		want         bool
	}{
		"listed":                     {"https://site.example", "chat.example", true},
		"listed, with its port":      {"https://site.example:443", "chat.example", true},
		"listed, in capitals":        {"HTTPS://Site.Example", "chat.example", true},
		"another scheme":             {"http://site.example", "chat.example", false},
		"another port":               {"https://site.example:444", "chat.example", false},
		"below a listed one":         {"https://a.site.example", "chat.example", false},
		"a listed one in front":      {"https://site.example.evil.example", "chat.example", false},
		"a listed one as user":       {"https://site.example@evil.example", "chat.example", false},
		"a listed one behind":        {"https://evilsite.example", "chat.example", false},
		"a port that is listed":      {"http://localhost:3000", "chat.example", true},
		"a port that isn't":          {"http://localhost:3001", "chat.example", false},
		"below a wildcard":           {"https://a.wild.example", "chat.example", true},
		"far below a wildcard":       {"https://a.b.wild.example", "chat.example", true},
		"the wildcard's domain":      {"https://wild.example", "chat.example", false},
		"a domain ending so":         {"https://evilwild.example", "chat.example", false},
		"a dot and nothing":          {"https://.wild.example", "chat.example", false},
		"a wildcard, another scheme": {"http://a.wild.example", "chat.example", false},
		"a wildcard, its port":       {"https://a.ports.example:8443", "chat.example", true},
		"a wildcard, another port":   {"https://a.ports.example", "chat.example", false},
		"a literal star":             {"https://*.wild.example", "chat.example", false},
		"an international name":      {"https://xn--mller-kva.example", "chat.example", true},
		"an app":                     {"capacitor://localhost", "chat.example", true},
		"another app":                {"ionic://localhost", "chat.example", false},
		"v6":                         {"http://[::1]:5173", "chat.example", true},
		"same host":                  {"https://chat.example", "chat.example", true},
		"same host, plain":           {"http://chat.example", "chat.example", true},
		"same host and port":         {"http://chat.example:8000", "chat.example:8000", true},
		"same host, default port":    {"http://chat.example", "chat.example:80", true},
		"same host, other port":      {"http://chat.example:3000", "chat.example:8000", false},
		"same host, other case":      {"https://Chat.Example", "chat.EXAMPLE", true},
		"same host, an app's scheme": {"evil://chat.example", "chat.example", false},
		"same v6 host":               {"http://[2001:db8::1]:8000", "[2001:db8::1]:8000", true},
		"null":                       {"null", "chat.example", false},
		"empty":                      {"", "chat.example", false},
		"with a path":                {"https://site.example/", "chat.example", false},
		"with a query":               {"https://site.example?a", "chat.example", false},
		"garbage":                    {"://", "chat.example", false},
		"two in one":                 {"https://site.example https://evil.example", "chat.example", false},
		"a file":                     {"file://", "chat.example", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: "203.0.113.9:1", Host: tt.host, Header: http.Header{"Origin": {tt.origin}}}
			if got := o.Allowed(r); got != tt.want {
				t.Errorf("Allowed(%q at %s) got %t, want %t", tt.origin, tt.host, got, tt.want)
			}
		})
	}
}

func TestOriginsWithoutAndMany(t *testing.T) {
	o, _ := NewOrigins(nil, prefixes("10.0.0.0/8"))
	everyone, _ := NewOrigins([]string{"*"}, nil)
	request := func(peer string, header http.Header) *http.Request {
		return &http.Request{RemoteAddr: peer, Host: "inner:8000", Header: header}
	}
	forwarded := http.Header{"Origin": {"https://chat.example"}, "X-Forwarded-Host": {"chat.example"}}
	tests := map[string]struct {
		o    *Origins
		r    *http.Request
		want bool
	}{
		"no Origin":                 {o, request("203.0.113.9:1", http.Header{}), true},
		"two Origins":               {o, request("203.0.113.9:1", http.Header{"Origin": {"http://inner:8000", "http://inner:8000"}}), false},
		"forwarded by a proxy":      {o, request("10.0.0.1:1", forwarded), true},
		"forwarded by a stranger":   {o, request("203.0.113.9:1", forwarded), false},
		"everyone":                  {everyone, request("203.0.113.9:1", http.Header{"Origin": {"https://any.example"}}), true},
		"everyone, a hidden origin": {everyone, request("203.0.113.9:1", http.Header{"Origin": {"null"}}), true},
		"nobody listed, a stranger": {o, request("203.0.113.9:1", http.Header{"Origin": {"https://any.example"}}), false},
	}
	for name, tt := range tests {
		if got := tt.o.Allowed(tt.r); got != tt.want {
			t.Errorf("%s: got %t, want %t", name, got, tt.want)
		}
	}
}

func TestNewOriginsRefuses(t *testing.T) {
	for _, s := range []string{"", "example.com", "https://", "https://a.example/", "https://a.example/x", "https://u@a.example", "https://a.*.example", "https://*", "https://*.", "https://a.example:x", "https://a b.example", "**", "https://*a.example"} {
		if _, err := NewOrigins([]string{s}, nil); err == nil {
			t.Errorf("NewOrigins(%q) got no error", s)
		}
	}
}

package access

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func prefixes(list ...string) Proxies {
	var p Proxies
	for _, s := range list {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

func TestClientAddr(t *testing.T) {
	trusted := prefixes("10.0.0.0/8", "2001:db8:1::/48", "::ffff:192.168.0.0/112")
	tests := map[string]struct {
		proxies Proxies
		peer    string
		header  http.Header
		want    string
	}{
		"no proxies, no headers":      {nil, "203.0.113.9:1234", nil, "203.0.113.9"},
		"headers of a stranger":       {nil, "203.0.113.9:1234", xff("1.2.3.4"), "203.0.113.9"},
		"loopback isn't trusted":      {nil, "127.0.0.1:1234", xff("1.2.3.4"), "127.0.0.1"},
		"loopback v6 isn't trusted":   {trusted, "[::1]:1234", xff("1.2.3.4"), "::1"},
		"one proxy":                   {trusted, "10.0.0.1:1234", xff("1.2.3.4"), "1.2.3.4"},
		"a mapped peer":               {trusted, "[::ffff:10.0.0.1]:1234", xff("1.2.3.4"), "1.2.3.4"},
		"a mapped network":            {trusted, "192.168.0.7:1", xff("1.2.3.4"), "1.2.3.4"},
		"a v6 proxy":                  {trusted, "[2001:db8:1::5]:1234", xff("2001:db8:9::1"), "2001:db8:9::1"},
		"two proxies":                 {trusted, "10.0.0.1:1234", xff("1.2.3.4, 10.9.9.9"), "1.2.3.4"},
		"a forged entry on the left":  {trusted, "10.0.0.1:1234", xff("6.6.6.6, 1.2.3.4, 10.9.9.9"), "1.2.3.4"},
		"a forged trusted entry":      {trusted, "10.0.0.1:1234", xff("10.6.6.6, 1.2.3.4"), "1.2.3.4"},
		"two lines are one list":      {trusted, "10.0.0.1:1234", xff("6.6.6.6", "1.2.3.4"), "1.2.3.4"},
		"all trusted: the first":      {trusted, "10.0.0.1:1234", xff("10.1.1.1, 10.2.2.2"), "10.1.1.1"},
		"garbage":                     {trusted, "10.0.0.1:1234", xff("unknown"), "10.0.0.1"},
		"garbage behind a proxy":      {trusted, "10.0.0.1:1234", xff("1.2.3.4, <script>, 10.9.9.9"), "10.9.9.9"},
		"empty entries":               {trusted, "10.0.0.1:1234", xff("1.2.3.4,,"), "10.0.0.1"},
		"an empty header":             {trusted, "10.0.0.1:1234", xff(""), "10.0.0.1"},
		"with a port":                 {trusted, "10.0.0.1:1234", xff("1.2.3.4:5678"), "1.2.3.4"},
		"v6 with brackets":            {trusted, "10.0.0.1:1234", xff("[2001:db8:9::1]"), "2001:db8:9::1"},
		"v6 with a port":              {trusted, "10.0.0.1:1234", xff("[2001:db8:9::1]:443"), "2001:db8:9::1"},
		"v6 with a zone":              {trusted, "10.0.0.1:1234", xff("fe80::1%eth0"), "fe80::1"},
		"mapped":                      {trusted, "10.0.0.1:1234", xff("::ffff:1.2.3.4"), "1.2.3.4"},
		"octal isn't read":            {trusted, "10.0.0.1:1234", xff("010.0.0.1"), "10.0.0.1"},
		"endless":                     {trusted, "10.0.0.1:1234", xff("1.2.3.4," + strings.Repeat("10.0.0.2,", 100) + "10.0.0.2"), "10.0.0.2"},
		"X-Real-IP":                   {trusted, "10.0.0.1:1234", http.Header{"X-Real-Ip": {"1.2.3.4"}}, "10.0.0.1"},
		"Forwarded":                   {trusted, "10.0.0.1:1234", fwd("for=1.2.3.4;proto=https;by=10.0.0.1"), "1.2.3.4"},
		"Forwarded, quoted v6":        {trusted, "10.0.0.1:1234", fwd(`proto=http; For="[2001:db8:9::1]:4711"`), "2001:db8:9::1"},
		"Forwarded, two elements":     {trusted, "10.0.0.1:1234", fwd("for=6.6.6.6, for=1.2.3.4, for=10.9.9.9"), "1.2.3.4"},
		"Forwarded, hidden":           {trusted, "10.0.0.1:1234", fwd("for=_hidden, for=10.9.9.9"), "10.9.9.9"},
		"Forwarded without for":       {trusted, "10.0.0.1:1234", fwd("for=1.2.3.4, proto=https"), "10.0.0.1"},
		"both, and they agree":        {trusted, "10.0.0.1:1234", http.Header{"X-Forwarded-For": {"1.2.3.4"}, "Forwarded": {"for=1.2.3.4"}}, "1.2.3.4"},
		"both, and one is forged":     {trusted, "10.0.0.1:1234", http.Header{"X-Forwarded-For": {"1.2.3.4"}, "Forwarded": {"for=6.6.6.6"}}, "10.0.0.1"},
		"everyone trusted, foolishly": {prefixes("0.0.0.0/0"), "203.0.113.9:1", xff("1.2.3.4, 5.6.7.8"), "1.2.3.4"},
		"a peer with a zone":          {nil, "[fe80::1%eth0]:99", nil, "fe80::1"},
		"a Unix socket":               {trusted, "@", xff("1.2.3.4"), "invalid IP"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.peer, Header: tt.header}
			if got := tt.proxies.ClientAddr(r).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func xff(lines ...string) http.Header { return http.Header{"X-Forwarded-For": lines} }
func fwd(lines ...string) http.Header { return http.Header{"Forwarded": lines} }

func TestSecureAndHost(t *testing.T) {
	h := http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example, chat.example.com"}}
	near := &http.Request{RemoteAddr: "10.0.0.1:1", Host: "inner:8000", Header: h}
	far := &http.Request{RemoteAddr: "203.0.113.9:1", Host: "inner:8000", Header: h}
	p := prefixes("10.0.0.0/8")
	if !p.Secure(near) || p.Secure(far) || !p.Secure(&http.Request{RemoteAddr: "203.0.113.9:1", TLS: &tls.ConnectionState{}}) {
		t.Error("Secure must believe TLS and trusted proxies, and nobody else")
	}
	if got := p.Host(near); got != "chat.example.com" {
		t.Errorf("Host behind a trusted proxy got %q, want chat.example.com", got)
	}
	if got := p.Host(far); got != "inner:8000" {
		t.Errorf("Host of a stranger got %q, want inner:8000", got)
	}
}

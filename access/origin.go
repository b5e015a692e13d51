package access

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// Origins decides which sites may open connections from a browser (RFC 6454).
type Origins struct {
	proxies Proxies
	any     bool
	exact   map[string]bool
	suffix  []wildcard
}

// wildcard is an origin whose host begins with "*.".
type wildcard struct{ scheme, domain, port string }

// NewOrigins takes origins ("https://example.com", "http://localhost:3000"), wildcards
// for the hosts below a domain but not the domain itself ("https://*.example.com"), and
// "*" for every site. The same host as the server's is always allowed.
func NewOrigins(allowed []string, proxies Proxies) (*Origins, error) {
	o := &Origins{proxies: proxies, exact: make(map[string]bool)}
	for _, s := range allowed {
		if s == "*" {
			o.any = true
			continue
		}
		org, err := parseOrigin(s)
		if err != nil {
			return nil, fmt.Errorf("allowed origin %q: %w", s, err)
		}
		if domain, ok := strings.CutPrefix(org.host, "*."); ok {
			o.suffix = append(o.suffix, wildcard{org.scheme, "." + domain, org.port})
			continue
		}
		o.exact[org.String()] = true
	}
	return o, nil
}

// Allowed reports whether a request may go on. Without an Origin header it may: that isn't
// a browser, or a page of the server's own. More than one header, and an origin that a
// browser hides ("null"), may not, unless every site may.
func (o *Origins) Allowed(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 || o.any {
		return true
	}
	if len(values) > 1 {
		return false
	}
	org, err := parseOrigin(values[0])
	if err != nil || strings.Contains(org.host, "*") {
		return false
	}
	return o.exact[org.String()] || o.below(org) || o.sameHost(org, r)
}

// CrossSite reports whether a request comes from a page of another host.
func (o *Origins) CrossSite(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return false
	}
	org, err := parseOrigin(values[0])
	return err != nil || !o.sameHost(org, r)
}

func (o *Origins) below(org origin) bool {
	for _, w := range o.suffix {
		if org.scheme == w.scheme && org.port == w.port && strings.HasSuffix(org.host, w.domain) && len(org.host) > len(w.domain) {
			return true
		}
	}
	return false
}

// sameHost compares host and port and not the scheme: behind a proxy the server doesn't
// know it. A port that the header leaves out is the default of the origin's scheme.
func (o *Origins) sameHost(org origin, r *http.Request) bool {
	host, port, err := splitHost(o.proxies.Host(r))
	if err != nil || org.scheme != "http" && org.scheme != "https" {
		return false
	}
	return host == org.host && (port == org.port || port == "" && org.port == defaultPort(org.scheme))
}

// origin is a scheme, a host in lower-case ASCII and a port that is never empty for http
// and https.
type origin struct{ scheme, host, port string }

func (o origin) String() string { return o.scheme + "://" + o.host + ":" + o.port }

func parseOrigin(s string) (origin, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme == "" || rest == "" {
		return origin{}, fmt.Errorf("an origin looks like https://example.com")
	}
	// url.Parse refuses user, path, query and fragment only when asked; none belongs here.
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Path != "" || strings.ContainsAny(rest, "/?#@\\") {
		return origin{}, fmt.Errorf("an origin is a scheme, a host and perhaps a port, without a path")
	}
	host, port, err := splitHost(u.Host)
	if err != nil {
		return origin{}, err
	}
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return origin{u.Scheme, host, port}, nil
}

// splitHost returns a host in the form browsers send it in (IDNA, lower case).
func splitHost(s string) (host, port string, err error) {
	host = s
	if strings.LastIndexByte(s, ':') > strings.LastIndexByte(s, ']') {
		if host, port, err = net.SplitHostPort(s); err != nil {
			return "", "", fmt.Errorf("no host and port: %w", err)
		}
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	wild, domain := "", host
	if d, ok := strings.CutPrefix(host, "*."); ok {
		wild, domain = "*.", d
	}
	if strings.ContainsAny(domain, "* \t,") || domain == "" {
		return "", "", fmt.Errorf("no host (a * stands only in front of a domain, as in https://*.example.com)")
	}
	if isASCII(domain) {
		return host, port, nil
	}
	domain, err = idna.Lookup.ToASCII(domain)
	return wild + domain, port, err
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return ""
}

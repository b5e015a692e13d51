package access

import (
	"net/http"
	"net/netip"
	"strings"
)

// maxHops bounds how many entries of a forwarding header are looked at.
const maxHops = 32

// Proxies are the networks whose forwarding headers are believed. The zero value
// believes nobody, not even the machine itself.
type Proxies []netip.Prefix

// ClientAddr returns the address that a request comes from: the socket's, or, where that
// is a trusted proxy's, the last one that the proxies of X-Forwarded-For or Forwarded
// (RFC 7239) vouch for. It is unmapped and without zone; invalid where the peer has
// none, as over a Unix socket.
//
// From the right, hops are skipped while they are trusted; an entry that is no address
// ends the walk. Where both headers come and disagree the client may have sent one of
// them, so neither counts. X-Real-IP never does: it can't be told who set it.
func (p Proxies) ClientAddr(r *http.Request) netip.Addr {
	peer := parseHop(r.RemoteAddr)
	if !p.trusts(peer) {
		return peer
	}
	xff, fwd := xForwardedFor(r.Header), forwardedFor(r.Header)
	switch {
	case len(xff) == 0:
		return p.walk(peer, fwd)
	case len(fwd) == 0:
		return p.walk(peer, xff)
	}
	a, b := p.walk(peer, xff), p.walk(peer, fwd)
	if a != b {
		return peer
	}
	return a
}

// Secure reports whether the client speaks TLS, to this server or to a trusted proxy.
func (p Proxies) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return p.trusts(parseHop(r.RemoteAddr)) && strings.EqualFold(lastOf(r.Header, "X-Forwarded-Proto"), "https")
}

// Host returns the host that the client asked for: the request's, or what a trusted proxy
// says it was.
func (p Proxies) Host(r *http.Request) string {
	if p.trusts(parseHop(r.RemoteAddr)) {
		if h := lastOf(r.Header, "X-Forwarded-Host"); h != "" {
			return h
		}
	}
	return r.Host
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, prefix := range p {
		// ::ffff:10.0.0.0/104 is meant as 10.0.0.0/8.
		if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

func (p Proxies) walk(peer netip.Addr, hops []string) netip.Addr {
	client := peer
	for i := len(hops) - 1; i >= max(0, len(hops)-maxHops); i-- {
		a := parseHop(hops[i])
		if !a.IsValid() {
			break
		}
		client = a
		if !p.trusts(a) {
			break
		}
	}
	return client
}

// parseHop reads an address with or without port, brackets and zone.
func parseHop(s string) netip.Addr {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

func xForwardedFor(h http.Header) []string { return listOf(h, "X-Forwarded-For") }

// forwardedFor returns the for parameter of every element of Forwarded; "" for an element
// without one.
func forwardedFor(h http.Header) []string {
	var hops []string
	for _, element := range listOf(h, "Forwarded") {
		hop := ""
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(name, "for") {
				hop = strings.Trim(value, `"`)
			}
		}
		hops = append(hops, hop)
	}
	return hops
}

// listOf splits the comma-separated values of all lines of a header.
func listOf(h http.Header, name string) []string {
	lines := h.Values(name)
	if len(lines) == 0 {
		return nil
	}
	return strings.Split(strings.Join(lines, ","), ",")
}

func lastOf(h http.Header, name string) string {
	list := listOf(h, name)
	if len(list) == 0 {
		return ""
	}
	return strings.TrimSpace(list[len(list)-1])
}

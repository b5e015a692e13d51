package chat

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"net/netip"
	"regexp"
	"strings"
)

// aliasLetters are the characters of an alias after its prefix.
const aliasLetters = 16

// AliasPrefix starts every alias of an address.
const AliasPrefix = "addr_"

// Alias stands for an address where the address itself isn't shown: equal addresses (of IPv6, equal /64s) have equal aliases, and
// nobody without the server's secret can tell the address. An invalid address has none: "".
func (s *Service) Alias(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return AliasPrefix + keyed(s.Aliases, AddrKey(a))
}

var aliasForm = regexp.MustCompile(`^` + AliasPrefix + `[a-z2-7]{16}$`)

// ValidAlias reports whether s has the form of an alias.
func ValidAlias(s string) bool { return aliasForm.MatchString(s) }

// agentHash stands for a User-Agent when it is too old to be kept.
func (s *Service) agentHash(agent string) string {
	if agent == "" {
		return ""
	}
	return keyed(s.Aliases, "agent\n"+agent)
}

// keyed is the start of an HMAC-SHA256 (RFC 2104), in base32 (RFC 4648, section 6), lower case.
func keyed(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil))[:aliasLetters])
}

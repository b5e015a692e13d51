package access

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/chatd/chatd/chat"
)

const (
	maxSub       = 128 // bytes
	maxRooms     = 100
	maxNameClaim = 512          // bytes; longer names than MaxName are cut
	maxKID       = 256          // bytes
	maxTime      = 253402300799 // the end of the year 9999
)

// claims are a token's, read strictly: names count in their exact case and once, and a
// claim of the wrong type is an error and not an absent one. Unknown claims are ignored.
type claims struct {
	sub, name, iss string
	aud            jwt.ClaimStrings
	exp, nbf, iat  *jwt.NumericDate
	rooms          []string
	role           chat.Role
	others         map[string][]string
}

// The Claims interface of the library, which checks times, issuer and audience.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.exp, nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return c.nbf, nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return c.iat, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return c.aud, nil }
func (c *claims) GetIssuer() (string, error)                   { return c.iss, nil }
func (c *claims) GetSubject() (string, error)                  { return c.sub, nil }

// UnmarshalJSON reads the shape of the claims. What they say is checked by Validate, once
// the signature has been: a forger learns nothing from this but the grammar.
func (c *claims) UnmarshalJSON(b []byte) error {
	m, err := strictObject(b)
	if err != nil {
		return err
	}
	read := map[string]func(json.RawMessage) error{
		"sub":   text(&c.sub),
		"name":  text(&c.name),
		"iss":   text(&c.iss),
		"role":  text((*string)(&c.role)),
		"aud":   c.readAudience,
		"exp":   date(&c.exp),
		"nbf":   date(&c.nbf),
		"iat":   date(&c.iat),
		"rooms": c.readRooms,
	}
	for name, f := range read {
		if raw, ok := m[name]; ok {
			if err := f(raw); err != nil {
				return invalid("The token's %s claim has the wrong type or value.", name)
			}
			delete(m, name)
		}
	}
	c.others = otherClaims(m)
	return nil
}

// Validate checks chatd's own claims. The library calls it beside its own checks.
func (c *claims) Validate() error {
	switch {
	case c.sub == "":
		return invalid("The token lacks the sub claim, which says who signs in.")
	case !validSub(c.sub):
		return invalid("The token's sub claim has at most %d bytes, no control or invisible characters, and no space at its ends.", maxSub)
	case len(c.name) > maxNameClaim:
		return invalid("The token's name claim is too long.")
	case len(c.rooms) > maxRooms:
		return invalid("The token's rooms claim lists more than %d rooms.", maxRooms)
	}
	for _, g := range c.rooms {
		if !validRoomGlob(g) {
			return invalid("The token's rooms claim holds something that is neither a room's name nor a pattern of one.")
		}
	}
	switch c.role {
	case "":
		c.role = chat.RoleUser
	case chat.RoleUser, chat.RoleVIP, chat.RoleModerator:
	default:
		// Not taken for user: a misspelt "moderator" should be noticed by who made it.
		return invalid("The token's role claim is not one of user, vip and moderator.")
	}
	return nil
}

// displayName is the name claim as chat stores names; without a usable one, the sub,
// which others see as the user's id anyway.
func (c *claims) displayName() string {
	for _, s := range []string{c.name, c.sub} {
		name, err := chat.CleanName(s)
		if chat.CodeOf(err) == "name_too_long" {
			name, err = chat.CleanName(firstRunes(strings.TrimSpace(s), chat.MaxName))
		}
		if err == nil {
			return name
		}
	}
	return "User"
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

func validSub(s string) bool {
	if len(s) > maxSub || strings.TrimSpace(s) != s || !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return false
	}
	for _, r := range s {
		// C holds control, format (bidi overrides, zero width) and private use.
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			return false
		}
	}
	return true
}

// validRoomGlob accepts room names, and patterns of path.Match made of their characters.
func validRoomGlob(g string) bool {
	if g == "" || len(g) > chat.MaxRoomID {
		return false
	}
	for i := range len(g) {
		c := g[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("._-*?[]^", c) >= 0) {
			return false
		}
	}
	_, err := path.Match(g, "")
	return err == nil
}

func (c *claims) readRooms(raw json.RawMessage) error {
	// null is refused: "all rooms" must not come of a list that somebody forgot to fill.
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return errType
	}
	c.rooms = []string{}
	return json.Unmarshal(raw, &c.rooms)
}

func (c *claims) readAudience(raw json.RawMessage) error {
	if raw[0] != '"' && raw[0] != '[' {
		return errType
	}
	return json.Unmarshal(raw, &c.aud)
}

func text(to *string) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		if raw[0] != '"' { // null would be taken for ""
			return errType
		}
		return json.Unmarshal(raw, to)
	}
}

// date reads a NumericDate (RFC 7519 section 2): seconds, fractions allowed.
func date(to **jwt.NumericDate) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		var f float64
		if raw[0] == '"' || raw[0] == 'n' {
			return errType
		}
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		if f < 0 || f > maxTime || math.IsNaN(f) {
			return errType
		}
		secs, frac := math.Modf(f)
		*to = &jwt.NumericDate{Time: time.Unix(int64(secs), int64(frac*1e9)).UTC()}
		return nil
	}
}

// header is what chatd reads of a token's header. Everything that would say where a key
// is (jku, jwk, x5u, x5c) is ignored.
type header struct{ alg, kid string }

func parseHeader(token string) (header, error) {
	first, _, _ := strings.Cut(token, ".")
	b, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return header{}, jwt.ErrTokenMalformed
	}
	m, err := strictObject(b)
	if err != nil {
		return header{}, err
	}
	// RFC 7515 section 4.1.11: an extension that isn't understood must be refused. A nested
	// or compressed token is none that a site makes for chatd.
	for _, name := range []string{"crit", "cty", "enc", "zip"} {
		if _, ok := m[name]; ok {
			return header{}, invalid("The token's header asks for %s, which this server doesn't support.", name)
		}
	}
	var h header
	var typ string
	for name, to := range map[string]*string{"alg": &h.alg, "kid": &h.kid, "typ": &typ} {
		if raw, ok := m[name]; ok && text(to)(raw) != nil {
			return header{}, invalid("The token's header has a %s that is no text.", name)
		}
	}
	if typ != "" && !strings.EqualFold(typ, "JWT") && !strings.EqualFold(typ, "at+jwt") {
		return header{}, invalid("The token's header names a type other than JWT.")
	}
	if len(h.kid) > maxKID {
		return header{}, invalid("The token's key id is longer than %d bytes.", maxKID)
	}
	return h, nil
}

package access

import (
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/chatd/chatd/chat"
)

// Claims are what MintHS256 puts into a token.
type Claims struct {
	Subject  string
	Name     string   // empty: left out
	Rooms    []string // names or globs; nil: left out, which means the open rooms
	Role     chat.Role
	Issuer   string
	Audience string
	IssuedAt time.Time
	Expires  time.Time
}

// MintHS256 makes a token as an owner's site would. It makes none that Verify would
// refuse for its claims.
func MintHS256(secret []byte, c Claims) (string, error) {
	checked := claims{sub: c.Subject, name: c.Name, rooms: c.Rooms, role: c.Role}
	if err := checked.Validate(); err != nil {
		return "", err
	}
	if len(secret) == 0 || c.Expires.IsZero() {
		return "", invalid("A token needs a secret and an end.")
	}
	m := jwt.MapClaims{"sub": c.Subject, "exp": c.Expires.Unix()}
	for name, s := range map[string]string{"name": c.Name, "role": string(c.Role), "iss": c.Issuer, "aud": c.Audience} {
		if s != "" {
			m[name] = s
		}
	}
	if c.Rooms != nil {
		m["rooms"] = c.Rooms
	}
	if !c.IssuedAt.IsZero() {
		m["iat"] = c.IssuedAt.Unix()
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, m).SignedString(secret)
}

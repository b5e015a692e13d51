package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
)

const (
	// GuestLife is how long a guest's token holds after it was issued: the longest
	// that browsers keep a cookie.
	GuestLife = 400 * 24 * time.Hour
	// guestRenewal is the age from which a token is replaced by a new one.
	guestRenewal = 30 * 24 * time.Hour

	// guestPrefix is the version. No JWT begins so: theirs is base64url of "{".
	guestPrefix   = "cg1."
	maxGuestToken = 512 // bytes
	maxGuestName  = 4 * chat.MaxName
	guestFixed    = 16 + 8 // UUID and seconds since 1970
	minKey        = 16     // bytes
)

// Guests signs and verifies the identities of visitors who haven't signed in.
//
// A token is "cg1." and, in base64url, the guest's UUID, the time of issue, the name,
// and an HMAC-SHA256 over all of it, the prefix included.
type Guests struct {
	key []byte
	now func() time.Time
}

// NewGuests takes a secret of at least 16 bytes. The signing key is derived from it, so
// the same secret can serve other purposes.
func NewGuests(key []byte, now func() time.Time) (*Guests, error) {
	if len(key) < minKey {
		return nil, fmt.Errorf("guest key: got %d bytes, want at least %d", len(key), minKey)
	}
	return &Guests{key: sum(key, []byte("chatd guest token v1")), now: now}, nil
}

var (
	errGuestToken   = chat.Refuse(chat.Unauthenticated, "guest_token_invalid", "This guest token was not issued by this server.")
	errGuestExpired = chat.Refuse(chat.Unauthenticated, "guest_token_expired", "This guest token has expired. Connect without it to get a new one.")
)

// Issue signs a guest's identity. id must be one that NewGuestID made; a name is cut to
// what a token holds.
func (g *Guests) Issue(id chat.UserID, name string) string {
	u, err := uuid.Parse(strings.TrimPrefix(string(id), chat.PrefixGuest))
	if err != nil || !id.Guest() {
		return "" // no token rather than one for somebody else
	}
	b := make([]byte, 0, guestFixed+len(name)+sha256.Size)
	b = append(b, u[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(max(g.now().Unix(), 0)))
	b = append(b, cut(name, maxGuestName)...)
	b = append(b, g.sign(b)...)
	return guestPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// Verify returns whom a token was issued to. Refusals: guest_token_invalid,
// guest_token_expired.
func (g *Guests) Verify(token string) (id chat.UserID, name string, err error) {
	c, err := g.verify(token)
	return c.id, c.name, err
}

// IsGuestToken reports whether a token has the form of a guest's.
func IsGuestToken(token string) bool { return strings.HasPrefix(token, guestPrefix) }

type guestClaims struct {
	id     chat.UserID
	name   string
	issued time.Time
}

func (g *Guests) verify(token string) (guestClaims, error) {
	b, err := g.open(token)
	if err != nil {
		return guestClaims{}, errGuestToken
	}
	secs := binary.BigEndian.Uint64(b[16:guestFixed])
	name := string(b[guestFixed:])
	if secs > 1<<40 || !utf8.ValidString(name) {
		return guestClaims{}, errGuestToken
	}
	c := guestClaims{
		id:     chat.UserID(chat.PrefixGuest + uuid.UUID(b[:16]).String()),
		name:   name,
		issued: time.Unix(int64(secs), 0),
	}
	if g.now().Sub(c.issued) > GuestLife {
		return guestClaims{}, errGuestExpired
	}
	return c, nil
}

// open returns what a token signs.
func (g *Guests) open(token string) ([]byte, error) {
	text, ok := strings.CutPrefix(token, guestPrefix)
	if !ok || len(token) > maxGuestToken {
		return nil, errors.New("not a guest token")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // the decoder skips line breaks
		return nil, errors.New("not base64url")
	}
	n := len(b) - sha256.Size
	if n < guestFixed {
		return nil, errors.New("too short")
	}
	if !hmac.Equal(b[n:], g.sign(b[:n])) {
		return nil, errors.New("signature")
	}
	return b[:n], nil
}

func (g *Guests) sign(b []byte) []byte { return sum(g.key, []byte(guestPrefix), b) }

func sum(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// NewGuestID makes an identity that nobody can guess. newUUID nil: uuid.New.
func NewGuestID(newUUID func() uuid.UUID) chat.UserID {
	if newUUID == nil {
		newUUID = uuid.New
	}
	return chat.UserID(chat.PrefixGuest + newUUID().String())
}

// GuestName is what a guest is called who hasn't chosen a name: the same for the same
// id, and not unique.
func GuestName(id chat.UserID) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return fmt.Sprintf("Guest %d", 1000+h.Sum32()%99_000)
}

// cut shortens s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

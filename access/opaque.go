package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/chatd/chatd/chat"
)

// The kinds of opaque token: what they start with tells them apart, in code and for whoever finds one.
const (
	sessionPrefix = "chatds_"
	invitePrefix  = "chatdi_"
	opaqueBytes   = 32
)

// NewSessionToken makes the token of a staff session: 256 random bits. The hash is what is stored; as the token is
// random, one round of SHA-256 is enough.
func NewSessionToken() (token string, hash []byte) { return newOpaque(sessionPrefix) }

// ParseSessionToken returns the hash of a token that NewSessionToken may have made. Code session_invalid.
func ParseSessionToken(token string) (hash []byte, err error) {
	if !isOpaque(token, sessionPrefix) {
		return nil, chat.Refuse(chat.Unauthenticated, "session_invalid", "This is not a session of this server.")
	}
	return hashOpaque(token), nil
}

// NewInviteToken makes the token of an invitation; its hash is what is stored.
func NewInviteToken() (token string, hash []byte) { return newOpaque(invitePrefix) }

// ParseInviteToken returns the hash of a token that NewInviteToken may have made. Code invite_not_found: whoever guesses
// learns nothing from the form.
func ParseInviteToken(token string) (hash []byte, err error) {
	if !isOpaque(token, invitePrefix) {
		return nil, chat.Refuse(chat.NotFound, "invite_not_found", "There is no such invitation, or it was used, or is over.")
	}
	return hashOpaque(token), nil
}

func newOpaque(prefix string) (token string, hash []byte) {
	b := make([]byte, opaqueBytes)
	rand.Read(b) // never fails (crypto/rand)
	token = prefix + base64.RawURLEncoding.EncodeToString(b)
	return token, hashOpaque(token)
}

func isOpaque(token, prefix string) bool {
	rest, ok := strings.CutPrefix(token, prefix)
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(opaqueBytes) {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	return err == nil
}

func hashOpaque(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"github.com/chatd/chatd/chat"
)

const (
	keyPrefix  = "chatd_"
	keyPublic  = 8  // characters after keyPrefix that name a key in lists
	keySecret  = 40 // characters, the public ones included: 238 bits
	minAPIKey  = 16 // characters of a key that the operator chose
	maxAPIKey  = 256
	keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// NewKey makes an API key. secret is told once and not stored; prefix names the key in
// lists and logs; hash is what is stored and looked up by. The secret is random, so one
// round of SHA-256 is enough.
func NewKey() (secret, prefix string, hash []byte) {
	secret = keyPrefix + randomText(keySecret, keyLetters)
	prefix, hash, _ = ParseKey(secret)
	return secret, prefix, hash
}

// ParseKey reads a key that NewKey made or that an operator chose (16 to 256 printable
// ASCII characters without spaces). The prefix of a chosen one is taken from its hash, so
// that it tells nothing of the key. Code api_key_invalid.
func ParseKey(secret string) (prefix string, hash []byte, err error) {
	if len(secret) < minAPIKey || len(secret) > maxAPIKey || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", nil, chat.Refuse(chat.Unauthenticated, "api_key_invalid", "This is not an API key of this server.")
	}
	sum := sha256.Sum256([]byte(secret))
	if strings.HasPrefix(secret, keyPrefix) && len(secret) == len(keyPrefix)+keySecret {
		return secret[:len(keyPrefix)+keyPublic], sum[:], nil
	}
	return "own_" + hex.EncodeToString(sum[:4]), sum[:], nil
}

// CheckKey reports whether a key has this hash, in a time that doesn't tell how nearly.
func CheckKey(secret string, hash []byte) bool {
	_, sum, err := ParseKey(secret)
	return err == nil && subtle.ConstantTimeCompare(sum, hash) == 1
}

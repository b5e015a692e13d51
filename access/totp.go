package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 with SHA-1 is what every authenticator speaks; HMAC doesn't need more of it
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// What authenticators take for granted (RFC 6238; Google's Key URI format).
const (
	totpDigits = 6
	totpPeriod = 30 // seconds
	totpSecret = 20 // bytes, as long as SHA-1's sum (RFC 4226, section 4)
	totpDrift  = 1  // steps that a clock may be off, either way
)

var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewTOTPSecret makes the secret of an authenticator.
func NewTOTPSecret() []byte {
	b := make([]byte, totpSecret)
	rand.Read(b) // never fails (crypto/rand)
	return b
}

// TOTPSecretFrom cuts seed, which has to be secret and even, to the length of an authenticator's secret.
func TOTPSecretFrom(seed [sha256.Size]byte) []byte { return seed[:totpSecret] }

// TOTPText writes a secret as people type it: base32 without padding.
func TOTPText(secret []byte) string { return totpText.EncodeToString(secret) }

// TOTPURI is what an authenticator reads from a QR code.
func TOTPURI(secret []byte, issuer, account string) string {
	q := url.Values{"secret": {TOTPText(secret)}, "issuer": {issuer}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: q.Encode()}
	return u.String()
}

// CheckTOTP reports whether code is right at a time, one step of 30 seconds before or after included, and for which
// step. Steps up to after count no longer: none is to be used twice (RFC 6238, section 5.2).
func CheckTOTP(secret []byte, code string, at time.Time, after int64) (step int64, ok bool) {
	if len(secret) == 0 {
		return 0, false
	}
	now := at.Unix() / totpPeriod
	for s := now - totpDrift; s <= now+totpDrift; s++ {
		// No early end: how long it takes must not tell which step it was.
		if subtle.ConstantTimeCompare([]byte(hotp(secret, s)), []byte(code)) == 1 && s > after && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// hotp is RFC 4226, section 5.3.
func hotp(secret []byte, counter int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, counter) // a hash takes everything
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, n%1_000_000)
}

// RecoveryCodes is how many codes NewRecoveryCodes makes.
const RecoveryCodes = 10

// recoveryLetters lack those that are easily mistaken for each other; none is a vowel, so that no words come.
const recoveryLetters = "bcdfghjkmnpqrstvwxyz23456789"

// NewRecoveryCodes makes ten codes of 16 letters and digits in groups of four (76 bits: one round of SHA-256 is enough),
// and their hashes. Each stands in for an authenticator's code once.
func NewRecoveryCodes() (codes []string, hashes [][]byte) {
	for range RecoveryCodes {
		s := randomText(16, recoveryLetters)
		code := s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
		codes, hashes = append(codes, code), append(hashes, HashRecoveryCode(code))
	}
	return codes, hashes
}

// HashRecoveryCode returns what is stored of a recovery code. Case, spaces and dashes don't count.
func HashRecoveryCode(code string) []byte {
	sum := sha256.Sum256([]byte("recovery:" + plainCode(code)))
	return sum[:]
}

// PlainTOTP returns a code as CheckTOTP takes it; false where it isn't one of an authenticator.
func PlainTOTP(code string) (string, bool) {
	code = plainCode(code)
	return code, len(code) == totpDigits && strings.Trim(code, "0123456789") == ""
}

func plainCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code))
}

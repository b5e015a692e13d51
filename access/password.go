package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// What a new password costs to check: the second of OWASP's equal choices for argon2id.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16 // bytes
	argonKey     = 32 // bytes
)

// The bounds of what Check computes, whatever a stored hash asks for.
const (
	maxArgonMemory  = 256 * 1024 // KiB
	maxArgonTime    = 16
	maxArgonThreads = 16
)

// MaxPassword is the longest password, in bytes.
const MaxPassword = 1024

// Passwords hashes and checks the passwords of staff with argon2id (RFC 9106). At most a
// given number of computations run at a time, so that log-ins can't take the memory.
type Passwords struct {
	slots chan struct{}
	none  string // hash of a password that nobody knows
}

// NewPasswords allows parallel computations at a time, at least one; each takes 19 MiB.
func NewPasswords(parallel int) *Passwords {
	return &Passwords{
		slots: make(chan struct{}, max(1, parallel)),
		none:  phc(argonMemory, argonTime, argonThreads, make([]byte, argonSalt), make([]byte, argonKey)),
	}
}

// Hash returns a password's hash as a PHC string. It waits for a slot until ctx ends.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if password == "" || len(password) > MaxPassword {
		return "", fmt.Errorf("a password has 1 to %d bytes", MaxPassword)
	}
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails (crypto/rand)
	sum, err := p.compute(ctx, password, argon{argonMemory, argonTime, argonThreads, salt, make([]byte, argonKey)})
	if err != nil {
		return "", err
	}
	return phc(argonMemory, argonTime, argonThreads, salt, sum), nil
}

// Check reports whether password has this hash. An empty hash, that of an account that
// doesn't exist, takes the same time and is never right. An error is ctx's, or a hash
// that can't be read.
func (p *Passwords) Check(ctx context.Context, password, hash string) (bool, error) {
	exists := hash != ""
	if !exists {
		hash = p.none
	}
	a, err := parsePHC(hash)
	if err != nil {
		return false, err
	}
	if len(password) > MaxPassword {
		return false, nil
	}
	sum, err := p.compute(ctx, password, a)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, a.sum) == 1 && exists, nil
}

func (p *Passwords) compute(ctx context.Context, password string, a argon) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), a.salt, a.time, a.memory, a.threads, uint32(len(a.sum))), nil
}

// argon is what a PHC string of argon2id says.
type argon struct {
	memory, time uint32
	threads      uint8
	salt, sum    []byte
}

func phc(memory, time, threads int, salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, time, threads,
		b64.EncodeToString(salt), b64.EncodeToString(sum))
}

var errPHC = errors.New("not an argon2id hash in PHC form, or one that costs too much")

func parsePHC(s string) (argon, error) {
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return argon{}, errPHC
	}
	const costs = "m=%d,t=%d,p=%d"
	var a argon
	_, err := fmt.Sscanf(part[3], costs, &a.memory, &a.time, &a.threads)
	if err != nil || part[3] != fmt.Sprintf(costs, a.memory, a.time, a.threads) { // Sscanf ignores what follows
		return argon{}, errPHC
	}
	var errSum error
	a.salt, err = base64.RawStdEncoding.Strict().DecodeString(part[4])
	a.sum, errSum = base64.RawStdEncoding.Strict().DecodeString(part[5])
	if err != nil || errSum != nil || !a.affordable() {
		return argon{}, errPHC
	}
	return a, nil
}

// affordable holds a hash to RFC 9106 section 3.1 and to what a log-in may cost.
func (a argon) affordable() bool {
	within := func(n, lo, hi int) bool { return lo <= n && n <= hi }
	return within(int(a.threads), 1, maxArgonThreads) && within(int(a.time), 1, maxArgonTime) &&
		within(int(a.memory), 8*int(a.threads), maxArgonMemory) &&
		within(len(a.salt), 8, 64) && within(len(a.sum), 16, 64)
}

// MakePassword makes a password of 20 letters and digits in groups of five, without
// those that are easily mistaken for each other: 98 bits.
func MakePassword() string {
	s := randomText(20, "abcdefghjkmnpqrstuvwxyz23456789"[:31])
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:]
}

// randomText draws n characters evenly from an alphabet of at most 256.
func randomText(n int, alphabet string) string {
	fair := 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	b := make([]byte, 2*n)
	for len(out) < n {
		rand.Read(b)
		for _, c := range b {
			if int(c) < fair && len(out) < n {
				out = append(out, alphabet[int(c)%len(alphabet)])
			}
		}
	}
	return string(out)
}

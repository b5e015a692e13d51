package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

const (
	proofFor  = 5 * time.Minute
	maxProofs = 4096
)

// proof stands for credentials that were right.
type proof [sha256.Size]byte

// proofs remembers for a while which credentials were right, so that a script with a
// password doesn't cost a password hash a request. It keeps them as keyed hashes, under a
// key that dies with the process.
type proofs struct {
	key   [32]byte
	now   func() time.Time
	lasts time.Duration

	mu    sync.Mutex
	right map[proof]proved
}

// proved says what credentials were right for, and until when that is remembered.
type proved struct {
	hash string
	end  time.Time
}

func newProofs(now func() time.Time, lasts time.Duration) *proofs {
	p := &proofs{now: now, lasts: lasts, right: make(map[proof]proved)}
	_, _ = rand.Read(p.key[:]) // never fails (crypto/rand)
	return p
}

func (p *proofs) of(parts ...string) proof {
	h := hmac.New(sha256.New, p.key[:])
	for _, part := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part)))
		h.Write([]byte(part))
	}
	return proof(h.Sum(nil))
}

// hash returns the stored hash that x was right for, if x is remembered. Where another is
// stored by now, x proves nothing.
func (p *proofs) hash(x proof) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.right[x]
	if !ok || !p.now().Before(r.end) {
		return "", false
	}
	return r.hash, true
}

// add remembers from now on that x was right for hash.
func (p *proofs) add(x proof, hash string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if _, ok := p.right[x]; !ok && len(p.right) >= maxProofs {
		for k, r := range p.right {
			if !now.Before(r.end) {
				delete(p.right, k)
			}
		}
		if len(p.right) >= maxProofs {
			return
		}
	}
	p.right[x] = proved{hash, now.Add(p.lasts)}
}

func (p *proofs) forget(x proof) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.right, x)
}

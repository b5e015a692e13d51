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

// proofs remembers for a while which credentials were right, so that who has them isn't held
// by what bounds guessing. It keeps them as keyed hashes, under a key that dies with the process.
type proofs struct {
	key   [32]byte
	now   func() time.Time
	lasts time.Duration

	mu    sync.Mutex
	right map[proof]time.Time // until when it is remembered
}

func newProofs(now func() time.Time, lasts time.Duration) *proofs {
	p := &proofs{now: now, lasts: lasts, right: make(map[proof]time.Time)}
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

// has reports whether x is remembered. What it was right for may have changed since: that is to be asked all the same.
func (p *proofs) has(x proof) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	end, ok := p.right[x]
	return ok && p.now().Before(end)
}

// add remembers from now on that x was right.
func (p *proofs) add(x proof) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if _, ok := p.right[x]; !ok && len(p.right) >= maxProofs {
		for k, end := range p.right {
			if !now.Before(end) {
				delete(p.right, k)
			}
		}
		if len(p.right) >= maxProofs {
			return
		}
	}
	p.right[x] = now.Add(p.lasts)
}

func (p *proofs) forget(x proof) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.right, x)
}

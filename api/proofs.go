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

// proof stands for credentials that were right, together with the hash that they were
// right for: when that changes, the proof is void.
type proof [sha256.Size]byte

// proofs remembers for a while which credentials were right, so that a script with a
// password doesn't cost a password hash a request. It keeps keyed hashes, under a key that
// dies with the process.
type proofs struct {
	key [32]byte
	now func() time.Time

	mu  sync.Mutex
	end map[proof]time.Time
}

func newProofs(now func() time.Time) *proofs {
	p := &proofs{now: now, end: make(map[proof]time.Time)}
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

// has reports whether x is remembered, and remembers it for longer.
func (p *proofs) has(x proof) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if !now.Before(p.end[x]) {
		return false
	}
	p.end[x] = now.Add(proofFor)
	return true
}

func (p *proofs) add(x proof) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if len(p.end) >= maxProofs {
		for k, end := range p.end {
			if !now.Before(end) {
				delete(p.end, k)
			}
		}
	}
	if len(p.end) < maxProofs {
		p.end[x] = now.Add(proofFor)
	}
}

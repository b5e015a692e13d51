package api

import (
	"strconv"
	"testing"
	"time"
)

func TestProofs(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := newProofs(func() time.Time { return now })
	right := p.of("password", "ann", "secret", "hash")

	if p.has(right) {
		t.Error("credentials count as proved before they were")
	}
	p.add(right)
	if !p.has(right) {
		t.Error("what was proved is forgotten at once")
	}
	for name, other := range map[string]proof{
		"another password": p.of("password", "ann", "secret2", "hash"),
		"another hash":     p.of("password", "ann", "secret", "hash2"),
		"other borders":    p.of("password", "anns", "ecret", "hash"),
	} {
		if p.has(other) {
			t.Errorf("%s passes for what was proved", name)
		}
	}
	now = now.Add(proofFor - 1)
	if !p.has(right) {
		t.Errorf("a proof ends before %s", proofFor)
	}
	now = now.Add(proofFor - 1)
	if !p.has(right) {
		t.Error("a proof in use isn't remembered for longer")
	}
	now = now.Add(proofFor)
	if p.has(right) {
		t.Errorf("a proof outlives %s without use", proofFor)
	}
}

func TestProofsAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := newProofs(func() time.Time { return now })
	for i := range 2 * maxProofs {
		p.add(p.of(strconv.Itoa(i)))
	}
	if got := len(p.end); got != maxProofs {
		t.Errorf("got %d proofs, want %d", got, maxProofs)
	}

	now = now.Add(proofFor)
	last := p.of("last")
	p.add(last)
	if !p.has(last) || len(p.end) != 1 {
		t.Errorf("expired proofs keep their place: %d are left", len(p.end))
	}
}

package api

import (
	"strconv"
	"testing"
	"time"
)

func TestProofs(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := newProofs(func() time.Time { return now }, proofFor)
	right := p.of("password", "ann", "secret")

	if p.has(right) {
		t.Error("credentials count as proved before they were")
	}
	p.add(right)
	if !p.has(right) {
		t.Error("what was proved isn't remembered at once")
	}
	for name, other := range map[string]proof{
		"another password": p.of("password", "ann", "secret2"),
		"other borders":    p.of("password", "anns", "ecret"),
	} {
		if p.has(other) {
			t.Errorf("%s passes for what was proved", name)
		}
	}
	now = now.Add(proofFor - 1)
	if !p.has(right) {
		t.Errorf("a proof ends before %s", proofFor)
	}
	p.add(right)
	now = now.Add(proofFor - 1)
	if !p.has(right) {
		t.Error("a proof in use isn't remembered for longer")
	}
	now = now.Add(1)
	if p.has(right) {
		t.Errorf("a proof outlives %s without use", proofFor)
	}
	p.add(right)
	p.forget(right)
	if p.has(right) {
		t.Error("a proof outlives its being forgotten")
	}
}

func TestProofsAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := newProofs(func() time.Time { return now }, proofFor)
	for i := range 2 * maxProofs {
		p.add(p.of(strconv.Itoa(i)))
	}
	if got := len(p.right); got != maxProofs {
		t.Errorf("got %d proofs, want %d", got, maxProofs)
	}
	now = now.Add(proofFor - 1)
	p.add(p.of("0"))
	now = now.Add(1)
	if !p.has(p.of("0")) {
		t.Error("where all places are taken, a proof in use isn't remembered for longer")
	}

	last := p.of("last")
	p.add(last)
	if !p.has(last) || len(p.right) != 2 {
		t.Errorf("expired proofs keep their place: %d are left", len(p.right))
	}
}

package access

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPasswords(t *testing.T) {
	p := NewPasswords(1)
	hash, err := p.Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("Hash got %q, %v", hash, err)
	}
	if again, _ := p.Hash(t.Context(), "correct horse"); again == hash {
		t.Error("got the same hash twice, want another salt")
	}
	for _, tt := range []struct {
		password, hash string
		want           bool
	}{
		{"correct horse", hash, true}, {"Correct horse", hash, false}, {"", hash, false},
		{strings.Repeat("a", MaxPassword+1), hash, false}, {"correct horse", "", false}, {"", "", false},
	} {
		got, err := p.Check(t.Context(), tt.password, tt.hash)
		if err != nil || got != tt.want {
			t.Errorf("Check(%.20q, %.20q) got %t, %v; want %t", tt.password, tt.hash, got, err, tt.want)
		}
	}
	// A vector of the reference implementation: salt "somesalt", password "password".
	const reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	if ok, err := p.Check(t.Context(), "password", reference); err != nil || !ok {
		t.Errorf("the reference hash: got %t, %v; want true", ok, err)
	}
	for _, bad := range []string{"", strings.Repeat("a", MaxPassword+1)} {
		if _, err := p.Hash(t.Context(), bad); err == nil {
			t.Errorf("Hash of %d bytes got no error", len(bad))
		}
	}
}

func TestPasswordsRefuseHashes(t *testing.T) {
	p := NewPasswords(1)
	const salt, sum = "$c29tZXNhbHQ", "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	for _, hash := range []string{
		"x", "$2b$12$abc", "$argon2i$v=19$m=256,t=2,p=1" + salt + sum, "$argon2id$v=16$m=256,t=2,p=1" + salt + sum,
		"$argon2id$v=19$m=4194304,t=2,p=1" + salt + sum, "$argon2id$v=19$m=256,t=1000,p=1" + salt + sum,
		"$argon2id$v=19$m=256,t=0,p=1" + salt + sum, "$argon2id$v=19$m=256,t=2,p=0" + salt + sum, "$argon2id$v=19$m=1,t=2,p=1" + salt + sum,
		"$argon2id$v=19$m=256,t=2,p=1,x" + salt + sum, "$argon2id$v=19$m=-1,t=2,p=1" + salt + sum,
		"$argon2id$v=19$m=256,t=2,p=1$" + sum, "$argon2id$v=19$m=256,t=2,p=1" + salt + "$AAAA", "$argon2id$v=19$m=256,t=2,p=1" + salt + sum + "$",
	} {
		if ok, err := p.Check(t.Context(), "password", hash); err == nil || ok {
			t.Errorf("Check against %q got %t, no error", hash, ok)
		}
	}
}

func TestPasswordsWaitForASlot(t *testing.T) {
	p := NewPasswords(1)
	p.slots <- struct{}{} // somebody computes
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Check(ctx, "a", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestMakePassword(t *testing.T) {
	a, b := MakePassword(), MakePassword()
	if a == b || len(a) != 23 || strings.Count(a, "-") != 3 || strings.ContainsAny(a, "01ilo") {
		t.Errorf("got %q and %q, want four groups of five that nobody misreads", a, b)
	}
}

func TestAPIKeys(t *testing.T) {
	secret, prefix, hash := NewKey()
	if !strings.HasPrefix(secret, prefix) || !strings.HasPrefix(prefix, "chatd_") || len(prefix) != 14 || len(hash) != 32 {
		t.Fatalf("got %q, %q, %d bytes", secret, prefix, len(hash))
	}
	if !CheckKey(secret, hash) || CheckKey(secret+"x", hash) || CheckKey(secret, nil) || CheckKey("", nil) {
		t.Error("CheckKey must accept the key and nothing else")
	}
	const own = "a key that is mine"
	if _, _, err := ParseKey(own); err == nil {
		t.Error("a key with spaces: got no error")
	}
	prefix, _, err := ParseKey(strings.ReplaceAll(own, " ", "-"))
	if err != nil || !strings.HasPrefix(prefix, "own_") || strings.Contains(prefix, "key") {
		t.Errorf("got prefix %q, %v; want one that tells nothing", prefix, err)
	}
	for _, bad := range []string{"", "short", strings.Repeat("a", maxAPIKey+1), "sixteen-bytes-ö-x"} {
		if _, _, err := ParseKey(bad); err == nil {
			t.Errorf("ParseKey(%.20q) got no error", bad)
		}
	}
}

func BenchmarkCheckPassword(b *testing.B) {
	p := NewPasswords(1)
	for b.Loop() {
		_, _ = p.Check(b.Context(), "password", "")
	}
}

package access

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestTOTPVectors holds to RFC 6238, appendix B (SHA-1), cut to six digits.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := hotp(secret, at/totpPeriod); got != want {
			t.Errorf("at %d: got %s, want %s", at, got, want)
		}
		if step, ok := CheckTOTP(secret, want, time.Unix(at, 0), 0); !ok || step != at/totpPeriod {
			t.Errorf("at %d: got step %d, %t, want %d", at, step, ok, at/totpPeriod)
		}
	}
}

func TestCheckTOTP(t *testing.T) {
	secret := NewTOTPSecret()
	now := time.Date(2026, 11, 23, 12, 0, 10, 0, time.UTC)
	step := now.Unix() / totpPeriod
	tests := map[string]struct {
		secret []byte
		code   string
		after  int64
		want   bool
	}{
		"now":                 {secret, hotp(secret, step), 0, true},
		"one step early":      {secret, hotp(secret, step+1), 0, true},
		"one step late":       {secret, hotp(secret, step-1), 0, true},
		"two steps late":      {secret, hotp(secret, step-2), 0, false},
		"two steps early":     {secret, hotp(secret, step+2), 0, false},
		"used":                {secret, hotp(secret, step), step, false},
		"older than the last": {secret, hotp(secret, step-1), step, false},
		"newer than the last": {secret, hotp(secret, step+1), step, true},
		"empty":               {secret, "", 0, false},
		"too long":            {secret, hotp(secret, step) + "0", 0, false},
		"no secret":           {nil, hotp(nil, step), 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, got := CheckTOTP(tt.secret, tt.code, now, tt.after); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestTOTPURI(t *testing.T) {
	u, err := url.Parse(TOTPURI([]byte("12345678901234567890"), "chatd", "mia"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/chatd:mia" ||
		u.Query().Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || u.Query().Get("issuer") != "chatd" {
		t.Errorf("got %s", u)
	}
}

func TestRecoveryCodes(t *testing.T) {
	codes, hashes := NewRecoveryCodes()
	if len(codes) != RecoveryCodes || len(hashes) != RecoveryCodes {
		t.Fatalf("got %d codes and %d hashes, want %d", len(codes), len(hashes), RecoveryCodes)
	}
	seen := map[string]bool{}
	for i, c := range codes {
		if seen[c] || len(c) != 19 {
			t.Errorf("got %q, want 16 characters in groups, unlike the others", c)
		}
		seen[c] = true
		if _, isCode := PlainTOTP(c); isCode {
			t.Errorf("%q passes for an authenticator's", c)
		}
		typed := strings.ToUpper(strings.ReplaceAll(c, "-", " "))
		if !bytes.Equal(HashRecoveryCode(typed), hashes[i]) {
			t.Errorf("%q typed as %q is another code", c, typed)
		}
	}
	if got, ok := PlainTOTP("123 456"); !ok || got != "123456" {
		t.Errorf("got %q, %t for 123 456", got, ok)
	}
}

func TestOpaqueTokens(t *testing.T) {
	session, hash := NewSessionToken()
	invite, _ := NewInviteToken()
	if got, err := ParseSessionToken(session); err != nil || !bytes.Equal(got, hash) {
		t.Errorf("a session's own token: got %v", err)
	}
	for name, token := range map[string]string{
		"empty": "", "an invitation": invite, "cut": session[:len(session)-1], "longer": session + "A",
		"not base64": session[:len(session)-1] + "!", "without its start": strings.TrimPrefix(session, sessionPrefix),
	} {
		if _, err := ParseSessionToken(token); err == nil {
			t.Errorf("%s passes for a session's token", name)
		}
	}
	if _, err := ParseInviteToken(session); err == nil {
		t.Error("a session's token passes for an invitation")
	}
	if other, _ := NewSessionToken(); other == session {
		t.Error("two tokens are alike")
	}
}

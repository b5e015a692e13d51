package access

import (
	"strings"
	"testing"

	"github.com/chatd/chatd/chat"
)

// FuzzToken looks for a token that crashes, or that is believed without the key. The
// fuzzer sees the claims only: they are signed here, so that it gets past the signature.
func FuzzToken(f *testing.F) {
	tokens := newTokens(f, TokenConfig{Secrets: [][]byte{secret}, PublicKeys: keysOnce().pem})
	guests, err := NewGuests(secret, atNoon)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][2]string{
		{headerOf(HS256), claimsOf("")}, {headerOf(RS256), claimsOf(`"rooms":["a*"],"role":"vip",`)},
		{`{"alg":"none"}`, `{}`}, {"eyJ.a.b", "cg1.AAAA"}, {`{"alg":"HS256","kid":"a"}`, `{"sub":"a","exp":1e10,"aud":["b"]}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, header, claims string) {
		for _, token := range []string{header, claims, header + "." + claims + ".", b64(header) + "." + b64(claims) + "." + b64("signature")} {
			if a, err := tokens.Verify(t.Context(), token); err == nil {
				t.Fatalf("got %+v from an unsigned token %q", a, token)
			}
			if id, _, err := guests.Verify(token); err == nil {
				t.Fatalf("got guest %s from an unsigned token %q", id, token)
			}
		}
		a, err := tokens.Verify(t.Context(), hs256(secret, header, claims))
		if err != nil {
			if e := chat.AsError(err); e.Kind != chat.Unauthenticated {
				t.Fatalf("got %v, want a refusal", err)
			}
			return
		}
		sub, ok := strings.CutPrefix(string(a.ID), chat.PrefixUser)
		if !ok || !validSub(sub) || a.Name == "" || a.Expires.IsZero() || len(a.Rooms) > maxRooms {
			t.Fatalf("got %+v from header %q, claims %q", a, header, claims)
		}
		if !strings.Contains(header, HS256) && !strings.Contains(header, `\u`) {
			t.Fatalf("got %+v although the header %q names no allowed algorithm", a, header)
		}
	})
}

// FuzzScrub holds that what is hidden stays hidden, whatever stands around it.
func FuzzScrub(f *testing.F) {
	f.Add("GET /ws?", " HTTP/1.1")
	f.Add("a=b&", "&c=d")
	f.Fuzz(func(t *testing.T, before, after string) {
		const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl"
		if got := Scrub(before + "?token=" + token + " " + after); strings.Contains(got, "c2lnbmF0dXJl") {
			t.Fatalf("got %q, want the token hidden", got)
		}
	})
}

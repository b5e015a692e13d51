package access

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
)

func newGuests(t testing.TB) *Guests {
	t.Helper()
	g, err := NewGuests(secret, atNoon)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGuestTokens(t *testing.T) {
	g := newGuests(t)
	for _, name := range []string{"", "Ann", "Zoë 😀", strings.Repeat("é", chat.MaxName), strings.Repeat("😀", chat.MaxName)} {
		id := NewGuestID(nil)
		token := g.Issue(id, name)
		gotID, gotName, err := g.Verify(token)
		if err != nil || gotID != id || gotName != name {
			t.Errorf("got %q, %q, %v; want %q, %q", gotID, gotName, err, id, name)
		}
		if !IsGuestToken(token) || len(token) > maxGuestToken || strings.ContainsAny(token, " ;,\"\\") {
			t.Errorf("got %q, want a short guest token that fits a cookie", token)
		}
	}
}

func TestGuestTokensRefuse(t *testing.T) {
	g := newGuests(t)
	good := g.Issue(NewGuestID(nil), "Ann")
	raw, _ := base64.RawURLEncoding.DecodeString(good[len(guestPrefix):])
	changed := func(i int) string {
		b := append([]byte(nil), raw...)
		b[i] ^= 1
		return guestPrefix + base64.RawURLEncoding.EncodeToString(b)
	}
	other, _ := NewGuests([]byte("another secret of the tests"), atNoon)
	at := func(d time.Duration) string {
		g, _ := NewGuests(secret, func() time.Time { return noon.Add(d) })
		return g.Issue(NewGuestID(nil), "Ann")
	}
	tests := map[string]struct{ token, want string }{
		"empty":                        {"", "guest_token_invalid"},
		"the prefix alone":             {guestPrefix, "guest_token_invalid"},
		"another prefix":               {"cg2." + good[len(guestPrefix):], "guest_token_invalid"},
		"another id":                   {changed(0), "guest_token_invalid"},
		"another time":                 {changed(20), "guest_token_invalid"},
		"another name":                 {changed(guestFixed), "guest_token_invalid"},
		"another signature":            {changed(len(raw) - 1), "guest_token_invalid"},
		"truncated":                    {good[:len(good)-4], "guest_token_invalid"},
		"padded":                       {good + "=", "guest_token_invalid"},
		"a line break":                 {good[:10] + "\r\n" + good[10:], "guest_token_invalid"},
		"huge":                         {guestPrefix + strings.Repeat("A", 1<<20), "guest_token_invalid"},
		"another key":                  {other.Issue(NewGuestID(nil), "Ann"), "guest_token_invalid"},
		"a user's token":               {hs256(secret, headerOf(HS256), claimsOf("")), "guest_token_invalid"},
		"a user's, by the guests' key": {hs256(g.key, headerOf(HS256), claimsOf("")), "guest_token_invalid"},
		"too old":                      {at(-GuestLife - time.Second), "guest_token_expired"},
		"nearly too old":               {at(-GuestLife), ""},
		"by a fast clock":              {at(time.Hour), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := g.Verify(tt.token)
			if got := chat.CodeOf(err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestIssueKnowsOnlyGuests(t *testing.T) {
	g := newGuests(t)
	for _, id := range []chat.UserID{"", "u:u1", "g:", "g:x", chat.UserID("u:" + uuid.NewString()), chat.UserID(uuid.NewString())} {
		if got := g.Issue(id, "Ann"); got != "" {
			t.Errorf("Issue(%q) got %q, want none", id, got)
		}
	}
	if _, err := NewGuests([]byte("short"), atNoon); err == nil {
		t.Error("a key of 5 bytes: got no error")
	}
}

func TestGuestName(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewGuestID(nil)
		name := GuestName(id)
		digits, ok := strings.CutPrefix(name, "Guest ")
		if !ok || len(digits) < 4 || len(digits) > 5 || name != GuestName(id) {
			t.Fatalf("got %q, want Guest and four or five digits, the same each time", name)
		}
		if clean, err := chat.CleanName(name); err != nil || clean != name {
			t.Fatalf("got %q, %v; want a name that chat takes as it is", clean, err)
		}
		seen[name] = true
	}
	if len(seen) < 900 {
		t.Errorf("got %d names for 1000 guests, want most to differ", len(seen))
	}
}

package access

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func newDoor(t *testing.T, now func() time.Time) *Door {
	t.Helper()
	proxies := prefixes("10.0.0.0/8")
	origins, err := NewOrigins([]string{"https://site.example"}, proxies)
	if err != nil {
		t.Fatal(err)
	}
	guests, err := NewGuests(secret, now)
	if err != nil {
		t.Fatal(err)
	}
	return NewDoor(DoorConfig{Tokens: newTokens(t, TokenConfig{Secrets: [][]byte{secret}}), Guests: guests, Origins: origins, Proxies: proxies})
}

func knock(target string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr = "203.0.113.9:1234"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestIdentify(t *testing.T) {
	d := newDoor(t, atNoon)
	user := hs256(secret, headerOf(HS256), claimsOf(""))
	other := hs256(secret, headerOf(HS256), strings.Replace(claimsOf(""), "u1", "u2", 1))
	id := NewGuestID(nil)
	guest := d.guests.Issue(id, "Gus")
	cookie := GuestCookie + "=" + guest

	tests := map[string]struct {
		r    *http.Request
		want chat.UserID
		code string
	}{
		"a header":                     {knock("/ws", "Authorization", "Bearer "+user), "u:u1", ""},
		"a header in another case":     {knock("/ws", "Authorization", "bearer  "+user), "u:u1", ""},
		"a parameter":                  {knock("/ws?token=" + user), "u:u1", ""},
		"a cookie":                     {knock("/ws", "Cookie", cookie), id, ""},
		"a guest's token as parameter": {knock("/ws?token=" + guest), id, ""},
		"a guest's token as header":    {knock("/ws", "Authorization", "Bearer "+guest), id, ""},
		"header before parameter":      {knock("/ws?token="+other, "Authorization", "Bearer "+user), "u:u1", ""},
		"parameter before cookie":      {knock("/ws?token="+user, "Cookie", cookie), "u:u1", ""},
		"a bad token, a good cookie":   {knock("/ws?token=x", "Cookie", cookie), "", "token_invalid"},
		"a bad guest token":            {knock("/ws?token=cg1.AAAA"), "", "guest_token_invalid"},
		"an empty parameter":           {knock("/ws?token=", "Cookie", cookie), id, ""},
		"the parameter twice":          {knock("/ws?token=" + user + "&token=" + other), "", "token_invalid"},
		"the header twice":             {knock("/ws", "Authorization", "Bearer "+user, "Authorization", "Bearer "+other), "", "token_invalid"},
		"another scheme":               {knock("/ws", "Authorization", "Basic "+user), "", "token_invalid"},
		"a header without a token":     {knock("/ws", "Authorization", "Bearer"), "", "token_invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := d.Identify(tt.r)
			if got := chat.CodeOf(err); got != tt.code || v.Actor.ID != tt.want {
				t.Fatalf("got %q, %v; want %q, %q", v.Actor.ID, err, tt.want, tt.code)
			}
			if v.Actor.Addr.String() != "203.0.113.9" {
				t.Errorf("got address %s, want it known even of who is refused", v.Actor.Addr)
			}
			if v.Cookie != nil {
				t.Errorf("got cookie %v, want none", v.Cookie)
			}
			if v.Actor.Guest() != (v.GuestToken != "") {
				t.Errorf("got guest token %q for %s", v.GuestToken, v.Actor.ID)
			}
		})
	}
}

func TestNewGuest(t *testing.T) {
	d := newDoor(t, atNoon)
	r := knock("/ws", "Cookie", GuestCookie+"=forged", "User-Agent", strings.Repeat("é", 200)+"\xff")
	v, err := d.Identify(r)
	if err != nil || v.Cookie == nil || v.Cookie.Value != v.GuestToken || !v.Actor.Guest() || v.Actor.Role != chat.RoleGuest {
		t.Fatalf("got %+v, %v; want a new guest with a cookie", v, err)
	}
	if v.Actor.Name != GuestName(v.Actor.ID) || v.Actor.Rooms != nil || !v.Actor.Expires.IsZero() || len(v.Actor.Agent) > maxAgent {
		t.Errorf("got %+v, want the default name, open rooms, no end, a short agent", v.Actor)
	}
	again, err := d.Identify(knock("/ws", "Cookie", v.Cookie.Name+"="+v.Cookie.Value))
	if err != nil || again.Actor.ID != v.Actor.ID || again.Actor.Name != v.Actor.Name {
		t.Errorf("got %q, %v on return; want %q", again.Actor.ID, err, v.Actor.ID)
	}
}

func TestGuestCookies(t *testing.T) {
	d := newDoor(t, atNoon)
	tests := map[string]struct {
		r    *http.Request
		want string // the attributes
	}{
		"own page, plain":          {knock("http://chat.example/ws", "Origin", "http://chat.example"), "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"},
		"own page, TLS":            {knock("https://chat.example/ws", "Origin", "https://chat.example"), "Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax"},
		"no browser":               {knock("http://chat.example/ws"), "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"},
		"another site, plain":      {knock("http://chat.example/ws", "Origin", "https://site.example"), "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"},
		"another site, TLS":        {knock("https://chat.example/ws", "Origin", "https://site.example"), "Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=None; Partitioned"},
		"a stranger's word of TLS": {knock("http://chat.example/ws", "X-Forwarded-Proto", "https"), "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := d.Identify(tt.r)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := v.Cookie.String(), GuestCookie+"="+v.GuestToken+"; "+tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestOldGuestTokensAreRenewed(t *testing.T) {
	now := noon
	d := newDoor(t, func() time.Time { return now })
	first, _ := d.Identify(knock("/ws"))
	now = noon.Add(guestRenewal + time.Hour)
	second, err := d.Identify(knock("/ws", "Cookie", GuestCookie+"="+first.GuestToken))
	if err != nil || second.Actor.ID != first.Actor.ID || second.Cookie == nil || second.GuestToken == first.GuestToken {
		t.Errorf("got %+v, %v; want the same guest with a new token", second, err)
	}
	now = noon.Add(GuestLife + time.Hour)
	third, err := d.Identify(knock("/ws", "Cookie", GuestCookie+"="+first.GuestToken))
	if err != nil || third.Actor.ID == first.Actor.ID {
		t.Errorf("got %+v, %v; want a new guest for an expired cookie", third, err)
	}
}

func TestIdentifyToken(t *testing.T) {
	d := newDoor(t, atNoon)
	so, _ := d.Identify(knock("/ws", "User-Agent", "test"))
	v, err := d.IdentifyToken(t.Context(), hs256(secret, headerOf(HS256), claimsOf("")), "", so.Actor)
	if err != nil || v.Actor.ID != "u:u1" || v.Actor.Addr != so.Actor.Addr || v.Actor.Agent != "test" {
		t.Errorf("got %+v, %v; want u:u1 at the same address", v.Actor, err)
	}
	if v.Actor.Was != so.Actor.ID {
		t.Errorf("got %q as the guest before, want the connection's: %q", v.Actor.Was, so.Actor.ID)
	}
	before := NewGuestID(nil)
	v, err = d.IdentifyToken(t.Context(), hs256(secret, headerOf(HS256), claimsOf("")), d.guests.Issue(before, "Gus"), so.Actor)
	if err != nil || v.Actor.Was != before {
		t.Errorf("got %q, %v as the guest before, want the one that was brought along: %q", v.Actor.Was, err, before)
	}
}

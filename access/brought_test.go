package access

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

// TestTheGuestBefore shows which guest a signed-in user is said to have been.
func TestTheGuestBefore(t *testing.T) {
	d := newDoor(t, atNoon)
	user := hs256(secret, headerOf(HS256), claimsOf(""))
	byCookie, byParam := NewGuestID(nil), NewGuestID(nil)
	cookie := GuestCookie + "=" + d.guests.Issue(byCookie, "")
	param := "&guest_token=" + d.guests.Issue(byParam, "")

	tests := map[string]struct {
		target, cookie string
		want           chat.UserID
	}{
		"none":                    {"/ws?token=" + user, "", ""},
		"a cookie":                {"/ws?token=" + user, cookie, byCookie},
		"a parameter":             {"/ws?token=" + user + param, "", byParam},
		"parameter before cookie": {"/ws?token=" + user + param, cookie, byParam},
		"a bad parameter":         {"/ws?token=" + user + "&guest_token=cg1.AAAA", cookie, byCookie},
		"the parameter twice":     {"/ws?token=" + user + param + param, cookie, byCookie},
		"a user's token there":    {"/ws?token=" + user + "&guest_token=" + user, "", ""},
		"a guest":                 {"/ws?a=b" + param, cookie, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := knock(tt.target)
			if tt.cookie != "" {
				r.Header.Set("Cookie", tt.cookie)
			}
			v, err := d.Identify(r)
			if err != nil || v.Actor.Was != tt.want {
				t.Errorf("got %q, %v; want %q", v.Actor.Was, err, tt.want)
			}
			if v.New {
				t.Error("somebody who brought a token counts as new")
			}
		})
	}
}

func TestWhoBringsNothingIsNew(t *testing.T) {
	d := newDoor(t, atNoon)
	for name, cookie := range map[string]string{"nothing": "", "a bad cookie": GuestCookie + "=cg1.AAAA"} {
		r := knock("/ws")
		r.Header.Set("Cookie", cookie)
		v, err := d.Identify(r)
		if err != nil || !v.New || !v.Actor.Issued.Equal(noon) {
			t.Errorf("%s: got %+v, %v; want a new guest of now", name, v, err)
		}
	}
}

func TestIssued(t *testing.T) {
	tokens := newTokens(t, TokenConfig{Secrets: [][]byte{secret}})
	a, err := tokens.Verify(t.Context(), hs256(secret, headerOf(HS256), claimsOf(fmt.Sprintf(`"iat":%d,`, noon.Unix()-60))))
	if err != nil || a.Issued.Unix() != noon.Unix()-60 {
		t.Errorf("got %v, %v; want a minute before noon", a.Issued, err)
	}
	a, err = tokens.Verify(t.Context(), hs256(secret, headerOf(HS256), claimsOf("")))
	if err != nil || !a.Issued.IsZero() {
		t.Errorf("got %v, %v; want no time", a.Issued, err)
	}
}

func TestOtherClaims(t *testing.T) {
	tokens := newTokens(t, TokenConfig{Secrets: [][]byte{secret}})
	many := strings.Builder{}
	for i := range 2 * chat.MaxClaims {
		fmt.Fprintf(&many, `"c%02d":true,`, i)
	}
	tests := map[string]struct {
		claims string
		want   map[string][]string
	}{
		"none":                {``, nil},
		"a string":            {`"plan":"gold",`, map[string][]string{"plan": {"gold"}}},
		"as it is spelt":      {`"level":1.50,"big":12345678901234567890,"paid":true,`, map[string][]string{"level": {"1.50"}, "big": {"12345678901234567890"}, "paid": {"true"}}},
		"a list":              {`"groups":["a","b",3,false],`, map[string][]string{"groups": {"a", "b", "3", "false"}}},
		"escapes":             {`"pl\u0061n":"g\u006fld",`, map[string][]string{"plan": {"gold"}}},
		"other types":         {`"o":{"a":1},"n":null,"l":[["a"],{"b":1},null],"e":[],"s":"",`, nil},
		"too long":            {`"long":"` + strings.Repeat("x", chat.MaxClaim+1) + `",`, nil},
		"one of a list":       {`"groups":["` + strings.Repeat("x", chat.MaxClaim+1) + `","b"],`, map[string][]string{"groups": {"b"}}},
		"a name too long":     {`"` + strings.Repeat("n", chat.MaxClaimName+1) + `":"x",`, nil},
		"chatd's own":         {`"name":"Ann","role":"vip","rooms":["a"],"iat":1,"jti":"7",`, nil},
		"names in their case": {`"Sub":"x","ROLE":"admin",`, map[string][]string{"Sub": {"x"}, "ROLE": {"admin"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := tokens.Verify(t.Context(), hs256(secret, headerOf(HS256), claimsOf(tt.claims)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, a.Claims); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	a, err := tokens.Verify(t.Context(), hs256(secret, headerOf(HS256), claimsOf(many.String())))
	if err != nil || len(a.Claims) != chat.MaxClaims {
		t.Errorf("got %d claims, %v; want the first %d", len(a.Claims), err, chat.MaxClaims)
	}
}

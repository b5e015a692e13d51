package load

import (
	"slices"
	"testing"
)

func TestTextsCarryTokens(t *testing.T) {
	want := []Token{{0, 1, 5}, {127, 123456, 98765432109}}
	var b []byte
	for _, token := range want {
		b = append(b, `{"text":"`...)
		n := len(b)
		b = appendText(b, token)
		if got := len(b) - n; got != textLen {
			t.Errorf("the text of %v has %d bytes, want %d", token, got, textLen)
		}
		b = append(b, `"}`...)
	}

	var got []Token
	eachToken(b, func(token Token) { got = append(got, token) })

	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBrokenTokensAreNone(t *testing.T) {
	for _, s := range []string{"", "^", "^1:2", "^1:2:", "^1:2:3", "^:2:3;", "^1:x:3;", "^1:2:99999999999999999999;", "1:2:3;"} {
		eachToken([]byte(s), func(token Token) { t.Errorf("%q: got %v, want none", s, token) })
	}
}

func TestField(t *testing.T) {
	b := []byte(`{"type":"joined","epoch":"abc","seq":17,"last":3}`)
	for name, want := range map[string]string{`"epoch":"`: "abc", `"seq":`: "17", `"last":`: "3", `"none":`: ""} {
		if got := field(b, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

package render

import (
	"fmt"
	"strings"
	"testing"
)

func TestCacheSaysWhatOfSays(t *testing.T) {
	c := NewCache(2)
	for range 2 {
		for _, text := range []string{"plain", "*a*", "<b>x</b>", "**b** `c`", "https://a.example"} {
			if got, want := c.Of(text), Of(text); got != want {
				t.Errorf("Of(%q) got %+v, want %+v", text, got, want)
			}
		}
	}
	if c.Of(strings.Repeat("*a* ", maxRemembered)); c.forms.Contains(strings.Repeat("*a* ", maxRemembered)) {
		t.Error("a text beyond the bound is remembered")
	}
	if n := c.forms.Len(); n > 2 {
		t.Errorf("%d texts are remembered, want at most 2", n)
	}
}

func BenchmarkCache(b *testing.B) {
	c := NewCache(1024)
	texts := make([]string, 200)
	for i := range texts {
		texts[i] = fmt.Sprintf("*hello* _there_ https://x.example/%d", i)
	}
	for b.Loop() {
		for _, t := range texts {
			c.Of(t)
		}
	}
}

package policies_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/chatd/chatd/policies"
)

// BenchmarkCheck judges messages of 80 characters by 10,000 words.
func BenchmarkCheck(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(from rune, letters int) string {
		var w strings.Builder
		for range 6 + random.IntN(5) {
			w.WriteRune(from + rune(random.IntN(letters)))
		}
		return w.String()
	}
	var policy strings.Builder
	policy.WriteString("version: 1\nrules:\n  - id: words\n    action: reject\n    terms:\n")
	for range 10_000 {
		fmt.Fprintf(&policy, "      - %s\n", word('a', 26))
	}
	set := load(b, policy.String())
	for name, text := range map[string]string{
		"ASCII":    strings.Repeat("see you at eight ", 5)[:80],
		"Cyrillic": string([]rune(strings.Repeat("увидимся в восемь ", 5))[:80]),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			in := policies.Input{Views: []string{text}}
			for b.Loop() {
				set.Check(in)
			}
		})
	}
	b.Run("Load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := policies.Load(folder(policy.String())); err != nil {
				b.Fatal(err)
			}
		}
	})
}

package chat

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTokens(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"words":                   {"Hello, World! hello", []string{"hello", "world"}},
		"nothing":                 {" …!? ", nil},
		"numbers and names":       {"v2.0 snake_case", []string{"v2", "0", "snake", "case"}},
		"an apostrophe":           {"don't", []string{"don", "t"}},
		"folded":                  {"STRASSE straße ﬁn Ａｎｎ", []string{"strasse", "fin", "ann"}},
		"accents stay":            {"Café cafe\u0301", []string{"café"}},
		"Cyrillic":                {"Привет, МИР", []string{"привет", "мир"}},
		"invisible characters":    {"sp\u200bam", []string{"spam"}},
		"Chinese":                 {"我喜欢猫", []string{"我喜", "喜欢", "欢猫"}},
		"one character":           {"猫 or 犬", []string{"猫", "or", "犬"}},
		"Japanese with Latin":     {"Goで書く", []string{"go", "で書", "書く"}},
		"halfwidth katakana":      {"ｻｰﾊﾞｰ", []string{"サー", "ーバ", "バー"}},
		"Korean":                  {"광고입니다", []string{"광고", "고입", "입니", "니다"}},
		"Thai with its marks":     {"ที่นี่", []string{"ที่นี่"}},
		"Hindi is words":          {"आप कैसे", []string{"आप", "कैसे"}},
		"a word cut at its start": {strings.Repeat("é", 40), []string{strings.Repeat("é", 32)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Tokens(tt.text)); diff != "" {
				t.Errorf("Tokens(%q) (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func TestTokensAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 2 * MaxTokens {
		fmt.Fprintf(&text, "w%d ", i)
	}
	if got := len(Tokens(text.String())); got != MaxTokens {
		t.Errorf("tokens of %d words: got %d, want %d", 2*MaxTokens, got, MaxTokens)
	}
}

func TestTokensHoldForAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")
		seen := map[string]bool{}
		for _, token := range Tokens(text) {
			if token == "" || len(token) > MaxTokenBytes || !utf8.ValidString(token) || seen[token] {
				t.Errorf("tokens of %q: got %q, want each once, valid and of 1 to %d bytes", text, token, MaxTokenBytes)
			}
			seen[token] = true
		}
	})
}

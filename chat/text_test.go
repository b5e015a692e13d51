package chat

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestCleanText(t *testing.T) {
	family := "👨\u200d👩\u200d👧"
	tests := map[string]struct{ text, want string }{
		"plain text":                       {"hello, world!", "hello, world!"},
		"outer white space":                {" \n a \t\n", "a"},
		"inner white space":                {"a  b\n\nc", "a  b\n\nc"},
		"line ends of other systems":       {"a\r\nb\rc\u2028d", "a\nb\nc\nd"},
		"a tab":                            {"a\tb", "a b"},
		"control characters":               {"a\x00b\x1b[31mc\x7fd\u0085e", "ab[31mcd\ne"},
		"bidi overrides and isolates":      {"a\u202emaps\u202c \u2066b\u2069", "amaps b"},
		"zero-width spaces":                {"sp\u200bam\ufeff a\u00adb\u2060c", "spam abc"},
		"zero width between Latin letters": {"s\u200dp\u200cam", "spam"},
		"only zero width":                  {"\u200b\u200d\ufeff", ""},
		"only blanks":                      {"\u2800\u3164 \u00a0\u115f", ""},
		"only marks":                       {"\u0301\u0302", ""},
		"an emoji sequence":                {"a " + family + " b", "a " + family + " b"},
		"a heart with its selector":        {"❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"},
		"a keycap":                         {"1\ufe0f\u20e3", "1\ufe0f\u20e3"},
		"a skin tone":                      {"👩🏽\u200d🚀", "👩🏽\u200d🚀"},
		"a flag made of tags":              {"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"},
		"tags that hide a text":            {"a\U000e0068\U000e0069", "a"},
		"selectors on letters":             {"s\ufe0fp\ufe00am", "spam"},
		"a run of selectors":               {"❤\ufe0f\ufe0f\ufe0e", "❤\ufe0f"},
		"Persian with a non-joiner":        {"می\u200cخواهم", "می\u200cخواهم"},
		"Hindi with a joiner":              {"क्\u200dष", "क्\u200dष"},
		"Sinhala":                          {"ශ්\u200dරී", "ශ්\u200dරී"},
		"a direction mark in Hebrew":       {"שלום\u200f!", "שלום\u200f!"},
		"a direction mark in English":      {"s\u200epam", "spam"},
		"composed":                         {"e\u0301", "é"},
		"composed across what goes":        {"e\u200b\u0301", "é"},
		"a tower of marks":                 {"Z" + strings.Repeat("\u0334", 50) + "a", "Z" + strings.Repeat("\u0334", 8) + "a"},
		"Thai marks":                       {"ที่นี่", "ที่นี่"},
		"invalid UTF-8":                    {"a\xffb", "a\uFFFDb"},
		"noncharacters":                    {"a\ufdd0b\U0001ffffc", "abc"},
		"markup":                           {"<b>&lt;</b>", "<b>&lt;</b>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := CleanText(tt.text); got != tt.want {
				t.Errorf("CleanText(%q): got %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestCleanLine(t *testing.T) {
	tests := map[string]struct {
		text string
		max  int
		want string
		fits bool
	}{
		"a line":               {"General chat", 20, "General chat", true},
		"lines become one":     {" a\n\tb  c ", 5, "a b c", true},
		"characters count":     {"ééé", 3, "ééé", true},
		"too long":             {"abcd", 3, "abcd", false},
		"invisible":            {"\u200b\u202e", 3, "", true},
		"invisible at the end": {"a \u200b \u2800 ", 3, "a", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, fits := CleanLine(tt.text, tt.max)
			if got != tt.want || fits != tt.fits {
				t.Errorf("CleanLine(%q, %d): got %q, %v; want %q, %v", tt.text, tt.max, got, fits, tt.want, tt.fits)
			}
		})
	}
}

// anyText draws text with more of what cleaning is about than chance would give.
func anyText() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{
			" ", "\n", "\r", "\t", "\x00", "\u200b", "\u200c", "\u200d", "\u200e", "\u202e", "\u2069", "\ufe0f", "\u0301", "\u0344", "\u0334",
			"\u2800", "\u3164", "\U000e0067", "🏴", "❤", "👩", "a", "é", "e", "ب", "क", "्", "ש", "각", "\u1100", "\u1161", "\u11a8", "\xff", "1", "ー", "語", "ß",
		}),
	)
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOf(part).Draw(t, "parts"), "") })
}

func TestCleanTextHoldsForAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")

		got := CleanText(text)

		if again := CleanText(got); again != got {
			t.Errorf("cleaning %q twice: got %q, then %q", text, got, again)
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) {
			t.Errorf("CleanText(%q): got %q, want NFC in UTF-8", text, got)
		}
		for _, r := range got {
			if r != '\n' && unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200B {
				t.Errorf("CleanText(%q): got %q, which holds %U", text, got, r)
			}
		}
		if got != "" && !strings.ContainsFunc(got, visible) {
			t.Errorf("CleanText(%q): got %q, of which nothing is visible", text, got)
		}
		line, _ := CleanLine(text, 10)
		if strings.Contains(line, "\n") || strings.Contains(line, "  ") {
			t.Errorf("CleanLine(%q): got %q, want one line with single spaces", text, line)
		}
		if again, _ := CleanLine(line, 10); again != line {
			t.Errorf("cleaning the line %q twice: got %q, then %q", text, line, again)
		}
	})
}

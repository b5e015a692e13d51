package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxEmoji bounds a reaction, in bytes.
const MaxEmoji = 64

// validEmoji reports whether s is made like one emoji of UTS #51 (ED-17): a keycap, a pair
// of regional indicators, or symbols with their modifiers joined by zero-width joiners. No
// letters: a row of reactions must not spell a word.
func validEmoji(s string) bool {
	if s == "" || len(s) > MaxEmoji || !utf8.ValidString(s) {
		return false
	}
	if isKeycap(s) || isFlag(s) {
		return true
	}
	for element := range strings.SplitSeq(s, "\u200D") {
		if !isSymbol(element) {
			return false
		}
	}
	return true
}

// isKeycap admits "1\uFE0F\u20E3" and the like, the selector being optional.
func isKeycap(s string) bool {
	rest, ok := strings.CutSuffix(s, "\u20E3")
	rest = strings.TrimSuffix(rest, "\uFE0F")
	return ok && len(rest) == 1 && strings.Contains("0123456789#*", rest)
}

// isFlag admits two regional indicators.
func isFlag(s string) bool {
	r := []rune(s)
	indicator := func(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }
	return len(r) == 2 && indicator(r[0]) && indicator(r[1])
}

// isSymbol admits one symbol and what modifies it.
func isSymbol(s string) bool {
	base, size := utf8.DecodeRuneInString(s)
	return isEmojiBase(base) && !strings.ContainsFunc(s[size:], func(r rune) bool { return !isEmojiModifier(r) })
}

// isEmojiModifier admits variation selectors, skin tones, and the tags of flags like Scotland's.
func isEmojiModifier(r rune) bool {
	return r == 0xFE0E || r == 0xFE0F || r >= 0x1F3FB && r <= 0x1F3FF || r >= 0xE0020 && r <= 0xE007F
}

func isEmojiBase(r rune) bool {
	if r == 0x203C || r == 0x2049 { // the only punctuation with an emoji form
		return true
	}
	indicator := r >= 0x1F1E6 && r <= 0x1F1FF
	return r > 0x7F && !indicator && r != utf8.RuneError && unicode.In(r, unicode.So, unicode.Sm)
}

package policies

import (
	"unicode"
	"unicode/utf8"
)

// wordGroup says how a rune takes part in words.
type wordGroup int

const (
	separator  wordGroup = iota
	alphabetic           // one word until the next separator
	katakana             // a word of its own within Japanese text
	hangul               // particles follow foreign words without a space
	ideograph            // scripts without spaces: every character may begin a word
	extender             // a mark: belongs to what stands before it
)

var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

//nolint:cyclop // a table of cases
func groupOf(r rune) wordGroup {
	switch {
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return alphabetic
		}
		return separator
	case unicode.IsMark(r):
		return extender
	case r == 'ー', unicode.Is(unicode.Katakana, r):
		return katakana
	case !unicode.IsLetter(r) && !unicode.IsNumber(r):
		return separator
	case unicode.Is(unicode.Hangul, r):
		return hangul
	case unicode.In(r, spaceless...):
		return ideograph
	}
	return alphabetic
}

// boundary reports whether a word may begin or end in text at byte i, which is a rune
// boundary. It follows UAX #29 but for two things that people disguise words with: "_"
// separates, and so does a change between alphabets and the scripts of East Asia.
func boundary(text []byte, i int) bool {
	if i == 0 || i == len(text) {
		return true
	}
	next, _ := utf8.DecodeRune(text[i:])
	after := groupOf(next)
	if after == extender {
		return false
	}
	// Marks tell nothing: what they stand on does. Looked at few of them, so that a
	// tower of marks before every match costs no more than a short one.
	before := extender
	for n, j := 0, i; before == extender && j > 0 && n < maxMarks; n++ {
		prev, size := utf8.DecodeLastRune(text[:j])
		before = groupOf(prev)
		j -= size
	}
	if before != after {
		return true
	}
	return before == separator || before == ideograph
}

// maxMarks is how many marks boundary looks through for the letter below them.
const maxMarks = 32

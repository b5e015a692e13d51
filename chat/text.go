package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/chatd/chatd/policies"
)

// maxMarks is how many combining marks a character may carry. Stacks in real scripts
// have up to five; more is a tower over other people's lines.
const maxMarks = 8

// CleanText makes a message storable, whatever bytes it is given. The result is NFC,
// its lines end in \n, and these are gone: control characters, bidi embeddings,
// overrides and isolates, invisible characters but where an emoji or a script needs them,
// marks above maxMarks, outer white space. Where nothing visible remains it is "".
// Cleaning twice changes nothing.
func CleanText(s string) string {
	if isPlainASCII(s) {
		return strings.Trim(s, " \n")
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	// What goes can bring together what composes, and what decomposes can stack marks:
	// a few rounds settle it.
	for range 4 {
		next := norm.NFC.String(trimBlank(sift(s)))
		if next == s {
			break
		}
		s = next
	}
	if !strings.ContainsFunc(s, visible) {
		return ""
	}
	return s
}

// CleanLine makes a name, a title or any other single line storable: as CleanText, with
// every run of white space one space. It reports false where more than maxRunes
// characters remain; the line is returned whole all the same.
func CleanLine(s string, maxRunes int) (string, bool) {
	line := CleanText(strings.Join(strings.Fields(CleanText(s)), " "))
	return line, utf8.RuneCountInString(line) <= maxRunes
}

// isPlainASCII reports whether s holds nothing that sift changes.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' && c != '\n') || c >= 0x7F {
			return false
		}
	}
	return true
}

func visible(r rune) bool { return !blank(r) && !policies.Ignorable(r) && !unicode.IsMark(r) }

// blank reports whether r is shown as empty space.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\u2800' }

// trimBlank cuts outer white space; the blank Braille pattern too, which isn't text at an end.
func trimBlank(s string) string { return strings.TrimFunc(s, blank) }

// sift copies s without what doesn't belong in a stored text.
func sift(s string) string {
	v := sifter{rightToLeft: strings.ContainsFunc(s, rightToLeft)}
	v.out.Grow(len(s))
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		v.rune(r, next)
	}
	return v.out.String()
}

type sifter struct {
	out         strings.Builder
	rightToLeft bool // some letter of the text runs that way
	prev        rune // the last one kept; 0: none
	base        rune // the last one kept that is neither mark nor ignorable
	marks, tags int  // kept since base
}

//nolint:cyclop // a table of cases
func (v *sifter) rune(r, next rune) {
	switch {
	case r == '\r':
		if next != '\n' {
			v.keep('\n')
		}
	case r == '\n', r == '\v', r == '\f', r == '\u0085', r == '\u2028', r == '\u2029':
		v.keep('\n')
	case r == '\t':
		v.keep(' ')
	case unicode.IsControl(r), isNonCharacter(r), r >= 0xFFF9 && r <= 0xFFFB:
	case policies.Ignorable(r):
		if v.needs(r, next) {
			v.keep(r)
		}
	case unicode.IsMark(r):
		if v.base != 0 && v.base != '\n' && v.marks < maxMarks {
			v.marks++
			v.keep(r)
		}
	default:
		v.keep(r)
		v.base, v.marks, v.tags = r, 0, 0
	}
}

func (v *sifter) keep(r rune) {
	v.out.WriteRune(r)
	v.prev = r
	if r == '\n' || r == ' ' {
		v.base, v.marks, v.tags = r, 0, 0
	}
}

// needs reports whether an invisible character has work to do where it stands.
//
//nolint:cyclop // a table of cases
func (v *sifter) needs(r, next rune) bool {
	switch {
	case v.base == 0, v.prev == r:
		return false
	case r == '\u200E', r == '\u200F', r == '\u061C': // direction marks
		return v.rightToLeft && !directionMark(v.prev)
	case r == '\u200C': // zero-width non-joiner
		return joins(v.base) && unicode.IsLetter(next) && v.prev != '\u200D'
	case r == '\u200D': // zero-width joiner
		return v.prev != '\u200C' && (joins(v.base) || pictorial(v.base) && pictorial(next))
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0x180B && r <= 0x180F, r >= 0xE0100 && r <= 0xE01EF:
		return v.prev == v.base && varies(v.base)
	case r >= 0xE0020 && r <= 0xE007F: // the tags of a subdivision's flag
		v.tags++
		return v.base == '\U0001F3F4' && v.tags <= 7
	}
	return false
}

func directionMark(r rune) bool { return r == '\u200E' || r == '\u200F' || r == '\u061C' }

func isNonCharacter(r rune) bool { return r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF }

// joins reports whether r's script shapes letters by joiners (Unicode Standard, 23.2).
func joins(r rune) bool {
	return r >= 0x0600 && unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil,
		unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar,
		unicode.Tibetan, unicode.Balinese, unicode.Javanese)
}

// pictorial reports whether r may be part of an emoji sequence.
func pictorial(r rune) bool { return unicode.Is(unicode.So, r) || r >= 0x1F3FB && r <= 0x1F3FF }

// varies reports whether r has variants that a selector picks: signs, digits (keycaps),
// ideographs and a few scripts; not the letters that people disguise words with.
func varies(r rune) bool {
	return unicode.In(r, unicode.S, unicode.P, unicode.Nd, unicode.Han, unicode.Mongolian,
		unicode.Phags_Pa, unicode.Myanmar, unicode.Manichaean) || r == '\u2139' || r == '\u24C2' || r == '\u3297' || r == '\u3299'
}

func rightToLeft(r rune) bool {
	return r >= 0x0590 && unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

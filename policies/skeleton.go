package policies

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:generate go run gen_confusables.go $CONFUSABLES_TXT

// Skeleton returns the form in which names are compared: two names that a reader can
// take for each other have the same one. It is the skeleton of Unicode Technical
// Standard #39 over NFKC and case folding, and coarser: spaces, punctuation, invisible
// code points and accents are dropped, and i, l, 1 and | are one letter.
// It says nothing about a name but its likeness: never show it, never store it as a name.
// Where capital and small letter look like different Latin letters (Greek Ν and ν, Η and η,
// Υ and υ), likeness goes before case.
func Skeleton(name string) string {
	var out strings.Builder
	out.Grow(len(name))
	table := confusables()
	for _, r := range name {
		if s, listed := table[r]; listed {
			out.WriteString(s)
		} else if !Ignorable(r) {
			writeFolded(&out, r, table)
		}
	}
	if out.Len() == 0 {
		return strings.Join(strings.Fields(norm.NFKC.String(name)), "") // nothing but signs: "?!" is not "…"
	}
	return norm.NFC.String(out.String())
}

func writeFolded(out *strings.Builder, r rune, table map[rune]string) {
	if r < utf8.RuneSelf {
		out.WriteString(asciiSkeleton(r))
		return
	}
	for _, q := range norm.NFKD.String(string(r)) {
		q = unicode.ToLower(unicode.ToUpper(q))
		s, listed := table[q]
		switch {
		case listed:
			out.WriteString(s)
		case q < utf8.RuneSelf:
			out.WriteString(asciiSkeleton(q))
		case !dropped(q):
			out.WriteRune(q)
		}
	}
}

const (
	letters = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// asciiSkeleton is the skeleton of an ASCII character.
func asciiSkeleton(r rune) string {
	switch r = unicode.ToLower(r); {
	case r == 'i', r == '1', r == '|':
		return "l"
	case r == '0':
		return "o"
	case r == 'm':
		return "rn"
	case r >= 'a' && r <= 'z':
		return letters[r-'a' : r-'a'+1]
	case r >= '0' && r <= '9':
		return digits[r-'0' : r-'0'+1]
	}
	return ""
}

// dropped reports whether names are compared without r: accents (marks of no script of
// their own, but not the voicing marks of kana), punctuation, spaces, signs that aren't pictures.
func dropped(r rune) bool {
	if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
		return unicode.Is(unicode.Inherited, r) && r != 0x3099 && r != 0x309A
	}
	return unicode.In(r, unicode.P, unicode.Z, unicode.C, unicode.Sk, unicode.Sm, unicode.Sc)
}

// confusables is the generated table, by rune. It is made when first asked for: most
// programs that import this package compare no names.
var confusables = sync.OnceValue(func() map[rune]string {
	table := map[rune]string{}
	for _, g := range confusableGroups {
		for _, r := range g.runes {
			table[r] = g.skeleton
		}
	}
	return table
})

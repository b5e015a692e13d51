package policies

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text in the form in which words are compared, and where each of its
// bytes comes from.
type folded struct {
	text []byte
	// from and to are the range of the original text that each byte of text stands for;
	// nil where fold was not asked for them.
	from, to []int32
}

// Fold returns the form in which words are compared: NFKC, case folded, without ignorable
// code points, every run of white space one space. Search compares words in it too.
func Fold(s string) string { return string(fold(s, false).text) }

// fold brings s into the form in which words are compared: NFKC, case folded, without
// ignorable code points, every run of white space one space. It records origins only where trace
// is set: most texts need none.
func fold(s string, trace bool) folded {
	f := folder{folded: folded{text: make([]byte, 0, len(s)+8)}, trace: trace}
	if n := firstIgnorable(s); n < len(s) {
		s, f.origin = withoutIgnorable(s, n)
	}
	if norm.NFKC.IsNormalString(s) {
		for i := 0; i < len(s); {
			r, n := utf8.DecodeRuneInString(s[i:])
			f.rune(r, i, i+n)
			i += n
		}
		return f.folded
	}
	for i := 0; i < len(s); {
		// An ASCII byte before another one is a segment of its own.
		if c := s[i]; c < utf8.RuneSelf && (i+1 == len(s) || s[i+1] < utf8.RuneSelf) {
			f.emit(rune(foldASCII(c)), i, i+1)
			i++
			continue
		}
		n := max(1, norm.NFKC.NextBoundaryInString(s[i:], true))
		f.segment(s[i:i+n], i)
		i += n
	}
	return f.folded
}

// folder is the state of one fold.
type folder struct {
	folded
	trace  bool
	origin []int32 // of each byte of the text without ignorables, and its end; nil: the same
	nfkc   []byte  // of the segment at hand
}

func foldASCII(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c + ('a' - 'A')
	case c >= '\t' && c <= '\r':
		return ' '
	}
	return c
}

// segment folds one NFKC segment, which starts at a byte of the text without ignorables.
func (f *folder) segment(seg string, at int) {
	f.nfkc = norm.NFKC.AppendString(f.nfkc[:0], seg)
	for nfkc := f.nfkc; len(nfkc) > 0; {
		r, n := utf8.DecodeRune(nfkc)
		f.rune(r, at, at+len(seg))
		nfkc = nfkc[n:]
	}
}

// rune folds one rune of a text in NFKC.
func (f *folder) rune(r rune, from, to int) {
	switch {
	case r < utf8.RuneSelf:
		f.emit(rune(foldASCII(byte(r))), from, to)
	case Ignorable(r): // norm puts U+034F into long runs of marks
	case r == 'ß', r == 'ẞ':
		f.emit('s', from, to)
		f.emit('s', from, to)
	case unicode.IsSpace(r):
		f.emit(' ', from, to)
	default:
		f.emit(unicode.ToLower(unicode.ToUpper(r)), from, to)
	}
}

func (f *folder) emit(r rune, from, to int) {
	if r == ' ' && len(f.text) > 0 && f.text[len(f.text)-1] == ' ' {
		return
	}
	before := len(f.text)
	f.text = utf8.AppendRune(f.text, r)
	if !f.trace {
		return
	}
	if f.origin != nil {
		// The end is where the last byte that counts ends, not where the next one begins:
		// ignorables after a word are not part of it.
		from, to = int(f.origin[from]), int(f.origin[to-1])+1
	}
	for range len(f.text) - before {
		f.from = append(f.from, int32(from))
		f.to = append(f.to, int32(to))
	}
}

func firstIgnorable(s string) int {
	for i, r := range s {
		if r >= 0xAD && Ignorable(r) {
			return i
		}
	}
	return len(s)
}

// withoutIgnorable returns s without its ignorable code points, and where each byte
// of the result stood. The first of them is at byte first.
func withoutIgnorable(s string, first int) (string, []int32) {
	out := make([]byte, 0, len(s))
	origin := make([]int32, 0, len(s))
	for i := range first {
		out = append(out, s[i])
		origin = append(origin, int32(i))
	}
	for i := first; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		for j := range n {
			if !Ignorable(r) {
				out = append(out, s[i+j])
				origin = append(origin, int32(i+j))
			}
		}
		i += n
	}
	return string(out), origin
}

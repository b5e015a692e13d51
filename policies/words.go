package policies

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Match says where in a word a term counts.
type Match string

// The ways to match.
const (
	MatchWord      Match = "word"      // the whole word or phrase
	MatchPrefix    Match = "prefix"    // the start of a word
	MatchSuffix    Match = "suffix"    // the end of a word
	MatchSubstring Match = "substring" // anywhere
)

func (m Match) fits(text []byte, start, end int) bool {
	if (m == MatchWord || m == MatchPrefix) && !boundary(text, start) {
		return false
	}
	return m != MatchWord && m != MatchSuffix || boundary(text, end)
}

// pattern is a term, or a phrase that is allowed.
type pattern struct {
	folded  []byte
	match   Match
	allowed bool
	term    bool    // allowed, and somewhere prohibited too
	verdict Verdict // what a hit says; zero where allowed
}

// wordFinder finds words and phrases in the form that fold gives them.
type wordFinder struct {
	patterns []pattern
	matcher  *matcher
	allows   bool // some pattern is an allowed phrase
}

// newWordFinder keeps patterns.
func newWordFinder(patterns []pattern) *wordFinder {
	texts := make([][]byte, len(patterns))
	terms := map[string]bool{}
	for i, p := range patterns {
		texts[i] = p.folded
		if !p.allowed {
			terms[string(p.folded)] = true
		}
	}
	for i, p := range patterns {
		patterns[i].term = p.allowed && terms[string(p.folded)]
	}
	return &wordFinder{
		patterns: patterns,
		matcher:  newMatcher(texts),
		allows:   slices.ContainsFunc(patterns, func(p pattern) bool { return p.allowed }),
	}
}

func (w *wordFinder) find(view string) (Verdict, bool) {
	if !w.suspects(view) {
		return Verdict{}, false
	}
	f := fold(view, true)
	p, start, end := w.first(f.text)
	if p == nil {
		return Verdict{}, false
	}
	v := p.verdict
	v.Span = [2]int{int(f.from[start]), int(f.to[end-1])}
	return v, true
}

// suspects reports whether any pattern occurs at all. Most messages end here.
func (w *wordFinder) suspects(view string) bool {
	at, last := int32(0), byte(0)
	for i := range len(view) {
		c := view[i]
		if c >= utf8.RuneSelf {
			return w.matcher.occurs(fold(view, false).text)
		}
		// As fold does, and without a copy of the text.
		if c = foldASCII(c); c == ' ' && last == ' ' {
			continue
		}
		last = c
		if at = w.matcher.step(at, c); w.matcher.ends(at) {
			return true
		}
	}
	return false
}

// first finds the prohibited term that ends first and that no allowed phrase excuses;
// the longest of those that end there.
func (w *wordFinder) first(text []byte) (hit *pattern, start, end int) {
	var ok *allowance
	if w.allows {
		ok = w.allowance(text)
	}
	w.matcher.each(text, func(i int32, e int) bool {
		p := &w.patterns[i]
		s := e - len(p.folded)
		if p.allowed || !p.match.fits(text, s, e) || ok.excuses(s, e) {
			return true
		}
		hit, start, end = p, s, e
		return false
	})
	return hit, start, end
}

// allowance is where in a text allowed phrases stand.
type allowance struct {
	inside []int32         // for each place between two bytes: how many phrases it is inside of
	exact  map[[2]int]bool // those of phrases that are terms too
}

func (w *wordFinder) allowance(text []byte) *allowance {
	a := &allowance{inside: make([]int32, len(text)+2), exact: map[[2]int]bool{}}
	w.matcher.each(text, func(i int32, e int) bool {
		p := &w.patterns[i]
		if s := e - len(p.folded); p.allowed && p.match.fits(text, s, e) {
			a.inside[s+1]++ // a difference array: +1 after the start, -1 at the end
			a.inside[e]--
			if p.term {
				a.exact[[2]int{s, e}] = true
			}
		}
		return true
	})
	for i := 1; i < len(a.inside); i++ {
		a.inside[i] += a.inside[i-1]
	}
	return a
}

// excuses reports whether an allowed phrase overlaps the hit. One that is only a part
// of the hit doesn't count: to allow "art" is not to allow "martini" where that is prohibited.
func (a *allowance) excuses(start, end int) bool {
	return a != nil && (a.inside[start] > 0 || a.inside[end] > 0 || a.exact[[2]int{start, end}])
}

// foldTerm returns the form in which a term is compared, without outer spaces.
func foldTerm(term string) []byte { return bytes.TrimSpace(fold(term, false).text) }

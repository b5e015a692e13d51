package chat

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chatd/chatd/policies"
)

// Likeness is measured by Dice's coefficient: twice what two things have in common, by what both have. 1 is the same,
// 0 is nothing in common.
const (
	// NameLikeness is from when on two names are alike, measured on their neighbouring characters: "Raiders" and "Raider" are
	// (0.80), "Rider" and "Raider" aren't (0.77).
	NameLikeness = 0.78
	// TextLikeness is from when on two texts are alike, measured on their words, or on every three neighbouring characters.
	TextLikeness = 0.6
	// nearlyFrom is how many letters a name needs to be like another that isn't the same.
	nearlyFrom = 5
	// containsFrom is how many letters a name needs to be found within another.
	containsFrom = 6
	// fewWords is how many words a text needs for its words to be compared one by one.
	fewWords = 3
	// maxCompared bounds what is compared of a text, in characters.
	maxCompared = 500
)

// nameLike is a name that others are compared with.
type nameLike struct {
	form    string
	grams   map[gram]int
	letters int
}

func newNameLike(name string) nameLike {
	form := nameForm(name)
	return nameLike{form: form, grams: ngrams([]rune("^"+form+"$"), 2), letters: letterCount(name)}
}

func (n nameLike) empty() bool { return n.form == "" }

// like reports whether a name is alike: without what raiders vary (case, look-alikes, numbers, separators), the same, nearly the
// same, or, for long ones, with the other one in it.
func (n nameLike) like(name string) bool {
	form := nameForm(name)
	switch {
	case form == "" || n.form == "":
		return false
	case form == n.form, n.letters >= containsFrom && strings.Contains(form, n.form):
		return true
	case n.letters < nearlyFrom:
		return false
	}
	return dice(n.grams, ngrams([]rune("^"+form+"$"), 2)) >= NameLikeness
}

func letterCount(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// nameForm is a name without what raiders vary. A name that is nothing but numbers and signs keeps them.
func nameForm(name string) string {
	if form := wordForm(withoutNumbers(policies.Fold(clipRunes(name, maxCompared)), false)); form != "" {
		return form
	}
	return policies.Skeleton(name)
}

// number is some digits in a row.
var number = regexp.MustCompile(`\pN+`)

// withoutNumbers drops numbers. One or two digits between letters stand for letters, and stay; with ends, so does a
// single one at an end of a word.
func withoutNumbers(s string, ends bool) string {
	var out strings.Builder
	from := 0
	for _, at := range number.FindAllStringIndex(s, -1) {
		out.WriteString(s[from:at[0]])
		from = at[1]
		digits := s[at[0]:at[1]]
		last, _ := utf8.DecodeLastRuneInString(s[:at[0]])
		next, _ := utf8.DecodeRuneInString(s[at[1]:])
		before, after := unicode.IsLetter(last), unicode.IsLetter(next)
		n := utf8.RuneCountInString(digits)
		if before && after && n <= 2 || ends && n == 1 && (before || after) {
			out.WriteString(digits)
		}
	}
	out.WriteString(s[from:])
	return out.String()
}

// leet are the digits that stand for letters; 0 and 1 are in the skeleton already.
var leet = strings.NewReplacer("3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "9", "g", "@", "a", "$", "s")

// wordForm is the skeleton of a word with its leet digits read as letters.
func wordForm(s string) string { return dropDigits(policies.Skeleton(leet.Replace(s))) }

func dropDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsNumber(r) {
			return -1
		}
		return r
	}, s)
}

// textLike is a text that others are compared with.
type textLike struct {
	text  textForm
	grams map[gram]int
}

type textForm struct {
	words map[string]int
	count int // of words
	flat  []rune
}

func newTextLike(text string) textLike {
	form := newTextForm(text)
	return textLike{text: form, grams: ngrams(form.flat, 3)}
}

func (l textLike) empty() bool { return len(l.text.flat) == 0 }

// like reports whether a text is alike, whatever links, numbers, look-alikes and single words differ. Short texts
// are alike only where nearly all of it is the same.
func (l textLike) like(text string) bool {
	a, b := l.text, newTextForm(text)
	switch {
	case len(a.flat) == 0 || len(b.flat) == 0:
		return false
	case slices.Equal(a.flat, b.flat):
		return true
	case a.count < fewWords || b.count < fewWords:
		return dice(l.grams, ngrams(b.flat, 3)) >= NameLikeness
	case dice(a.words, b.words) >= TextLikeness:
		return true
	case atMost(len(a.flat), len(b.flat)) < TextLikeness:
		return false // however alike the shorter one is to a part of the longer one
	}
	return dice(l.grams, ngrams(b.flat, 3)) >= TextLikeness
}

// atMost is the largest likeness that things of a and b parts can have.
func atMost(a, b int) float64 { return 2 * float64(min(a, b)) / float64(a+b) }

// link is anything that looks like an address of the web.
var link = regexp.MustCompile(`(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+|\b[\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,}(?:[/?#:]\S*)?`)

func newTextForm(text string) textForm {
	text = policies.Fold(clipRunes(text, maxCompared))
	if strings.Contains(text, ".") || strings.Contains(text, "://") { // most texts have no link: don't look long
		text = link.ReplaceAllString(text, " ")
	}
	text = withoutNumbers(text, true)
	f := textForm{words: make(map[string]int)}
	for _, w := range words(text) {
		if w = wordForm(w); w != "" {
			f.words[w]++
			f.count++
			f.flat = append(f.flat, []rune(w)...)
		}
	}
	return f
}

// words splits a text; of scripts without spaces every two neighbouring characters are a word.
func words(text string) []string {
	var all []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && r != '@' && r != '$'
	}) {
		if r, _ := utf8.DecodeRuneInString(w); inPairs(r) {
			all = append(all, Tokens(w)...)
		} else {
			all = append(all, w)
		}
	}
	return all
}

// gram is up to three neighbouring characters.
type gram [3]rune

// ngrams counts every n neighbouring characters, at most 3; what is shorter is one.
func ngrams(runes []rune, n int) map[gram]int {
	grams := make(map[gram]int, len(runes))
	for i := 0; i == 0 && len(runes) > 0 || i+n <= len(runes); i++ {
		var g gram
		copy(g[:], runes[i:min(i+n, len(runes))])
		grams[g]++
	}
	return grams
}

func dice[K comparable](a, b map[K]int) float64 {
	common, total := 0, 0
	for g, n := range a {
		common += min(n, b[g])
		total += n
	}
	for _, n := range b {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(common) / float64(total)
}

// clipRunes cuts a text to at most n characters.
func clipRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

package chat

import (
	"unicode"
	"unicode/utf8"

	"github.com/chatd/chatd/policies"
)

// The bounds of Tokens.
const (
	MaxTokens     = 1000
	MaxTokenBytes = 64
)

// Tokens returns the search tokens of text, in the order in which they first appear:
// its words in NFKC and case folded; of scripts without spaces, and of Hangul, every two
// neighbouring characters (a lone one by itself). Each token is there once and has at most
// MaxTokenBytes bytes: a longer word counts by its start. There are at most MaxTokens.
// A search asks for the tokens of its query; where that is one character of such a
// script, by prefix.
func Tokens(text string) []string {
	t := tokenizer{text: policies.Fold(text), seen: map[string]bool{}}
	for i, r := range t.text {
		t.rune(i, r)
	}
	t.flush(len(t.text))
	return t.tokens
}

type tokenizer struct {
	text   string
	tokens []string
	seen   map[string]bool

	paired bool // the run under way is one of pairs
	start  int  // of the run under way
	count  int  // characters in it; 0: none
	last   int  // where its last character starts
}

func (t *tokenizer) rune(i int, r rune) {
	mark := unicode.IsMark(r)
	switch {
	case mark && t.count > 0:
		// It belongs to the character before it.
	case !mark && !unicode.IsLetter(r) && !unicode.IsNumber(r):
		t.flush(i)
	default:
		t.character(i, inPairs(r))
	}
}

func (t *tokenizer) character(i int, paired bool) {
	if t.count > 0 && t.paired != paired {
		t.flush(i)
	}
	if t.count == 0 {
		t.start, t.paired = i, paired
	}
	if paired && t.count >= 2 {
		t.add(t.text[t.start:i])
		t.start, t.count = t.last, 1
	}
	t.last = i
	t.count++
}

// flush ends the run under way at byte i.
func (t *tokenizer) flush(i int) {
	if t.count > 0 {
		t.add(t.text[t.start:i])
	}
	t.count = 0
}

func (t *tokenizer) add(token string) {
	if len(token) > MaxTokenBytes {
		n := MaxTokenBytes
		for !utf8.RuneStart(token[n]) {
			n--
		}
		token = token[:n]
	}
	if len(t.tokens) < MaxTokens && !t.seen[token] {
		t.seen[token] = true
		t.tokens = append(t.tokens, token)
	}
}

// inPairs reports whether r is of a script whose words can't be told by spaces.
func inPairs(r rune) bool {
	return r >= 0x0E00 && (r == 'ー' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

package render

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hasMarkup reports whether text may render as anything but itself.
func hasMarkup(text string) bool {
	return strings.ContainsAny(text, "\n`*_~") || strings.Contains(text, "://")
}

// piece is a part of a rendering.
type piece struct {
	text string // what is seen of it
	tag  string // the HTML that stands for it; empty: the escaped text
}

// markup takes a text apart into pieces.
type markup struct {
	source string
	pieces []piece
	tagged bool // some piece has a tag
	plain  int  // where the text begins that is in no piece yet

	open            [len(emphases)]int // index+1 of the piece that may begin each emphasis; 0: none
	noSpan, noBlock bool               // no end of such code is left in the source
	noLink          int                // no address begins before this byte
}

// emphasis is a delimiter, and what it makes of what it encloses.
type emphasis struct{ delimiter, begin, end string }

var emphases = [...]emphasis{
	{"*", "<em>", "</em>"},
	{"_", "<em>", "</em>"},
	{"**", "<strong>", "</strong>"},
	{"***", "<strong><em>", "</em></strong>"},
	{"~~", "<del>", "</del>"},
}

// parse reads the small markup: `code` and ```blocks```, *em*, _em_, **strong**, ~~del~~,
// links and line breaks. It is one pass; what doesn't fit is text.
func parse(text string) *markup {
	m := &markup{source: text}
	for i := 0; i < len(text); {
		n := 1
		switch text[i] {
		case '\n':
			m.take(i, i+1, piece{text: "\n", tag: "<br>"})
			m.open = [len(emphases)]int{} // an emphasis ends with its line
		case '`':
			n = m.code(i)
		case '*', '_', '~':
			n = m.delimiter(i)
		case 'h', 'H':
			n = m.link(i)
		}
		i += n
	}
	m.flush(len(text))
	return m
}

// flush makes a piece of the text before byte i that is in none yet.
func (m *markup) flush(i int) {
	if m.plain < i {
		m.pieces = append(m.pieces, piece{text: m.source[m.plain:i]})
	}
	m.plain = i
}

// take makes p of the source from i to end.
func (m *markup) take(i, end int, p piece) {
	m.flush(i)
	m.pieces = append(m.pieces, p)
	m.plain = end
	m.tagged = m.tagged || p.tag != ""
}

// code reads a span or a block of code at byte i and returns how far to go on.
func (m *markup) code(i int) int {
	fence, none, begin, finish := "`", &m.noSpan, "<code>", "</code>"
	if strings.HasPrefix(m.source[i:], "```") {
		fence, none, begin, finish = "```", &m.noBlock, "<pre><code>", "</code></pre>"
	}
	if *none {
		return len(fence)
	}
	code, _, closed := strings.Cut(m.source[i+len(fence):], fence)
	*none = !closed
	n := len(code) + 2*len(fence)
	if !closed || strings.TrimSpace(code) == "" || fence == "`" && strings.Contains(code, "\n") {
		return len(fence)
	}
	if fence == "```" {
		code = strings.TrimSuffix(strings.TrimPrefix(code, "\n"), "\n")
	}
	m.take(i, i+n, piece{text: code, tag: begin + html.EscapeString(code) + finish})
	return n
}

// delimiter reads what may begin or end an emphasis: it begins one after something that
// is no letter or digit and before something visible, and ends one the other way round, so
// that snake_case and 2*3*4 stay as they are. It returns how far to go on.
func (m *markup) delimiter(i int) int {
	end := i + 1
	for end < len(m.source) && m.source[end] == m.source[i] {
		end++
	}
	kind := kindOf(m.source[i:end])
	if kind < 0 {
		return end - i
	}
	begins, ends := flanks(m.source[:i], m.source[end:])
	switch from := m.open[kind]; {
	case ends && from > 0:
		m.take(i, end, piece{tag: emphases[kind].end})
		m.pieces[from-1] = piece{tag: emphases[kind].begin}
		m.close(from)
	case begins && from == 0:
		m.take(i, end, piece{text: m.source[i:end]})
		m.open[kind] = len(m.pieces)
	}
	return end - i
}

// flanks reports whether what stands between before and after may begin an emphasis, and end one.
func flanks(before, after string) (begins, ends bool) {
	left, _ := utf8.DecodeLastRuneInString(before)
	right, _ := utf8.DecodeRuneInString(after)
	begins = (before == "" || !wordRune(left)) && after != "" && !unicode.IsSpace(right)
	ends = (after == "" || !wordRune(right)) && before != "" && !unicode.IsSpace(left)
	return begins, ends
}

// close forgets the emphases that began at piece from or after it: they would overlap.
func (m *markup) close(from int) {
	for kind, o := range m.open {
		if o >= from {
			m.open[kind] = 0
		}
	}
}

// kindOf returns the index of the emphasis with this delimiter, -1 where there is none.
func kindOf(delimiter string) int {
	for kind, e := range emphases {
		if delimiter == e.delimiter {
			return kind
		}
	}
	return -1
}

func wordRune(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.M) }

// visible returns what is seen of the rendering.
func (m *markup) visible() string {
	var out strings.Builder
	for _, p := range m.pieces {
		out.WriteString(p.text)
	}
	return out.String()
}

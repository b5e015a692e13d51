package render

import (
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLink is the longest address that becomes a link, in bytes.
const maxLink = 2048

// linkRel asks search engines not to follow what users write, and the browser to keep
// the page's address and window to itself.
const linkRel = "nofollow noopener noreferrer ugc"

// link reads an address at byte i and returns how far to go on.
func (m *markup) link(i int) int {
	if i < m.noLink {
		return 1
	}
	s := m.source[i:]
	scheme := schemeLength(s)
	if before, _ := utf8.DecodeLastRuneInString(m.source[:i]); scheme == 0 || i > 0 && wordRune(before) {
		return 1
	}
	if n := strings.IndexFunc(s, endsAddress); n >= 0 {
		s = s[:n]
	}
	m.noLink = i + len(s) // there is one address in a run of characters, or none
	s = withoutTrailing(s)
	if len(s) <= scheme || len(s) > maxLink || !leadsSomewhere(s) {
		return scheme
	}
	escaped := html.EscapeString(s)
	tag := `<a href="` + escaped + `" rel="` + linkRel + `" target="_blank">` + escaped + `</a>`
	m.take(i, i+len(s), piece{text: s, tag: tag})
	return len(s)
}

func endsAddress(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>' || r == '"' || r == '`' || r == utf8.RuneError
}

func schemeLength(s string) int {
	for _, scheme := range []string{"https://", "http://"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return len(scheme)
		}
	}
	return 0
}

// leadsSomewhere reports whether an address has a host with a name, and nothing in front of it: one
// with a user before the host shows one site and leads to another.
func leadsSomewhere(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.User == nil && strings.ContainsFunc(u.Hostname(), wordRune)
}

// withoutTrailing cuts punctuation that belongs to the sentence, and a closing bracket
// that the address didn't open.
func withoutTrailing(s string) string {
	open := strings.Count(s, "(") - strings.Count(s, ")")
	for s != "" {
		switch c := s[len(s)-1]; {
		case c == ')' && open < 0:
			open++
		case strings.IndexByte(".,;:!?'*_~]}", c) < 0:
			return s
		}
		s = s[:len(s)-1]
	}
	return s
}

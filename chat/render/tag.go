package render

import "strings"

// tagScanner finds where tags end.
type tagScanner struct {
	text string
	// budget is how many more bytes may be looked at in vain. It keeps a text of a
	// thousand openings and no end linear; what is beyond it counts as unclosed.
	budget int
}

// end returns the byte after the tag, comment or doctype that opens at i, 0 where it
// isn't closed.
func (s *tagScanner) end(i int) int {
	if s.budget <= 0 {
		return 0
	}
	rest := s.text[i:]
	n := 0
	switch {
	case strings.HasPrefix(rest, "<!--"):
		n = commentEnd(rest)
	case isLetter(rest[1]), rest[1] == '/' && len(rest) > 2 && isLetter(rest[2]):
		n = tagEnd(rest)
	default: // a doctype, or a bogus comment
		n = strings.IndexByte(rest, '>') + 1
	}
	if n == 0 {
		s.budget -= len(rest)
		return 0
	}
	return i + n
}

// commentEnd returns the length of the comment that s begins with, 0 where it isn't
// closed (WHATWG HTML, 13.2.5.43 and following).
func commentEnd(s string) int {
	body := s[len("<!--"):]
	for _, abrupt := range []string{">", "->"} {
		if strings.HasPrefix(body, abrupt) {
			return len("<!--") + len(abrupt)
		}
	}
	for i := 0; ; {
		j := strings.Index(body[i:], "--")
		if j < 0 {
			return 0
		}
		i += j
		for _, end := range []string{"-->", "--!>"} {
			if strings.HasPrefix(body[i:], end) {
				return len("<!--") + i + len(end)
			}
		}
		i++
	}
}

// The states of a tag (WHATWG HTML, 13.2.5.8 and 13.2.5.32 to 39).
type tagState int

const (
	tagName tagState = iota
	beforeAttribute
	attributeName
	afterName
	beforeValue
	bareValue
)

// tagEnd returns the length of the tag that s begins with, 0 where it isn't closed: up to
// the first ">" that is in no quoted value.
func tagEnd(s string) int {
	state := tagName
	for i := 1; i < len(s); i++ {
		c := s[i]
		if c == '>' {
			return i + 1
		}
		if state == beforeValue && (c == '"' || c == '\'') {
			n := strings.IndexByte(s[i+1:], c)
			if n < 0 {
				return 0
			}
			i += 1 + n
			state = beforeAttribute
			continue
		}
		state = state.after(c)
	}
	return 0
}

// after returns the state that follows on c, which neither ends the tag nor quotes a value.
//
//nolint:cyclop // a table of transitions
func (s tagState) after(c byte) tagState {
	space := c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
	switch {
	case space && s == attributeName:
		return afterName
	case space && (s == tagName || s == bareValue):
		return beforeAttribute
	case space:
		return s
	case c == '/' && s < beforeValue:
		return beforeAttribute
	case c == '=' && (s == attributeName || s == afterName):
		return beforeValue
	case s == beforeAttribute, s == afterName:
		return attributeName
	case s == beforeValue:
		return bareValue
	}
	return s
}

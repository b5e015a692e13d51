package render

import "strings"

// plain drops complete tags, comments and doctypes, and puts a space after every other "<"
// that would open one.
func plain(text string) string {
	if !hasOpening(text) {
		return text
	}
	s := tagScanner{text: text, budget: 4 * len(text)}
	var out strings.Builder
	out.Grow(len(text))
	last := byte(0) // of out
	for i := 0; i < len(text); {
		if text[i] == '<' && i+1 < len(text) && opens(text[i+1]) {
			if end := s.end(i); end > 0 {
				i = end
				continue
			}
		}
		// Also where the "<" stood before a tag that was dropped: "<<b>script>".
		if last == '<' && opens(text[i]) {
			out.WriteByte(' ')
		}
		last = text[i]
		out.WriteByte(last)
		i++
	}
	return out.String()
}

// opens reports whether c after a "<" opens a tag, a comment or a doctype (WHATWG HTML,
// 13.2.5.6 Tag open state).
func opens(c byte) bool { return isLetter(c) || c == '/' || c == '!' || c == '?' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func hasOpening(text string) bool {
	for {
		i := strings.IndexByte(text, '<')
		if i < 0 || i+1 == len(text) {
			return false
		}
		if opens(text[i+1]) {
			return true
		}
		text = text[i+1:]
	}
}

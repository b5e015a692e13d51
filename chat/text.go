package chat

import "strings"

// CleanText makes a message storable. It returns "" where nothing visible remains.
func CleanText(s string) string { return strings.TrimSpace(s) }

// CleanLine makes a name, title or other single line storable. It reports false where
// more than maxRunes characters remain.
func CleanLine(s string, maxRunes int) (string, bool) {
	s = strings.Join(strings.Fields(s), " ")
	return s, len([]rune(s)) <= maxRunes
}

package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chatd/chatd/policies"
)

// MaxName is the longest name of a person, in characters.
const MaxName = 32

// CleanName makes a person's name storable: one line, no invisible disguise.
// Refusals: name_empty, name_too_long, name_invalid.
func CleanName(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", Refuse(Invalid, "name_invalid", "A name has to be UTF-8 text.")
	}
	name, fits := CleanLine(s, MaxName)
	switch {
	case name == "":
		return "", Refuse(Invalid, "name_empty", "A name needs at least one visible character.")
	case !fits:
		return "", Refuse(Invalid, "name_too_long", "A name has at most %d characters.", MaxName)
	case !strings.ContainsFunc(name, nameable):
		return "", Refuse(Invalid, "name_invalid", "A name needs at least one letter, digit or symbol.")
	case strings.ContainsFunc(name, unnameable):
		return "", Refuse(Invalid, "name_invalid", "This name has a character that looks different on every device.")
	}
	return name, nil
}

// nameable says what a name may consist of alone.
func nameable(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.S) }

// unnameable says what no name may hold: private use, and the sign for what could not be read.
func unnameable(r rune) bool { return unicode.Is(unicode.Co, r) || r == utf8.RuneError }

// Skeleton returns the form in which names are compared: names that readers can take
// for each other ("Ann", "ann", "A n n", "Аnn" with a Cyrillic А) have the same one.
func Skeleton(name string) string { return policies.Skeleton(name) }

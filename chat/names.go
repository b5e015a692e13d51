package chat

import (
	"strings"
	"unicode/utf8"
)

// MaxName is the longest name of a person, in characters.
const MaxName = 32

// CleanName makes a person's name storable. Refusals: name_empty, name_too_long, name_invalid.
func CleanName(s string) (string, error) {
	s, ok := CleanLine(s, MaxName)
	switch {
	case s == "":
		return "", Refuse(Invalid, "name_empty", "A name needs at least one visible character.")
	case !ok:
		return "", Refuse(Invalid, "name_too_long", "A name has at most %d characters.", MaxName)
	case !utf8.ValidString(s):
		return "", Refuse(Invalid, "name_invalid", "That name can't be used.")
	}
	return s, nil
}

// Skeleton returns the form in which names are compared.
func Skeleton(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "")) }

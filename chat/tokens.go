package chat

import "strings"

// Tokens returns the search tokens of text: each once, at most 64 bytes long.
func Tokens(text string) []string { return strings.Fields(strings.ToLower(text)) }

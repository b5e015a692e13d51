package chat

import "unicode"

// isEmoji reports whether s is made like one emoji of UTS #51: a base with modifiers,
// variation selectors and marks, several of them only when joined, a keycap, a pair of
// regional indicators, or a tag sequence.
func isEmoji(s string) bool {
	bases, joins, flags := 0, 0, 0
	keycap := false
	joined := true // the next base is welcome
	for i, r := range s {
		switch {
		case r == 0x200D: // zero-width joiner
			if joined {
				return false
			}
			joins++
			joined = true
		case i > 0 && isEmojiModifier(r):
		case i > 0 && r == 0x20E3:
			keycap = true
		case r >= 0x1F1E6 && r <= 0x1F1FF:
			flags++
			joined = false
		case i == 0 && (r >= '0' && r <= '9' || r == '#' || r == '*'):
			bases++
			joined = false
		case isEmojiBase(r):
			if !joined {
				return false
			}
			bases++
			joined = false
		default:
			return false
		}
	}
	if joined {
		return false
	}
	if flags > 0 {
		return flags == 2 && bases == 0
	}
	plain := s[0] < 0x80
	return bases == joins+1 && plain == keycap
}

// isEmojiModifier admits variation selectors, skin tones, and the tags of flags like Scotland's.
func isEmojiModifier(r rune) bool {
	return r == 0xFE0E || r == 0xFE0F || r >= 0x1F3FB && r <= 0x1F3FF || r >= 0xE0020 && r <= 0xE007F
}

func isEmojiBase(r rune) bool {
	if r == 0x203C || r == 0x2049 { // the only punctuation with an emoji form
		return true
	}
	return r > 0x7F && unicode.In(r, unicode.So, unicode.Sm)
}

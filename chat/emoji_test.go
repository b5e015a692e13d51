package chat

import "testing"

func TestIsEmoji(t *testing.T) {
	tests := map[string]bool{
		"👍": true, "❤️": true, "👍🏽": true, "👩‍👩‍👧‍👦": true, "🏳️‍🌈": true, "🇩🇪": true, "1️⃣": true, "🏴󠁧󠁢󠁳󠁣󠁴󠁿": true, "‼️": true, "©️": true, "↔️": true,
		"": false, "a": false, "1": false, "👍👍": false, "👍a": false, "\u200d": false, "👍\u200d": false, "🇩": false, "🇩🇪🇫🇷": false,
		"🇩👍": false, "\ufe0f": false, "<": false, "+": false, "…": false, "ok": false, "👍 ": false, "\u202e👍": false, "\u20e3": false,
	}
	for s, want := range tests {
		if got := validEmoji(s); got != want {
			t.Errorf("validEmoji(%q) = %t, want %t", s, got, want)
		}
	}
}

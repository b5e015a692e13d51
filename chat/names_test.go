package chat

import (
	"strings"
	"testing"
)

func TestCleanName(t *testing.T) {
	tests := map[string]struct{ name, want, code string }{
		"a name":                 {name: "Ann", want: "Ann"},
		"two words":              {name: "  Ann \t Lee\n", want: "Ann Lee"},
		"the longest":            {name: strings.Repeat("é", MaxName), want: strings.Repeat("é", MaxName)},
		"an emoji":               {name: "🔥", want: "🔥"},
		"hidden characters":      {name: "A\u200bn\u202en", want: "Ann"},
		"typed HTML":             {name: "<b>Ann", want: "<b>Ann"},
		"empty":                  {name: "", code: "name_empty"},
		"blank":                  {name: " \u200b\u3164 ", code: "name_empty"},
		"too long":               {name: strings.Repeat("a", MaxName+1), code: "name_too_long"},
		"only punctuation":       {name: "...", code: "name_invalid"},
		"private use":            {name: "Ann\ue000", code: "name_invalid"},
		"not UTF-8":              {name: "Ann\xff", code: "name_invalid"},
		"the sign of lost bytes": {name: "Ann\ufffd", code: "name_invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := CleanName(tt.name)
			if got != tt.want || CodeOf(err) != tt.code {
				t.Errorf("CleanName(%q): got %q, refusal %q; want %q, refusal %q", tt.name, got, CodeOf(err), tt.want, tt.code)
			}
			if tt.code != "" && !IsKind(err, Invalid) {
				t.Errorf("CleanName(%q): got the error %v, want one of kind Invalid", tt.name, err)
			}
		})
	}
}

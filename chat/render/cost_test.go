package render

import (
	"strings"
	"testing"
	"time"
)

// Inputs made to be looked at again and again.
var slow = map[string]string{
	"openings":                "<a",
	"openings with a quote":   `<a b="`,
	"openings of both quotes": `<a b="<a b='`,
	"comments":                "<!--",
	"comments almost closed":  "<!----",
	"bogus comments":          "<!",
	"signs":                   "<",
	"end tags":                "</a ",
	"tags that form":          "<<b>",
	"fences":                  "``` ",
	"backticks":               "`\n",
	"stars":                   "*a ",
	"stars of all kinds":      "*a **b ***c ~~d _e ",
	"delimiters":              "*_~",
	"addresses":               "http://",
	"bracketed addresses":     "http://a.example/)",
	"addresses with a user":   "(http://a@",
	"entities":                "&#97;",
	"lines":                   "\n",
	"ampersands":              "&",
}

// A text eight times as long may cost eight times as much; if the cost grew by the square it
// would be 64 times.
func TestCostIsLinear(t *testing.T) {
	for name, part := range slow {
		t.Run(name, func(t *testing.T) {
			short, long := strings.Repeat(part, 4<<10/len(part)), strings.Repeat(part, 32<<10/len(part))
			var got float64
			for range 4 { // a busy machine can spoil a run, not all of them
				got = float64(fastest(long)) / float64(fastest(short))
				if got < 24 {
					return
				}
			}
			t.Errorf("a text of 8 times the length cost %.0f times as much, want about 8", got)
		})
	}
}

func fastest(text string) time.Duration {
	least := time.Duration(1 << 62)
	for range 3 {
		start := time.Now()
		Of(text).Views(text)
		least = min(least, time.Since(start))
	}
	return max(least, time.Microsecond)
}

func TestTextWithoutMarkupAllocatesNothing(t *testing.T) {
	const text = "I <3 you & AT&T, 5 > 3: ¡olé!"
	if n := testing.AllocsPerRun(100, func() { Of(text) }); n != 0 {
		t.Errorf("Of(%q) allocated %v times, want 0", text, n)
	}
}

func BenchmarkOf(b *testing.B) {
	for name, text := range map[string]string{
		"text":    strings.Repeat("hello there, how are you? ", 4),
		"tags":    strings.Repeat("hello <b>there</b> ", 5),
		"markup":  strings.Repeat("hello *there* `code` ", 5),
		"hostile": strings.Repeat(`<a b="`, 64<<10/6),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Of(text)
			}
		})
	}
}

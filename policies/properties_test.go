package policies_test

import (
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chatd/chatd/policies"
	"pgregory.net/rapid"
)

const kit = `
version: 1
rules:
  - id: words
    action: reject
    terms: [spam, free money, straße, 广告, ß, hüte, "c++", aaaa, バカ, ﷺ]
  - id: parts
    action: reject
    terms:
      - {term: casino, match: substring}
      - {term: gambl, match: prefix}
      - {term: bot, match: suffix}
      - {term: 笨蛋, match: substring}
      - {term: 광고, match: substring}
allow: [casino royale, ro bot, 广告牌, spam]
`

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

func checkText(t failer, set *policies.Set, text string) {
	t.Helper()
	got := set.Check(policies.Input{Views: []string{"clean", text}})
	if !got.Rejects() {
		if got != (policies.Verdict{}) {
			t.Errorf("Check(%q): got %+v, want the zero Verdict of a clean text", text, got)
		}
		return
	}
	start, end := got.Span[0], got.Span[1]
	if got.View != 1 || start < 0 || start >= end || end > len(text) {
		t.Errorf("Check(%q): got %+v, want a span within the text", text, got)
		return
	}
	for _, i := range []int{start, end} {
		if i < len(text) && !utf8.RuneStart(text[i]) && utf8.ValidString(text) {
			t.Errorf("Check(%q): got %+v, want a span on rune boundaries", text, got)
		}
	}
}

func TestCheckHoldsForAnyInput(t *testing.T) {
	set := load(t, kit)
	part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"spam", "SPAM", "free", " ", "\n", "money", "stra", "ß", "ss", "广告", "牌", "hu", "\u0308", "te", "c++", "a", "aaaa", "casino", "royale",
		"gambl", "bot", "笨", "蛋", "광고", "\u200b", "\u034f", "\u202e", "ﷺ", "ｓ", "ｐ", "\xff", "\xe5", "é", "_", "ｶﾞ",
	}))
	rapid.Check(t, func(t *rapid.T) {
		checkText(t, set, strings.Join(rapid.SliceOf(part).Draw(t, "parts"), ""))
	})
}

func FuzzCheck(f *testing.F) {
	set := load(f, kit)
	for _, s := range []string{"buy SPAM", "s\u200bpam", "free\n money", "这是广告牌", "hu\u0308te", "\xffspam\xff", "ﷺ", strings.Repeat("a", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { checkText(t, set, text) })
}

func FuzzLoad(f *testing.F) {
	builtin, err := os.ReadFile("builtin/default.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(builtin))
	f.Add(kit)
	for _, s := range []string{
		"", "#", "---", "version: 1\nallow: [&a b, *a]", "version: 1\nrules: [{id: r, action: reject, terms: [{term: a, match: suffix}]}]",
		"version: 1\n--- \nx", "a: &a [*a]", "? [a]\n: b", "version: 1\nallow: [!!binary a, 'b', \"\\u200b\", 1e3, ~]", "<<: {version: 1}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := policies.Load(folder(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "house.yaml:") {
				t.Errorf("Load(%q): got the error %v, want one that begins with the file", text, err)
			}
			return
		}
		checkText(t, set, "some spam\u200b, ein Text: "+text)
	})
}

// A text eight times as long may cost eight times as much; if the cost grew by the square it
// would be 64 times.
func TestCostIsLinear(t *testing.T) {
	set := load(t, strings.Replace(kit, "allow: [", "allow: [a, aa, aaa, ", 1))
	for name, part := range map[string]string{
		"near matches": "spa", "one letter": "a", "hits that are allowed": "casino royale ", "separators": "s.s.", "ignorable": "\u200b",
		"marks": "\u0308", "scripts in turn": "aя", "fullwidth": "ｓｐａ", "long decompositions": "ﷺ\u200b", "marks and matches": "광고\u0308",
		"broken bytes": "\xe5", "spaces": " ", "phrases begun": "free mone",
	} {
		t.Run(name, func(t *testing.T) {
			short, long := strings.Repeat(part, 4<<10/len(part)), strings.Repeat(part, 32<<10/len(part))
			var got float64
			for range 4 { // a busy machine can spoil a run, not all of them
				got = float64(fastest(set, long)) / float64(fastest(set, short))
				if got < 24 {
					return
				}
			}
			t.Errorf("a text of 8 times the length cost %.0f times as much, want about 8", got)
		})
	}
}

func fastest(set *policies.Set, text string) time.Duration {
	least := time.Duration(1 << 62)
	for range 3 {
		start := time.Now()
		set.Check(policies.Input{Views: []string{text}})
		least = min(least, time.Since(start))
	}
	return max(least, time.Microsecond)
}

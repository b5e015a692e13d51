package policies_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chatd/chatd/policies"
)

// load compiles one policy, whose text is indented as a test's literals are.
func load(t testing.TB, text string) *policies.Set {
	t.Helper()
	set, err := policies.Load(folder(text))
	if err != nil {
		t.Fatalf("Load: got %v, want no error", err)
	}
	return set
}

func folder(text string) fstest.MapFS {
	return fstest.MapFS{"house.yaml": {Data: []byte(text)}}
}

func TestBuiltinPolicy(t *testing.T) {
	set, err := policies.Load(policies.Builtin())
	if err != nil {
		t.Fatalf("Load(Builtin()): got %v, want no error", err)
	}
	tests := map[string]struct {
		text string
		want string // what is hit; empty: clean
	}{
		"the word":                  {"buy spam now", "spam"},
		"the other word":            {"an Advertisement.", "Advertisement"},
		"capitals":                  {"SPAM!", "SPAM"},
		"in brackets":               {"<spam>", "spam"},
		"beside an underscore":      {"no_spam_here", "spam"},
		"a zero-width space inside": {"no sp\u200bam", "sp\u200bam"},
		"a soft hyphen inside":      {"s\u00adpam", "s\u00adpam"},
		"fullwidth":                 {"ｓｐａｍ", "ｓｐａｍ"},
		"mathematical letters":      {"𝓼𝓹𝓪𝓶", "𝓼𝓹𝓪𝓶"},
		"the long s":                {"ſpam", "ſpam"},
		"beside Japanese":           {"もうspamです", "spam"},
		"beside Korean":             {"spam은", "spam"},
		"beside an emoji":           {"😀spam😀", "spam"},
		"a possessive":              {"spam's", "spam"},
		"another word":              {"a spammer", ""},
		"within a word":             {"wispam", ""},
		"across words":              {"wisp ambition", ""},
		"the plural":                {"advertisements", ""},
		"a number behind it":        {"spam2024", ""},
		"a mark on its last letter": {"spam\u0301", ""},
		"Scunthorpe":                {"Scunthorpe, assessment, cocktail", ""},
		"spaced out":                {"s p a m", ""},
		"empty":                     {"", ""},
		"broken bytes":              {"sp\xffam", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := set.Check(policies.Input{Views: []string{tt.text}})

			if got.Rejects() != (tt.want != "") {
				t.Fatalf("Check(%q): got %+v, want a hit on %q", tt.text, got, tt.want)
			}
			if cut := tt.text[got.Span[0]:got.Span[1]]; cut != tt.want {
				t.Errorf("Check(%q): got the span of %q, want that of %q", tt.text, cut, tt.want)
			}
		})
	}
}

func TestWaysToMatch(t *testing.T) {
	set := load(t, `
version: 1
rules:
  - id: words
    action: reject
    terms: [plainword, free money, straße, "c++", 广告, カバ, hüte]
  - id: parts
    action: reject
    terms:
      - {term: gambl, match: prefix}
      - {term: bot, match: suffix}
      - {term: casino, match: substring, lang: en}
      - {term: 笨蛋, match: substring, lang: zh}
      - {term: 광고, match: prefix}
allow: [casino royale, "ro bot", 광고등]
`)
	tests := map[string]struct{ text, want string }{
		"a word":                              {"a plainword.", "plainword"},
		"a longer word":                       {"plainwords", ""},
		"a phrase":                            {"get free money", "free money"},
		"a phrase over lines":                 {"FREE \n\tmoney", "FREE \n\tmoney"},
		"half a phrase":                       {"free moneybags", ""},
		"sharp s written as ss":               {"STRASSE", "STRASSE"},
		"a term with signs":                   {"I like c++.", "c++"},
		"letters composed otherwise":          {"hu\u0308te", "hu\u0308te"},
		"an ignorable between base and mark":  {"hu\u200b\u0308te", "hu\u200b\u0308te"},
		"without its mark":                    {"hute", ""},
		"Chinese within Chinese":              {"这是广告吗", "广告"},
		"katakana is a word":                  {"これはカバだ", "カバ"},
		"katakana within katakana":            {"カバン", ""},
		"a prefix":                            {"Gambling!", "Gambl"},
		"a prefix within":                     {"ungambled", ""},
		"a suffix":                            {"a chatbot.", "bot"},
		"a suffix within":                     {"bottle", ""},
		"a substring":                         {"megacasinos", "casino"},
		"a substring in Chinese":              {"大笨蛋", "笨蛋"},
		"a prefix before particles":           {"광고입니다", "광고"},
		"an allowed phrase":                   {"Casino Royale", ""},
		"an allowed phrase and a hit":         {"casino royale, casino", "casino"},
		"an allowed phrase that isn't whole":  {"casino royales", "casino"},
		"allowed in a script without spaces":  {"광고등학교", ""},
		"an allowed phrase that overlaps":     {"ro bot", ""},
		"an allowed phrase beside the hit":    {"ro bots bot", "bot"},
		"the span excludes what is invisible": {"a \u200bplainword\u200b b", "plainword"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := set.Check(policies.Input{Views: []string{tt.text}})
			if cut := tt.text[got.Span[0]:got.Span[1]]; got.Rejects() != (tt.want != "") || cut != tt.want {
				t.Errorf("Check(%q): got %+v, a hit on %q; want one on %q", tt.text, got, cut, tt.want)
			}
		})
	}
}

func TestAllowedPhraseWithinAHitDoesNotExcuseIt(t *testing.T) {
	set := load(t, "version: 1\nrules: [{id: r, action: reject, terms: [dry martini, tea]}]\nallow: [dry, tea]")
	for text, want := range map[string]bool{"dry martini": true, "dry": false, "tea": false} {
		if got := set.Check(policies.Input{Views: []string{text}}).Rejects(); got != want {
			t.Errorf("Check(%q): got rejected %v, want %v", text, got, want)
		}
	}
}

func TestVerdictSaysWhy(t *testing.T) {
	set := load(t, "version: 1\nrules:\n  - id: ads\n    action: reject\n    terms: [{term: Rolex, match: word}]\n")

	got := set.Check(policies.Input{Views: []string{"a ro<b>lex", "a rolex"}, Room: "general"})

	want := policies.Verdict{
		Action: policies.Reject, Policy: "house", Version: got.Version, Rule: "ads", Term: "Rolex", View: 1, Span: [2]int{2, 7},
	}
	if got != want {
		t.Errorf("Check: got %+v, want %+v", got, want)
	}
	if len(got.Version) != 16 {
		t.Errorf("Check: got the version %q, want 16 hexadecimal digits", got.Version)
	}
	if clean := set.Check(policies.Input{Views: []string{"hello"}}); clean != (policies.Verdict{}) {
		t.Errorf("Check of a clean text: got %+v, want the zero Verdict", clean)
	}
}

func TestVersionIsThatOfTheContent(t *testing.T) {
	const text = "version: 1\nrules: []"
	a, b, c := load(t, text), load(t, text), load(t, text+"\n")
	if a.Version() != b.Version() {
		t.Errorf("versions of equal folders: got %q and %q, want equal ones", a.Version(), b.Version())
	}
	if a.Version() == c.Version() {
		t.Errorf("versions of different folders: got %q for both", a.Version())
	}
}

func TestCleanTextAllocatesNothing(t *testing.T) {
	set, err := policies.Load(policies.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	in := policies.Input{Views: []string{strings.Repeat("a clean message ", 20)}}
	if n := testing.AllocsPerRun(100, func() { set.Check(in) }); n != 0 {
		t.Errorf("Check of a clean text allocated %v times, want 0", n)
	}
}

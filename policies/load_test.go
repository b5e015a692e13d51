package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chatd/chatd/policies"
)

func TestLoadRefuses(t *testing.T) {
	rule := func(s string) string { return "version: 1\nrules:\n  - " + s + "\n" }
	long := strings.Repeat("a", policies.MaxTermSize+1)
	tests := map[string]struct {
		text string
		want string // part of the error
	}{
		"nothing":              {"", "house.yaml:1: the file is empty"},
		"only a comment":       {"# later\n", "house.yaml:1: the file is empty"},
		"not YAML":             {"version: 1\nrules: [", "house.yaml:2: this is not YAML"},
		"not UTF-8":            {"version: 1 # \xff", "house.yaml:1: the file is not UTF-8"},
		"text":                 {"spam", `house.yaml:1: a policy is "spam"; allowed: a mapping with the keys version, rules, allow`},
		"no version":           {"rules: []", "house.yaml:1: version is missing; allowed: 1"},
		"another version":      {"version: 2\nrules: []", `house.yaml:1: version is "2"; allowed: 1`},
		"nothing to say":       {"version: 1", "house.yaml:1: a policy needs rules, or allow, or both"},
		"an unknown key":       {"version: 1\nrules: []\nwords: [a]", `house.yaml:3: a policy has the unknown key "words"; allowed: version, rules, allow`},
		"a key twice":          {"version: 1\nrules: []\nrules: []", "house.yaml:3: a policy has the key rules twice"},
		"rules that are none":  {"version: 1\nrules: spam", `house.yaml:2: rules is "spam"; allowed: a list`},
		"a rule that is none":  {rule("spam"), `house.yaml:3: a rule is "spam"; allowed: a mapping with the keys id, action, terms`},
		"a rule without id":    {rule("{action: reject, terms: [a]}"), "house.yaml:3: a rule has no id"},
		"a rule without terms": {rule("{id: a, action: reject, terms: []}"), "house.yaml:3: rule a has no terms"},
		"a bad id":             {rule("{id: A b, action: reject, terms: [a]}"), `house.yaml:3: id is "A b"; allowed: 1 to 64 of`},
		"an id twice":          {rule("{id: a, action: reject, terms: [a]}\n  - {id: a, action: reject, terms: [b]}"), "house.yaml:4: two rules have the id a"},
		"a later action":       {rule("{id: a, action: mask, terms: [a]}"), "house.yaml:3: action mask comes with a later version; allowed: reject"},
		"an unknown action":    {rule("{id: a, action: kick, terms: [a]}"), `house.yaml:3: action is "kick"; allowed: reject`},
		"an unknown match":     {rule("{id: a, action: reject, terms: [{term: a, match: fuzzy}]}"), `match is "fuzzy"; allowed: word, prefix, suffix, substring`},
		"an unknown option":    {rule("{id: a, action: reject, terms: [{term: a, leet: yes}]}"), `a term has the unknown key "leet"; allowed: term, match, lang, diacritics`},
		"options of nothing":   {rule("{id: a, action: reject, terms: [{match: word}]}"), "a term with options needs the key term"},
		"a bad language":       {rule("{id: a, action: reject, terms: [{term: a, lang: e}]}"), `lang is "e"; allowed: a language tag`},
		"loose diacritics":     {rule("{id: a, action: reject, terms: [{term: a, diacritics: loose}]}"), `diacritics is "loose"; allowed: strict`},
		"an empty term":        {rule(`{id: a, action: reject, terms: [""]}`), "has nothing visible"},
		"a term left out":      {rule("{id: a, action: reject, terms: [a, ]}\n    terms:\n    -"), "house.yaml"},
		"an invisible term":    {rule(`{id: a, action: reject, terms: ["\u200b"]}`), "has nothing visible"},
		"a long term":          {rule("{id: a, action: reject, terms: [" + long + "]}"), "is too long; at most 200 bytes"},
		"a term that is a list": {
			rule("{id: a, action: reject, terms: [[a]]}"), "house.yaml:3: a term is a list; allowed: text",
		},
		"a bad allowed phrase": {"version: 1\nallow: [{term: a}]", "house.yaml:2: a term is a mapping; allowed: text"},
		"an alias":             {"version: 1\nallow: [&a b, *a]", "house.yaml:2: anchors (&name) and aliases (*name) are not allowed"},
		"a bomb":               {"version: 1\na: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nallow: *c", "anchors (&name) and aliases (*name) are not allowed"},
		"a tag":                {"version: 1\nallow: [!!binary aGk=]", "house.yaml:2: tags (!!binary) are not allowed"},
		"a second document":    {"version: 1\nrules: []\n---\nversion: 1\nrules: []", "a file holds one document"},
		"nested deeply":        {"version: 1\nallow: " + strings.Repeat("[", 20) + strings.Repeat("]", 20), "house.yaml:2: this is nested too deeply"},
		"too large":            {"version: 1\nrules: []\n#" + strings.Repeat("x", policies.MaxFileSize), "the file is too large"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := policies.Load(folder(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load: got the error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestLoadTellsAllProblems(t *testing.T) {
	_, err := policies.Load(fstest.MapFS{
		"a.yaml": {Data: []byte("version: 2\nwords: []\nallow: ['']")},
		"b.yml":  {Data: []byte("spam")},
	})
	for _, want := range []string{"a.yaml:1:", "a.yaml:2:", "a.yaml:3:", "b.yml:1:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load: got the error %v, want it to name %s", err, want)
		}
	}
}

func TestLoadBoundsWhatItSays(t *testing.T) {
	_, err := policies.Load(folder("version: 1\nallow:\n" + strings.Repeat("  - ''\n", 1000)))
	if err == nil {
		t.Fatal("Load: got no error, want one")
	}
	if n := strings.Count(err.Error(), "\n") + 1; n > 21 || !strings.Contains(err.Error(), "more problems may follow") {
		t.Errorf("Load of a file with 1,000 problems: got %d lines, want at most 21, the last saying that more may follow", n)
	}
}

func TestLoadRefusesFolders(t *testing.T) {
	many := fstest.MapFS{}
	for i := range policies.MaxFiles + 1 {
		many[fmt.Sprintf("p%d.yaml", i)] = &fstest.MapFile{Data: []byte("version: 1\nrules: []")}
	}
	terms := fstest.MapFS{}
	for i := range 3 {
		terms[fmt.Sprintf("p%d.yaml", i)] = &fstest.MapFile{
			Data: []byte("version: 1\nallow:\n" + strings.Repeat("- a\n", policies.MaxTerms/2)),
		}
	}
	tests := map[string]struct {
		folder fstest.MapFS
		want   string
	}{
		"empty":             {fstest.MapFS{"README.md": {}}, "has no *.yaml or *.yml file"},
		"too many files":    {many, "at most 64 are allowed"},
		"too many terms":    {terms, "at most 100000 are allowed in all files"},
		"one policy, twice": {fstest.MapFS{"a.yaml": {}, "a.yml": {}}, "name the same policy"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := policies.Load(tt.folder); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load: got the error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestLoadTakes(t *testing.T) {
	tests := map[string]struct{ text, hit string }{
		"words that YAML reads otherwise": {"version: 1\nrules: [{id: r, action: reject, terms: [no, 007, 1e3, null]}]", "null"},
		"a number as a word":              {"version: 1\nrules: [{id: r, action: reject, terms: [no, 007, 1e3, null]}]", "007"},
		"strict diacritics":               {"version: 1\nrules: [{id: r, action: reject, terms: [{term: ano, diacritics: strict}]}]", "ano"},
		"a document's mark":               {"---\nversion: 1\nrules: [{id: r, action: reject, terms: [a]}]\n", "a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set := load(t, tt.text)
			if got := set.Check(policies.Input{Views: []string{tt.hit}}); !got.Rejects() {
				t.Errorf("Check(%q): got clean, want a hit", tt.hit)
			}
		})
	}
}

func TestAllowedPhraseHoldsInEveryFile(t *testing.T) {
	set, err := policies.Load(fstest.MapFS{
		"words.yaml": {Data: []byte("version: 1\nrules: [{id: r, action: reject, terms: [spam]}]")},
		"house.yml":  {Data: []byte("version: 1\nallow: [spam sandwich]")},
		".#hidden":   {Data: []byte("nonsense")},
		"notes.txt":  {Data: []byte("nonsense")},
	})
	if err != nil {
		t.Fatalf("Load: got %v, want no error", err)
	}
	if got := set.Check(policies.Input{Views: []string{"a spam sandwich"}}); got.Rejects() {
		t.Errorf("Check: got %+v, want no objection to an allowed phrase", got)
	}
}

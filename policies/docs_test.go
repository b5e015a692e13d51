package policies_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chatd/chatd/policies"
)

// A policy in the documentation is followed by what it does.
var documented = regexp.MustCompile("(?s)```yaml\n(.*?)```\n+```text\n(.*?)```")

func TestDocumentationIsTrue(t *testing.T) {
	doc, err := os.ReadFile("../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := documented.FindAllStringSubmatch(string(doc), -1)
	if len(examples) != 2 {
		t.Fatalf("docs/policies.md: got %d examples, want 2", len(examples))
	}
	for _, e := range examples {
		set, problem := policies.Load(folder(e[1]))
		for line := range strings.Lines(e[2]) {
			says, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			checkDocumented(t, set, problem, says, strings.TrimSpace(text))
		}
	}
}

func checkDocumented(t *testing.T, set *policies.Set, problem error, says, text string) {
	t.Helper()
	switch {
	case says == "problem":
		if problem == nil || !strings.Contains(problem.Error(), text) {
			t.Errorf("the documented policy: got the error %v, want one with %q", problem, text)
		}
	case problem != nil:
		t.Errorf("the documented policy: got the error %v, want none", problem)
	default:
		if got := set.Check(policies.Input{Views: []string{text}}).Rejects(); got != (says == "refused") {
			t.Errorf("%q: got rejected %v, and the documentation says that it %s", text, got, says)
		}
	}
}

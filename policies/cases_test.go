package policies_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chatd/chatd/policies"
)

// TestCases tries the words of testdata/cases.yaml, written as people write them, and
// innocent texts that hold the same letters.
func TestCases(t *testing.T) {
	policy, err := os.ReadFile("testdata/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := os.ReadFile("testdata/cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	set := load(t, string(policy))
	for line := range strings.Lines(string(cases)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(fields) != 3 {
			continue
		}
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(fields[2], `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got := set.Check(policies.Input{Views: []string{text}}); got.Rejects() != (fields[1] == "hit") {
			t.Errorf("%s: Check(%q): got %+v, want %s", fields[0], text, got, fields[1])
		}
	}
}

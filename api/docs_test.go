package api

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chatd/chatd/chat"
)

// TestDocsNameEveryEffect holds the table of docs/api.md to what the source records.
func TestDocsNameEveryEffect(t *testing.T) {
	page := readFile(t, "../docs/api.md")
	what := regexp.MustCompile(`What: +"([a-z_]+)"`)
	found := 0
	for _, dir := range []string{"../chat", "../store"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, m := range what.FindAllStringSubmatch(readFile(t, file), -1) {
				found++
				kind, _, _ := strings.Cut(m[1], "_")
				if !strings.Contains(page, "`"+m[1]+"`") && !strings.Contains(page, "`"+kind+"_…`") {
					t.Errorf("%s records %s, which docs/api.md doesn't name", file, m[1])
				}
			}
		}
	}
	if found == 0 {
		t.Error("the source records nothing: this test looks in the wrong place")
	}
}

// TestDocsNameEveryScope holds the table of docs/api.md to the scopes.
func TestDocsNameEveryScope(t *testing.T) {
	page := readFile(t, "../docs/api.md")
	for _, s := range chat.Scopes() {
		if !strings.Contains(page, "`"+string(s)+"`") {
			t.Errorf("docs/api.md doesn't name the scope %s", s)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

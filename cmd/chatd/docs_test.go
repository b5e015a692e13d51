package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks returns the code blocks of a page that are marked with a language.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllSubmatch(text, -1) {
		found = append(found, string(m[1]))
	}
	if len(found) == 0 {
		t.Fatalf("%s has no block of %s", page, language)
	}
	return found
}

// TestSignInPrograms runs the programs of docs/sign-in.md and verifies their tokens. PHP's
// is run only where there is PHP.
func TestSignInPrograms(t *testing.T) {
	tests := map[string]struct {
		file    string
		command []string
	}{
		"python": {"token.py", []string{"python3"}},
		"js":     {"token.js", []string{"node"}},
		"go":     {"token.go", []string{"go", "run"}},
		"php":    {"token.php", []string{"php"}},
	}
	for language, tt := range tests {
		t.Run(language, func(t *testing.T) {
			programs := blocks(t, "sign-in.md", language)
			if _, err := exec.LookPath(tt.command[0]); err != nil {
				t.Fatalf("%v (scripts/need.sh %s installs it)", err, tt.command[0])
			}
			file := filepath.Join(t.TempDir(), tt.file)
			if err := os.WriteFile(file, []byte(programs[0]), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), tt.command[0], append(tt.command[1:], file)...)
			cmd.Env = append(os.Environ(), "CHATD_JWT_SECRET="+jwtSecret)
			cmd.Stderr = os.Stderr
			token, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if actor := verify(t, string(token)); actor.ID != "u:42" || actor.Name != "Ann" {
				t.Errorf("got %+v, want u:42, Ann", actor)
			}
		})
	}
}

// TestAPIWalk runs the examples of docs/api.md, one after the other, as a reader would.
func TestAPIWalk(t *testing.T) {
	for _, tool := range []string{"sh", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v (scripts/need.sh %s installs it)", err, tool)
		}
	}
	i := start(t, t.TempDir())
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", strings.Join(blocks(t, "api.md", "sh"), "\n"))
	cmd.Env = append(os.Environ(), "CHATD="+i.url, "CHATD_API_KEY="+apiKey)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	for _, want := range []string{"lobby: 0 here now", "We start in *ten minutes*.", `"kind":"key"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("got\n%s\nwant it to hold %q", out, want)
		}
	}
}

// TestDocsNameWhatExists holds the addresses that the pages show to those that are served.
func TestDocsNameWhatExists(t *testing.T) {
	i := start(t, t.TempDir())
	address := regexp.MustCompile(`https://chat\.example\.com(/[a-z0-9/.]+)`)
	for _, page := range []string{"embed.md", "api.md", "sign-in.md", "operations.md"} {
		text, err := os.ReadFile(filepath.Join("../../docs", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range address.FindAllSubmatch(text, -1) {
			if status, _ := i.get(string(m[1])); status != 200 {
				t.Errorf("%s names %s, which answers %d", page, m[1], status)
			}
		}
	}
}

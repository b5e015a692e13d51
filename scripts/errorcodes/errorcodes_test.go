package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPageIsCurrent(t *testing.T) {
	codes, err := collect(os.DirFS(root), dirs...)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := rewrite(string(old), codes)
	if err != nil {
		t.Error(err)
	}
	if err == nil && fresh != string(old) {
		t.Error("docs/errors.md is not what the source says: run go generate ./scripts/errorcodes")
	}
}

func TestCollect(t *testing.T) {
	tests := map[string]struct {
		source string
		want   []refusal
	}{
		"a call":             {`var e = Refuse(Invalid, "a_b", "No %d.", 1)`, []refusal{{"a_b", "Invalid", "No …."}}},
		"of the core":        {`var e = chat.Refuse(chat.NotFound, "a", "No.").After(1)`, []refusal{{"a", "NotFound", "No."}}},
		"a sum of texts":     {`var e = Refuse(Invalid, "a", "No "+x+" here.")`, []refusal{{"a", "Invalid", "No … here."}}},
		"from a Sprintf":     {`var e = &problem{code: "a", detail: fmt.Sprintf("At most %d.", n)}`, []refusal{{"a", "", "At most …."}}},
		"made up elsewhere":  {"func h(code, what string) error { return Refuse(Forbidden, code, \"%s\", what) }\nvar e = Refuse(Forbidden, \"a\", \"%s\", what)", []refusal{{"a", "Forbidden", ""}}},
		"by a helper":        {"func h(n int, code, what string) error { return Refuse(Forbidden, code, what) }\nvar e = h(1, \"a\", \"You may not\")", []refusal{{"a", "Forbidden", "You may not…"}}},
		"several sentences":  {`var e, f, g = Refuse(Invalid, "a", "One."), Refuse(Invalid, "a", "Two."), Refuse(Invalid, "a", "One.")`, []refusal{{"a", "Invalid", ""}}},
		"twice the same":     {`var e, f = Refuse(Invalid, "a", "One."), Refuse(Invalid, "a", "One.")`, []refusal{{"a", "Invalid", "One."}}},
		"a literal":          {`var e = &problem{status: 415, code: "a", detail: "No."}`, []refusal{{"a", "", "No."}}},
		"the core's helper":  {`func Refuse(k Kind, code, format string, args ...any) *Error { return &Error{Kind: k, Code: code} }`, nil},
		"a table":            {`var xCodes = map[int]string{404: "a"}`, []refusal{{"a", "", ""}}},
		"a table and a call": {"var xCodes = map[int]string{404: \"a\"}\nvar e = Refuse(Invalid, \"a\", \"No.\")", []refusal{{"a", "Invalid", "No."}}},
		"something else":     {`var e = point{x: 1, y: "code"}`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{
				"p/a.go":      {Data: []byte("package p\n" + tt.source)},
				"p/a_test.go": {Data: []byte("package p\nvar t = Refuse(Invalid, \"only_in_a_test\", \"No.\")")},
			}

			got, err := collect(tree, "p")

			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRewrite(t *testing.T) {
	page := "# Errors\n" + begin + "| `a` | Old | Old. | Do this. |\n" + end + "More.\n"
	known, unknown := refusal{"a", "Invalid", "No."}, refusal{"b", "", "No."}

	got, err := rewrite(page, []refusal{known})

	if err != nil {
		t.Fatal(err)
	}
	if want := "| `a` | Invalid | No. | Do this. |\n" + end + "More.\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
	if again, err := rewrite(got, []refusal{known}); err != nil || again != got {
		t.Errorf("a second run changed the page to %q, error %v", again, err)
	}
	if _, err := rewrite(page, []refusal{known, unknown}); err == nil {
		t.Error("a code without advice passed")
	}
	if _, err := rewrite(page, nil); err == nil {
		t.Error("advice for a code that isn't in the source passed")
	}
	if _, err := rewrite("# Errors\n", nil); err == nil {
		t.Error("a page without its marks passed")
	}
}

package arch

import (
	"os"
	"slices"
	"testing"
	"testing/fstest"
)

func TestLayout(t *testing.T) {
	broken, err := layout.check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Error(b)
	}
}

// TestCheck shows that the checker finds what it is for.
func TestCheck(t *testing.T) {
	r := rules{
		module: "example.com/m",
		groups: map[string]group{
			"core":        {imports: of("core/pure")},
			"core/pure":   {},
			"door":        {imports: of("core"), tests: of("attic")},
			"attic":       {imports: of("core")},
			"cmd/program": {imports: all, tests: all},
		},
		libraries: []library{
			{"example.com/web", of("door"), of("attic")},
			{"example.org/", of("attic"), nil},
		},
		pure: map[string][]string{"core/pure": {"time"}},
	}
	tests := map[string]struct {
		file, source string
		want         []string
	}{
		"allowed":                     {"door/a.go", `import "example.com/m/core"`, nil},
		"its own sub-package":         {"door/a.go", `import "example.com/m/door/codec"`, nil},
		"the program imports all":     {"cmd/program/a.go", `import "example.com/m/attic"`, nil},
		"sideways":                    {"door/a.go", `import "example.com/m/attic"`, []string{"door/a.go imports example.com/m/attic: door may not import attic"}},
		"sideways from below":         {"door/codec/a.go", `import "example.com/m/attic/x"`, []string{"door/codec/a.go imports example.com/m/attic/x: door may not import attic"}},
		"sideways in a listed test":   {"door/a_test.go", `import "example.com/m/attic"`, nil},
		"sideways in another test":    {"attic/a_test.go", `import "example.com/m/door"`, []string{"attic/a_test.go imports example.com/m/door: tests of attic may not import door"}},
		"upwards":                     {"core/a.go", `import "example.com/m/door"`, []string{"core/a.go imports example.com/m/door: core may not import door"}},
		"a group within a group":      {"core/pure/a.go", `import "example.com/m/core"`, []string{"core/pure/a.go imports example.com/m/core: core/pure may not import core"}},
		"under another name":          {"core/a.go", `import d "example.com/m/door"`, []string{"core/a.go imports example.com/m/door: core may not import door"}},
		"a package without a rule":    {"cellar/a.go", `import "fmt"`, []string{"cellar/a.go imports fmt: the layout has no package cellar"}},
		"a root without a rule":       {"a.go", `import "fmt"`, []string{"a.go imports fmt: the layout has no package ."}},
		"importing one without":       {"door/a.go", `import "example.com/m/cellar"`, []string{"door/a.go imports example.com/m/cellar: the layout has no package cellar"}},
		"a library at home":           {"door/a.go", `import "example.com/web/v2"`, nil},
		"a library astray":            {"core/a.go", `import "example.com/web"`, []string{"core/a.go imports example.com/web: its home is elsewhere"}},
		"a library in a listed test":  {"attic/a_test.go", `import "example.com/web"`, nil},
		"all of one owner":            {"door/a.go", `import "example.org/x/y"`, []string{"door/a.go imports example.org/x/y: its home is elsewhere"}},
		"only like a library":         {"core/a.go", `import "example.com/webbing"`, nil},
		"an impure import":            {"core/pure/a.go", `import "time"`, []string{"core/pure/a.go imports time: core/pure promises to do without it"}},
		"an impure import in a test":  {"core/pure/a_test.go", `import "time"`, nil},
		"testing outside of tests":    {"core/a.go", `import "testing"`, []string{"core/a.go imports testing: only tests and conformance suites import it"}},
		"testing in a suite":          {"attic/attictest/a.go", `import "testing"`, nil},
		"for another system":          {"core/a_windows.go", `import "example.com/web"`, []string{"core/a_windows.go imports example.com/web: its home is elsewhere"}},
		"an npm package's Go files":   {"door/node_modules/x/a.go", `import "example.com/m/attic"`, nil},
		"a module within the project": {"tools/a.go", `import "example.com/web"`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{
				tt.file:        {Data: []byte("package p\n" + tt.source + "\n")},
				"door/gen.go":  {Data: []byte("//go:build ignore\n\npackage main\nimport \"example.com/m/attic\"\n")},
				"tools/go.mod": {Data: []byte("module tools\n")},
			}

			got, err := r.check(tree)

			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

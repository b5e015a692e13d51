package arch

import (
	"fmt"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// set is a set of groups; all holds every one of them.
type set map[string]bool

var all = set{"*": true}

func of(names ...string) set {
	s := set{}
	for _, n := range names {
		s[n] = true
	}
	return s
}

func (s set) has(name string) bool { return s["*"] || s[name] }

// rules say who may import what. A group is a package and all below it, but for
// those that are groups of their own.
type rules struct {
	module    string
	groups    map[string]group
	libraries []library
	pure      map[string][]string // by package, not by group: its generators may
}

type group struct {
	imports set // the project's groups that it may import besides itself
	tests   set // those that its test files may import besides
	comment string
}

// library is a foreign package, or with a slash at its end all below it.
type library struct {
	path  string
	where set // the groups that may import it
	tests set // those whose test files may, besides
}

func (l library) covers(imported string) bool {
	return imported == l.path || strings.HasPrefix(imported, strings.TrimSuffix(l.path, "/")+"/")
}

// groupOf finds the group of a package's folder, the longest that holds it.
func (r rules) groupOf(dir string) (string, bool) {
	for d := dir; ; d = path.Dir(d) {
		if _, ok := r.groups[d]; ok && (d != "." || dir == ".") {
			return d, true
		}
		if d == "." {
			return "", false
		}
	}
}

// check reads the imports of every Go file of tree and returns what breaks a rule,
// sorted. Nested modules, testdata and files marked to be ignored are left out.
func (r rules) check(tree fs.FS) ([]string, error) {
	var broken []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skipDir(tree, name)
		case path.Ext(name) != ".go":
			return nil
		}
		imports, err := importsOf(tree, name)
		for _, imported := range imports {
			if why := r.refuses(name, imported); why != "" {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", name, imported, why))
			}
		}
		return err
	})
	slices.Sort(broken)
	return broken, err
}

func skipDir(tree fs.FS, dir string) error {
	base := path.Base(dir)
	if dir == "." {
		return nil
	}
	if base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_' {
		return fs.SkipDir
	}
	if _, err := fs.Stat(tree, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func importsOf(tree fs.FS, name string) ([]string, error) {
	source, err := fs.ReadFile(tree, name)
	if err != nil || ignored(string(source)) {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	imports := make([]string, 0, len(file.Imports))
	for _, spec := range file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, p)
	}
	return imports, nil
}

// ignored reports whether a file is a program of its own, run by go run only.
func ignored(source string) bool {
	for line := range strings.Lines(source) {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if !constraint.IsGoBuild(line) {
			continue
		}
		expr, err := constraint.Parse(strings.TrimSpace(line))
		return err == nil && expr.String() == "ignore"
	}
	return false
}

// refuses says why file may not import the package, or "".
func (r rules) refuses(file, imported string) string {
	dir, test := path.Dir(file), strings.HasSuffix(file, "_test.go")
	from, ok := r.groupOf(dir)
	if !ok {
		return "the layout has no package " + dir
	}
	if imported == r.module || strings.HasPrefix(imported, r.module+"/") {
		return r.refusesOwn(from, strings.TrimPrefix(strings.TrimPrefix(imported, r.module), "/"), test)
	}
	if imported == "testing" && !test && !strings.HasSuffix(dir, "test") {
		return "only tests and conformance suites import it"
	}
	if !test && slices.Contains(r.pure[dir], imported) {
		return dir + " promises to do without it"
	}
	for _, l := range r.libraries {
		if l.covers(imported) && !l.where.has(from) && (!test || !l.tests.has(from)) {
			return "its home is elsewhere"
		}
	}
	return ""
}

func (r rules) refusesOwn(from, imported string, test bool) string {
	to, ok := r.groupOf(path.Clean(imported))
	g := r.groups[from]
	switch {
	case !ok:
		return "the layout has no package " + imported
	case from == to, g.imports.has(to), test && g.tests.has(to):
		return ""
	case test:
		return fmt.Sprintf("tests of %s may not import %s", from, to)
	default:
		return fmt.Sprintf("%s may not import %s", from, to)
	}
}

package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// refusal is one code, as the source makes it.
type refusal struct {
	code     string
	kind     string // of chat.Kind; empty: only HTTP says this
	sentence string // with … where the source fills something in
}

// helper is a function that makes a refusal with a code which its caller names.
type helper struct {
	kind  string
	index int // of the code among its arguments
}

// collect finds the refusals that the Go files of the folders and below make: by Refuse,
// by a function that hands its argument on to Refuse, as the literal of an error type
// with a field for the code, or in a table whose name ends in Codes. Tests and generated files are left out. Sorted by code.
func collect(tree fs.FS, dirs ...string) ([]refusal, error) {
	var found []refusal
	for _, dir := range dirs {
		files, err := parse(tree, dir)
		if err != nil {
			return nil, err
		}
		helpers := map[string]helper{}
		for _, f := range files {
			findHelpers(f, helpers)
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				found = append(found, refusalsIn(n, helpers)...)
				return true
			})
		}
	}
	return merge(found), nil
}

// merge makes one of the refusals of each code, sorted. Its sentence is empty where
// there are several: which one it is depends.
func merge(found []refusal) []refusal {
	byCode := map[string]refusal{}
	depends := map[string]bool{}
	for _, r := range found {
		one, seen := byCode[r.code]
		if !seen {
			one = r
		}
		depends[r.code] = depends[r.code] || r.sentence != "" && one.sentence != "" && r.sentence != one.sentence
		one.kind, one.sentence = cmp.Or(one.kind, r.kind), cmp.Or(one.sentence, r.sentence)
		byCode[r.code] = one
	}
	merged := slices.SortedFunc(maps.Values(byCode), func(a, b refusal) int { return cmp.Compare(a.code, b.code) })
	for i, r := range merged {
		if depends[r.code] {
			merged[i].sentence = ""
		}
	}
	return merged
}

func parse(tree fs.FS, dir string) ([]*ast.File, error) {
	var files []*ast.File
	err := fs.WalkDir(tree, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err == nil && !ast.IsGenerated(f) {
			files = append(files, f)
		}
		return err
	})
	return files, err
}

// findHelpers notes the functions of f that hand a parameter to Refuse as its code.
func findHelpers(f *ast.File, helpers map[string]helper) {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		params := names(fn.Type.Params)
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || nameOf(call.Fun) != "Refuse" || len(call.Args) < 3 {
				return true
			}
			if code, ok := call.Args[1].(*ast.Ident); ok {
				if i := slices.Index(params, code.Name); i >= 0 {
					helpers[fn.Name.Name] = helper{nameOf(call.Args[0]), i}
				}
			}
			return true
		})
	}
}

func names(params *ast.FieldList) []string {
	var all []string
	for _, p := range params.List {
		for _, n := range p.Names {
			all = append(all, n.Name)
		}
	}
	return all
}

func refusalsIn(n ast.Node, helpers map[string]helper) []refusal {
	switch n := n.(type) {
	case *ast.CallExpr:
		if nameOf(n.Fun) == "Refuse" && len(n.Args) >= 3 {
			return refusalAt(n.Args, 1, nameOf(n.Args[0]))
		}
		if h, ok := helpers[nameOf(n.Fun)]; ok && h.index < len(n.Args) {
			return refusalAt(n.Args, h.index, h.kind)
		}
	case *ast.CompositeLit:
		return refusalsOf(n)
	case *ast.ValueSpec:
		if len(n.Values) == 1 && strings.HasSuffix(n.Names[0].Name, "Codes") {
			return tableOf(n.Values[0])
		}
	}
	return nil
}

// tableOf reads the values of a map from something to codes.
func tableOf(e ast.Expr) []refusal {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	var found []refusal
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if code, ok := text(kv.Value); ok {
				found = append(found, refusal{code: code})
			}
		}
	}
	return found
}

// refusalAt reads the code at an index of a call's arguments, and the sentence after it.
func refusalAt(args []ast.Expr, index int, kind string) []refusal {
	code, ok := text(args[index])
	if !ok {
		return nil
	}
	r := refusal{code: code, kind: kind}
	if index+1 < len(args) {
		r.sentence, _ = text(args[index+1])
	}
	return []refusal{r.tidied()}
}

// refusalsOf reads the literal of an error type.
func refusalsOf(lit *ast.CompositeLit) []refusal {
	r := refusal{}
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch strings.ToLower(nameOf(kv.Key)) {
		case "code":
			r.code, _ = text(kv.Value)
		case "kind":
			r.kind = nameOf(kv.Value)
		case "detail", "message":
			r.sentence, _ = text(kv.Value)
		}
	}
	if r.code == "" {
		return nil
	}
	return []refusal{r.tidied()}
}

var verb = regexp.MustCompile(`%[-+# 0]*[0-9.]*[a-zA-Z]`)

func (r refusal) tidied() refusal {
	r.sentence = verb.ReplaceAllString(r.sentence, "…")
	if strings.Trim(r.sentence, "….") == "" {
		r.sentence = ""
	}
	if r.sentence != "" && !strings.HasSuffix(r.sentence, ".") && !strings.HasSuffix(r.sentence, "…") {
		r.sentence += "…"
	}
	return r
}

// nameOf returns the last name of an identifier or a selector.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// text evaluates a string literal, a sum of such, or the format of a Sprintf.
func text(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.CallExpr:
		if nameOf(e.Fun) == "Sprintf" {
			return text(e.Args[0])
		}
	case *ast.BinaryExpr:
		a, okA := text(e.X)
		b, okB := text(e.Y)
		switch {
		case e.Op != token.ADD:
			return "", false
		case !okA:
			a = "…"
		case !okB:
			b = "…"
		}
		return a + b, okA || okB
	}
	return "", false
}

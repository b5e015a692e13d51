package policies

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// parser reads one policy file. It goes on after a problem, so that whoever wrote the
// file hears of all of them.
type parser struct {
	file, policy, version string
	left                  int // how many patterns may be added
	patterns              []pattern
	problems              []problem
	silent                bool // enough was said
}

// problem is what keeps a file from being a policy.
type problem struct {
	line int
	text string
}

// maxProblems is how many problems of a file are told.
const maxProblems = 20

func (p *parser) problem(line int, format string, args ...any) {
	if !p.silent {
		p.problems = append(p.problems, problem{line, fmt.Sprintf(format, args...)})
	}
	p.silent = p.silent || len(p.problems) == maxProblems
}

// err returns the problems as one error, by line.
func (p *parser) err() error {
	slices.SortStableFunc(p.problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for _, q := range p.problems {
		errs = append(errs, fmt.Errorf("%s:%d: %s", p.file, q.line, q.text))
	}
	if len(errs) == maxProblems {
		errs = append(errs, fmt.Errorf("%s: more problems may follow", p.file))
	}
	return errors.Join(errs...)
}

func (p *parser) parse(content []byte) {
	root, ok := p.document(content)
	if !ok || !p.plainYAML(root) {
		return
	}
	keys := p.mapping(root, "a policy", "version", "rules", "allow")
	if keys == nil {
		return
	}
	switch v := keys["version"]; {
	case v == nil:
		p.problem(root.Line, "version is missing; allowed: 1")
	case v.Kind != yaml.ScalarNode || v.Tag != "!!int" || v.Value != "1":
		p.problem(v.Line, "version is %s; allowed: 1", describe(v))
	}
	if keys["rules"] == nil && keys["allow"] == nil {
		p.problem(root.Line, "a policy needs rules, or allow, or both")
	}
	p.rules(keys["rules"])
	for _, n := range p.list(keys["allow"], "allow") {
		if text, ok := p.term(n); ok {
			p.add(n.Line, pattern{folded: text, match: allowedMatch(text), allowed: true})
		}
	}
}

// allowedMatch lets an allowed phrase hold as a whole phrase; where it begins or ends
// in a script without spaces, anywhere there.
func allowedMatch(text []byte) Match {
	first, _ := utf8.DecodeRune(text)
	last, _ := utf8.DecodeLastRune(text)
	spaceless := func(r rune) bool { g := groupOf(r); return g != alphabetic && g != separator }
	switch {
	case spaceless(first) && spaceless(last):
		return MatchSubstring
	case spaceless(first):
		return MatchSuffix
	case spaceless(last):
		return MatchPrefix
	}
	return MatchWord
}

// document reads the one YAML document of a file.
func (p *parser) document(content []byte) (*yaml.Node, bool) {
	if !utf8.Valid(content) {
		p.problem(1, "the file is not UTF-8")
		return nil, false
	}
	d := yaml.NewDecoder(bytes.NewReader(content))
	var doc, second yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		p.problem(1, "the file is empty; to prohibit nothing, write 'version: 1' and 'rules: []'")
		return nil, false
	case err != nil:
		p.yamlProblem(err)
		return nil, false
	}
	switch err := d.Decode(&second); {
	case err == nil:
		p.problem(max(1, second.Line), "a file holds one document; put the second into a file of its own")
		return nil, false
	case !errors.Is(err, io.EOF):
		p.yamlProblem(err)
		return nil, false
	}
	return doc.Content[0], true
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// yamlProblem tells what the YAML parser says, in the form of the other problems.
func (p *parser) yamlProblem(err error) {
	line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		_, _ = fmt.Sscan(m[1], &line)
		text = err.Error()[len(m[0]):]
	}
	p.problem(line, "this is not YAML: %s", text)
}

// maxDepth is deeper than any policy: document, rules, rule, terms, term, value.
const maxDepth = 8

// plainYAML refuses what makes YAML expand or mean something else than it says.
func (p *parser) plainYAML(root *yaml.Node) bool {
	before := len(p.problems)
	var walk func(n *yaml.Node, depth int)
	walk = func(n *yaml.Node, depth int) {
		switch {
		case n.Kind == yaml.AliasNode || n.Anchor != "":
			p.problem(n.Line, "anchors (&name) and aliases (*name) are not allowed; in a term that begins with one of these, quote it")
			return
		case n.Style&yaml.TaggedStyle != 0:
			p.problem(n.Line, "tags (%s) are not allowed; quote a term that begins with !", n.Tag)
			return
		case depth > maxDepth:
			p.problem(n.Line, "this is nested too deeply")
			return
		}
		for _, c := range n.Content {
			walk(c, depth+1)
		}
	}
	walk(root, 1)
	return len(p.problems) == before
}

// mapping returns the values of a mapping by key, nil where n is none.
func (p *parser) mapping(n *yaml.Node, what string, allowed ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		p.problem(n.Line, "%s is %s; allowed: a mapping with the keys %s", what, describe(n), strings.Join(allowed, ", "))
		return nil
	}
	keys := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(allowed, key.Value):
			p.problem(key.Line, "%s has the unknown key %s; allowed: %s", what, describe(key), strings.Join(allowed, ", "))
		case keys[key.Value] != nil:
			p.problem(key.Line, "%s has the key %s twice", what, key.Value)
		default:
			keys[key.Value] = value
		}
	}
	return keys
}

// list returns the items of a list; none where n is nil.
func (p *parser) list(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		p.problem(n.Line, "%s is %s; allowed: a list", what, describe(n))
		return nil
	}
	return n.Content
}

// text returns a scalar's text. Words that YAML takes for something else (no, 1e3) are
// text here: an operator who lists them means the word.
func (p *parser) text(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" && n.Value == "" {
		p.problem(n.Line, "%s is %s; allowed: text", what, describe(n))
		return "", false
	}
	return n.Value, true
}

// describe names a node for a message, shortened.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.Value == "" {
		return "empty"
	}
	if r := []rune(n.Value); len(r) > 40 {
		return fmt.Sprintf("%q…", string(r[:40]))
	}
	return fmt.Sprintf("%q", n.Value)
}

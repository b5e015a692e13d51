package policies

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	ruleID   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	language = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)
	matches  = []string{string(MatchWord), string(MatchPrefix), string(MatchSuffix), string(MatchSubstring)}
)

func (p *parser) rules(n *yaml.Node) {
	rules := p.list(n, "rules")
	if len(rules) > MaxRules {
		p.problem(n.Line, "there are %d rules; at most %d are allowed", len(rules), MaxRules)
		return
	}
	seen := map[string]bool{}
	for _, r := range rules {
		p.rule(r, seen)
	}
}

func (p *parser) rule(n *yaml.Node, seen map[string]bool) {
	keys := p.mapping(n, "a rule", "id", "action", "terms")
	if keys == nil {
		return
	}
	for _, k := range []string{"id", "action", "terms"} {
		if keys[k] == nil {
			p.problem(n.Line, "a rule has no %s; it needs id, action and terms", k)
			return
		}
	}
	id := p.id(keys["id"])
	if id != "" && seen[id] {
		p.problem(keys["id"].Line, "two rules have the id %s; rename one", id)
	}
	seen[id] = true
	v := Verdict{Action: p.action(keys["action"]), Policy: p.policy, Version: p.version, Rule: id}
	terms := p.list(keys["terms"], "terms")
	if keys["terms"].Kind == yaml.SequenceNode && len(terms) == 0 {
		p.problem(keys["terms"].Line, "rule %s has no terms", id)
	}
	for _, t := range terms {
		p.ruleTerm(t, v)
	}
}

func (p *parser) id(n *yaml.Node) string {
	id, ok := p.text(n, "id")
	if ok && !ruleID.MatchString(id) {
		p.problem(n.Line, "id is %s; allowed: 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or a digit", describe(n))
		return ""
	}
	return id
}

func (p *parser) action(n *yaml.Node) Action {
	a, ok := p.text(n, "action")
	switch {
	case !ok, a == string(Reject):
	case slices.Contains([]string{"mask", "hold", "flag", "shadow", "warn", "mute"}, a):
		p.problem(n.Line, "action %s comes with a later version; allowed: reject", a)
	default:
		p.problem(n.Line, "action is %s; allowed: reject", describe(n))
	}
	return Reject
}

// ruleTerm reads a term: a word, or a mapping with its options.
func (p *parser) ruleTerm(n *yaml.Node, v Verdict) {
	node, match := n, MatchWord
	if n.Kind == yaml.MappingNode {
		keys := p.mapping(n, "a term", "term", "match", "lang", "diacritics")
		if keys["term"] == nil {
			p.problem(n.Line, "a term with options needs the key term")
			return
		}
		node = keys["term"]
		match = p.match(keys["match"])
		p.lang(keys["lang"])
		p.diacritics(keys["diacritics"])
	}
	if text, ok := p.term(node); ok {
		v.Term = node.Value
		p.add(node.Line, pattern{folded: text, match: match, verdict: v})
	}
}

func (p *parser) match(n *yaml.Node) Match {
	if n == nil {
		return MatchWord
	}
	m, ok := p.text(n, "match")
	if ok && !slices.Contains(matches, m) {
		p.problem(n.Line, "match is %s; allowed: %s", describe(n), strings.Join(matches, ", "))
	}
	return Match(m)
}

func (p *parser) lang(n *yaml.Node) {
	if n == nil {
		return
	}
	if l, ok := p.text(n, "lang"); ok && !language.MatchString(l) {
		p.problem(n.Line, "lang is %s; allowed: a language tag such as en or pt-BR", describe(n))
	}
}

// diacritics are always told apart in this version; a file may say that it counts on it.
func (p *parser) diacritics(n *yaml.Node) {
	if n == nil {
		return
	}
	if d, ok := p.text(n, "diacritics"); ok && d != "strict" {
		p.problem(n.Line, "diacritics is %s; allowed: strict", describe(n))
	}
}

// term returns the form in which a term or an allowed phrase is compared.
func (p *parser) term(n *yaml.Node) ([]byte, bool) {
	text, ok := p.text(n, "a term")
	if !ok {
		return nil, false
	}
	if len(text) > MaxTermSize {
		p.problem(n.Line, "the term %s is too long; at most %d bytes are allowed", describe(n), MaxTermSize)
		return nil, false
	}
	folded := foldTerm(text)
	if len(folded) == 0 {
		p.problem(n.Line, "the term %s has nothing visible", describe(n))
		return nil, false
	}
	return folded, true
}

func (p *parser) add(line int, t pattern) {
	if len(p.patterns) == p.left {
		p.problem(line, "there are too many terms; at most %d are allowed in all files", MaxTerms)
		p.silent = true
		return
	}
	p.patterns = append(p.patterns, t)
}

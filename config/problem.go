package config

import (
	"fmt"
	"strings"
)

// Source says where a value comes from.
type Source struct {
	Kind  SourceKind
	Where string // the flag, the variable, or the file and line
}

// SourceKind is one of the four kinds of source.
type SourceKind string

// The kinds of source, from the weakest to the strongest.
const (
	FromDefault SourceKind = "default"
	FromFile    SourceKind = "file"
	FromEnv     SourceKind = "environment"
	FromFlag    SourceKind = "flag"
)

func (s Source) String() string {
	if s.Where == "" {
		return string(s.Kind)
	}
	return string(s.Kind) + " " + s.Where
}

// Problem is one thing that is wrong.
type Problem struct {
	Setting string // its flag's name; empty: the problem is with a source as such
	Source  Source
	Value   string // as given; hidden for secrets
	Allowed string // what would have been right
	Message string // in place of Value and Allowed
}

func (p Problem) String() string {
	var b strings.Builder
	if p.Setting != "" {
		b.WriteString(p.Setting + " ")
	}
	if p.Source.Kind != "" {
		fmt.Fprintf(&b, "(%s)", p.Source)
	}
	switch {
	case p.Message != "":
		b.WriteString(": " + p.Message)
	default:
		fmt.Fprintf(&b, ": got %q; allowed: %s", p.Value, p.Allowed)
	}
	return strings.TrimPrefix(strings.TrimSpace(b.String()), ": ")
}

// Problems are all that is wrong, as one error.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = "  " + p.String()
	}
	head := "the configuration has a problem:"
	if len(ps) > 1 {
		head = fmt.Sprintf("the configuration has %d problems:", len(ps))
	}
	return head + "\n" + strings.Join(lines, "\n")
}

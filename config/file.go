package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	// DefaultFile is read where it exists and no other file is named.
	DefaultFile = "chatd.yaml"
	maxFile     = 1 << 20 // bytes
)

// entry is one value of the file.
type entry struct {
	text string
	line int
}

// readFile reads a configuration file. A missing one is a problem only if it was asked for.
func readFile(name string, asked bool) (map[string]entry, Problems) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return nil, nil
	}
	if err != nil {
		return nil, Problems{fileProblem(name, 0, "can't be read: "+err.Error())}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, Problems{fileProblem(name, 0, "can't be read: "+err.Error())}
	}
	return parseYAML(name, b)
}

// parseYAML reads a flat mapping of settings, strictly: every key known and once, plain
// values and lists of them, no anchors, aliases or tags.
func parseYAML(name string, b []byte) (map[string]entry, Problems) {
	if len(b) > maxFile {
		return nil, Problems{fileProblem(name, 0, "is longer than 1 MiB")}
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil // nothing but comments
	} else if err != nil {
		return nil, Problems{fileProblem(name, 0, "is no YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))}
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, Problems{fileProblem(name, 0, "holds more than one document")}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, Problems{fileProblem(name, root.Line, "must be settings of the form \"name: value\"")}
	}
	return readMapping(name, root)
}

func readMapping(name string, root *yaml.Node) (map[string]entry, Problems) {
	known := map[string]bool{}
	var keys []string
	for _, s := range schema() {
		if s.key != "" {
			known[s.key] = true
			keys = append(keys, s.key)
		}
	}
	entries := map[string]entry{}
	var wrong Problems
	for i := 0; i+1 < len(root.Content); i += 2 {
		k, v := root.Content[i], root.Content[i+1]
		before, twice := entries[k.Value]
		text, err := nodeText(v)
		switch {
		case k.Kind != yaml.ScalarNode || !known[k.Value]:
			wrong = append(wrong, fileProblem(name, k.Line, fmt.Sprintf("no setting is called %q%s", k.Value, didYouMean(k.Value, keys))))
		case twice:
			wrong = append(wrong, fileProblem(name, k.Line, fmt.Sprintf("%s is set a second time, first on line %d", k.Value, before.line)))
		case err != nil:
			wrong = append(wrong, fileProblem(name, v.Line, fmt.Sprintf("%s: %v", k.Value, err)))
		default:
			entries[k.Value] = entry{text, k.Line}
		}
	}
	return entries, wrong
}

// nodeText returns a value as it is written, so that 0x10 or 1_000 mean nothing special.
func nodeText(n *yaml.Node) (string, error) {
	if n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		return "", errors.New("anchors, aliases and tags aren't supported")
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return scalarText(n)
	case yaml.SequenceNode:
		return listText(n)
	}
	return "", errors.New("must be a value or a list, not a mapping")
}

func scalarText(n *yaml.Node) (string, error) {
	switch {
	case n.Tag != "!!null":
		return n.Value, nil
	case n.Value == "":
		return "", errors.New(`has no value; leave the line out for the default, or write "" for none`)
	}
	return "", errors.New("null is no value; leave the line out for the default")
}

func listText(n *yaml.Node) (string, error) {
	items := make([]string, len(n.Content))
	for i, item := range n.Content {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" || item.Anchor != "" || strings.Contains(item.Value, ",") {
			return "", errors.New("a list holds plain values without commas")
		}
		items[i] = item.Value
	}
	return strings.Join(items, ","), nil
}

func fileProblem(name string, line int, message string) Problem {
	return Problem{Source: fileSource(name, line), Message: message}
}

func fileSource(name string, line int) Source {
	if line == 0 {
		return Source{FromFile, name}
	}
	return Source{FromFile, fmt.Sprintf("%s:%d", name, line)}
}

// didYouMean finds the name that word was probably meant to be.
func didYouMean(word string, names []string) string {
	best, least := "", max(2, len(word)/4)+1
	for _, name := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is Levenshtein's, over bytes.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64 // no setting has such a name
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] || a[i] == '-' && b[j] == '_' {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

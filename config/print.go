package config

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"gopkg.in/yaml.v3"
)

// Print writes every setting with its value and source, as inv.Show asks: a table, or a
// file that can be used as chatd.yaml. Secrets are hidden; the file holds them as comments,
// to be filled in.
func (inv *Invocation) Print(w io.Writer) error {
	if inv.Show.Format == "yaml" {
		return inv.printYAML(w)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, g := range groups {
		fmt.Fprintf(t, "%s\t\t\n", strings.ToUpper(g[1]))
		for _, s := range schema() {
			if s.group == g[0] {
				fmt.Fprintf(t, "  %s\t%s\t%s\n", s.name, printable(encode(s.value(&inv.Settings))), inv.Sources[s.name])
			}
		}
	}
	return t.Flush()
}

// printable keeps a value on its line.
func printable(s string) string {
	if s == "" {
		return "-"
	}
	if q := fmt.Sprintf("%q", s); q != `"`+s+`"` {
		return q
	}
	return s
}

func (inv *Invocation) printYAML(w io.Writer) error {
	var b strings.Builder
	for i, g := range groups {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "# %s\n", g[1])
		for _, s := range schema() {
			if s.group != g[0] || s.key == "" {
				continue
			}
			text := encode(s.value(&inv.Settings))
			line, err := yamlLine(s.key, text)
			if err != nil {
				return err
			}
			if strings.Contains(text, hidden) {
				line = "# " + line
			}
			fmt.Fprintf(&b, "%s  # %s\n", line, inv.Sources[s.name])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func yamlLine(key, text string) (string, error) {
	value := yaml.Node{Kind: yaml.ScalarNode, Value: text}
	if text == "" || strings.ContainsAny(text, "\n\r") {
		value.Style = yaml.DoubleQuotedStyle
	}
	b, err := yaml.Marshal(map[string]*yaml.Node{key: &value})
	return strings.TrimSuffix(string(b), "\n"), err
}

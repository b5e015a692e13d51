package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// The page's generated part stands between these.
const (
	begin = "<!-- go generate ./scripts/errorcodes writes the first three columns -->\n"
	end   = "<!-- end -->\n"
)

// row is what a hand may write in the page: the advice, and the sentence of a refusal
// whose source makes it up.
type row struct{ sentence, advice string }

// rewrite returns the page with one row a refusal, keeping what a hand wrote of those that
// it has. A refusal without advice, and advice without a refusal, are errors.
func rewrite(page string, codes []refusal) (string, error) {
	head, rest, ok := strings.Cut(page, begin)
	table, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", errors.New("the page has lost the comments that enclose its table")
	}
	rows := read(table)
	var b strings.Builder
	b.WriteString(head + begin + "| code | kind | says | what to do |\n|---|---|---|---|\n")
	var problems []error
	for _, c := range codes {
		old := rows[c.code]
		if old.advice == "" {
			problems = append(problems, fmt.Errorf("docs/errors.md doesn't say what to do about %s, %s: %s", c.code, c.kind, c.sentence))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.code, cmp.Or(c.kind, "REST only"), cmp.Or(c.sentence, old.sentence), old.advice)
		delete(rows, c.code)
	}
	for code := range rows {
		problems = append(problems, fmt.Errorf("docs/errors.md has %s, the source doesn't", code))
	}
	return b.String() + end + tail, errors.Join(problems...)
}

// read reads the table's rows by code.
func read(table string) map[string]row {
	rows := map[string]row{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) == 6 && strings.Contains(cells[1], "`") {
			rows[strings.Trim(cells[1], " `")] = row{strings.TrimSpace(cells[3]), strings.TrimSpace(cells[4])}
		}
	}
	return rows
}

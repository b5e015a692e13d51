package store

import (
	"fmt"
	"strings"
)

// conditions are joined by AND, with their values.
type conditions struct {
	all  []string
	args []any
}

// add adds a condition, in whose format each value has a $%d.
func (c *conditions) add(format string, values ...any) {
	places := make([]any, len(values))
	for i, v := range values {
		c.args = append(c.args, v)
		places[i] = len(c.args)
	}
	if len(places) > 0 {
		format = fmt.Sprintf(format, places...)
	}
	c.all = append(c.all, format)
}

// place adds a value and is where it stands.
func (c *conditions) place(value any) string {
	c.args = append(c.args, value)
	return fmt.Sprintf("$%d", len(c.args))
}

func (c *conditions) where() string {
	if len(c.all) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(c.all, " AND ")
}

// joined is the conditions without WHERE.
func (c *conditions) joined() string { return strings.Join(c.all, " AND ") }

// places adds values and is where they stand, for a list.
func (c *conditions) places(values []any) string {
	from := len(c.args) + 1
	c.args = append(c.args, values...)
	return list(from, len(values))
}

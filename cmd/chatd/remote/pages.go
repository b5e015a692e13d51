package remote

import (
	"encoding/json"
	"fmt"
)

// List is how lists are asked for.
type List struct {
	Limit int  `name:"limit" default:"50" help:"How many rows."`
	All   bool `name:"all" help:"All rows, however many there are."`
}

const pageMax = 200

// page is what every list answers, as it came.
type page[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

// each fetches pages until there are rows enough.
func each[T any](l List, fetch func(cursor *string, limit int) ([]byte, error)) ([]T, error) {
	if l.Limit < 1 {
		return nil, fmt.Errorf("--limit must be 1 or more")
	}
	var all []T
	var cursor *string
	for {
		limit := pageMax
		if !l.All {
			limit = min(l.Limit-len(all), pageMax)
		}
		body, err := fetch(cursor, limit)
		if err != nil {
			return nil, err
		}
		var p page[T]
		if err := json.Unmarshal(body, &p); err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
		all = append(all, p.Items...)
		if cursor = p.Next; cursor == nil || !l.All && len(all) >= l.Limit {
			return all, nil
		}
	}
}

// list prints rows as a table, or all of them as one JSON list.
func list[T any](s *Session, g Server, l List, head []string, row func(T) []string, fetch func(cursor *string, limit int) ([]byte, error)) error {
	if g.JSON {
		raw, err := each[json.RawMessage](l, fetch)
		if err != nil {
			return err
		}
		if raw == nil {
			raw = []json.RawMessage{}
		}
		body, err := json.Marshal(raw)
		if err != nil {
			return err
		}
		return s.raw(body)
	}
	all, err := each[T](l, fetch)
	if err != nil {
		return err
	}
	rows := make([][]string, len(all))
	for i, x := range all {
		rows[i] = row(x)
	}
	return s.table(head, rows)
}

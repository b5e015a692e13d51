package store

import (
	"context"
	"strings"
)

// insertSizes are how many rows one statement inserts: few sizes, so that it stays prepared.
var insertSizes = [...]int{64, 8, 1}

// insertRows inserts rows, many in one statement.
func insertRows[T any](ctx context.Context, q querier, insert, conflict string, all []T, values func(T) []any) error {
	for len(all) > 0 {
		n := 1
		for _, size := range insertSizes {
			if n == 1 && len(all) >= size {
				n = size
			}
		}
		var args []any
		places := make([]string, n)
		for i, x := range all[:n] {
			row := values(x)
			places[i] = "(" + list(len(args)+1, len(row)) + ")"
			args = append(args, row...)
		}
		if _, err := q.ExecContext(ctx, insert+strings.Join(places, ",")+conflict, args...); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

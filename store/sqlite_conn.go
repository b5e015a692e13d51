package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

// sqliteConnector opens connections that keep what they have prepared. Making a statement
// costs SQLite more than running most of them.
type sqliteConnector struct{ driver.Connector }

func newSQLiteConnector(dsn string) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	return sqliteConnector{c}, err
}

func (c sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	raw, ok := made.(rawConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a connection of type %T can't be used", made), made.Close())
	}
	return &sqliteConn{rawConn: raw, kept: make(map[string]*keptStatement)}, nil
}

// rawConn is what sqlite.NewConnector says that its connections are.
type rawConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// sqliteConn is a connection with its statements. database/sql lets one goroutine at a
// time use it.
type sqliteConn struct {
	rawConn

	kept map[string]*keptStatement
	args []driver.NamedValue // of the statement that is run by exec or first
	row  []driver.Value      // that first reads
}

// maxKept is how many statements a connection keeps; those with lists make many.
const maxKept = 256

// keptStatement is prepared; busy while rows of it are open.
type keptStatement struct {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext

	busy bool
}

// Unwrap returns the driver's own connection.
func (c *sqliteConn) Unwrap() driver.Conn { return c.rawConn }

// Close gives the statements back first, for a database with open ones isn't closed.
func (c *sqliteConn) Close() error { return errors.Join(c.forget(), c.rawConn.Close()) }

func (c *sqliteConn) forget() error {
	var errs []error
	for query, st := range c.kept {
		if !st.busy {
			errs = append(errs, st.Close())
			delete(c.kept, query)
		}
	}
	return errors.Join(errs...)
}

// statement prepares a query, once; nil where it is in use.
func (c *sqliteConn) statement(ctx context.Context, query string) (*keptStatement, error) {
	if st, ok := c.kept[query]; ok {
		if st.busy {
			return nil, nil
		}
		return st, nil
	}
	if len(c.kept) >= maxKept {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	prepared, err := c.PrepareContext(ctx, unnamed(query))
	if err != nil {
		return nil, err
	}
	st := &keptStatement{Stmt: prepared}
	var execs, queries bool
	st.StmtExecContext, execs = prepared.(driver.StmtExecContext)
	st.StmtQueryContext, queries = prepared.(driver.StmtQueryContext)
	if !execs || !queries {
		return nil, errors.Join(fmt.Errorf("a statement of type %T can't be used", prepared), prepared.Close())
	}
	c.kept[query] = st
	return st, nil
}

// ExecContext implements driver.ExecerContext.
func (c *sqliteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	st, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return c.rawConn.ExecContext(ctx, query, args)
	}
	return st.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *sqliteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	st, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return c.rawConn.QueryContext(ctx, query, args)
	}
	rows, err := st.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	st.busy = true
	return &keptRows{Rows: rows, of: st}, nil
}

// keptRows are those of a kept statement.
type keptRows struct {
	driver.Rows

	of *keptStatement
}

func (r *keptRows) Close() error {
	err := r.Rows.Close()
	r.of.busy = false
	return err
}

// unnamed replaces a query's parameters by bare question marks where $1, $2, … stand in
// their order, once each, and nothing else does: SQLite looks a named one up in a list each time it is bound.
func unnamed(query string) string {
	var b strings.Builder
	rest, quoted := query, false
	for n := 1; ; n++ {
		before, from, found := strings.Cut(rest, "$")
		if strings.Contains(before, "?") {
			return query
		}
		quoted = quoted != (strings.Count(before, "'")%2 == 1)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		after, ok := strings.CutPrefix(from, strconv.Itoa(n))
		if !ok || quoted || after != "" && after[0] >= '0' && after[0] <= '9' {
			return query
		}
		b.WriteByte('?')
		rest = after
	}
}

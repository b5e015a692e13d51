package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// logTx is a transaction in which SQLite writes the log. The append's statements go to
// the driver itself, for database/sql's way to it costs as much as they do. Where they
// have many parameters these are bare question marks, for SQLite looks a named one ($1) up
// in a list each time that it is bound.
type logTx struct {
	ctx  context.Context
	conn *sql.Conn
}

// inLog runs f in a transaction on the connection that writes, and commits it, or rolls it
// back where f fails. It isn't interrupted: nothing in it waits for others, and watching a
// context would cost a goroutine for each statement.
func (d *sqliteDB) inLog(ctx context.Context, f func(tx *logTx) error) (err error) {
	ctx = context.WithoutCancel(ctx)
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	tx := &logTx{ctx: ctx, conn: conn}
	if _, err := tx.exec(`BEGIN IMMEDIATE`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if !committed {
			tx.rollBack()
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	if _, err := tx.exec(`COMMIT`); err != nil {
		return fmt.Errorf("commit: %w (%w)", err, errUncertain)
	}
	committed = true
	return nil
}

// rollBack ends a transaction, or else the connection.
func (tx *logTx) rollBack() {
	if _, err := tx.exec(`ROLLBACK`); err != nil {
		_ = tx.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// exec runs a statement and says how many rows it changed. Arguments are strings and int64s.
func (tx *logTx) exec(query string, args ...any) (n int64, err error) {
	err = tx.raw(func(c *sqliteConn) error {
		res, err := c.ExecContext(tx.ctx, query, c.named(args))
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}

// first reads one row into pointers to strings, int64s and bools; false where there is none.
func (tx *logTx) first(query string, args []any, into ...any) (found bool, err error) {
	err = tx.raw(func(c *sqliteConn) (err error) {
		rows, err := c.QueryContext(tx.ctx, query, c.named(args))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }() // also where a panic ends the connection
		if found, err = c.next(rows, into); err != nil {
			err = fmt.Errorf("%s: %w", query, err)
		}
		return err
	})
	return found, err
}

func (tx *logTx) raw(f func(*sqliteConn) error) error {
	return tx.conn.Raw(func(on any) error {
		c, ok := on.(*sqliteConn)
		if !ok {
			return fmt.Errorf("a connection of type %T can't be used", on)
		}
		return f(c)
	})
}

// named keeps a statement's arguments where they need no room of their own.
func (c *sqliteConn) named(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, v := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args
}

func (c *sqliteConn) next(rows driver.Rows, into []any) (bool, error) {
	if len(c.row) < len(into) {
		c.row = make([]driver.Value, len(into))
	}
	row := c.row[:len(into)]
	if err := rows.Next(row); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	for i, v := range row {
		if !take(v, into[i]) {
			return true, fmt.Errorf("column %d is a %T, for a %T", i, v, into[i])
		}
	}
	return true, nil
}

// take puts a column's value where it goes.
func take(v driver.Value, into any) (ok bool) {
	switch p := into.(type) {
	case *int64:
		*p, ok = v.(int64)
	case *string:
		*p, ok = v.(string)
	case *bool:
		var n int64
		n, ok = v.(int64)
		*p = n != 0
	}
	return ok
}

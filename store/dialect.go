package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/chatd/chatd/chat"
)

// dialect is what SQLite and PostgreSQL do differently. Everything else is written once.
type dialect interface {
	// append stores a batch in one transaction. An error that isn't errUncertain
	// means that nothing of it is stored.
	append(ctx context.Context, b *batch) (outcome, error)
	// enact runs f in one transaction under the log's lock, with what numbers events
	// there. Errors are those of append; where f fails, nothing is stored.
	enact(ctx context.Context, b *batch, f func(ctx context.Context, q querier, ops opRunner) error) error
	// resolve looks up whether a batch is stored. Where it isn't, it never will be.
	resolve(ctx context.Context, b *batch) (out outcome, found bool, err error)
	// words is the index by which messages are found.
	words() wordIndex
	// trim raises a room's floor and deletes what is at or below it.
	trim(ctx context.Context, room chat.RoomID, floor chat.Seq) error
	// begin notes that this process uses the database, and changes the generation
	// where acknowledged events may have been lost since it was last used.
	begin(ctx context.Context) error
	// stamp makes the database differ from every backup that was made before.
	stamp(ctx context.Context) error
	// away reports an error of the database's surroundings, which passes.
	away(err error) bool
	// exists reports a row that is there already.
	exists(err error) bool
	// run does until ctx ends what the database needs beside all that.
	run(ctx context.Context) error
	// read and write are the pools; goose is the migrations' name of the dialect.
	pools() (read, write *sql.DB)
	readOptions() *sql.TxOptions
	goose() goose.Dialect
	// close notes a clean stop, where clean, and gives everything back.
	close(ctx context.Context, clean bool) error
}

// errUncertain marks an error of append after which the batch may be stored.
var errUncertain = errors.New("the outcome is uncertain")

// querier is a transaction, or a pool.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// inTx runs f in a transaction and commits it, or rolls it back where f fails.
func inTx(ctx context.Context, db *sql.DB, opts *sql.TxOptions, f func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w (%w)", err, errUncertain)
	}
	return nil
}

func (s *Store) inWrite(ctx context.Context, f func(q querier) error) error {
	return s.passing(inTx(ctx, s.write, nil, func(tx *sql.Tx) error { return f(tx) }))
}

// inRead runs f at one instant of the database.
func (s *Store) inRead(ctx context.Context, f func(q querier) error) error {
	return s.passing(inTx(ctx, s.read, s.db.readOptions(), func(tx *sql.Tx) error { return f(tx) }))
}

// passing makes what is due to a database that is away a refusal that says to wait.
func (s *Store) passing(err error) error {
	if err == nil || errors.Is(err, errAway) || !s.db.away(err) {
		return err
	}
	return fmt.Errorf("%w (%w)", errAway, err)
}

// list is "$from, $from+1, …" for n values. n comes from padded, so that few different
// statements have to be prepared.
func list(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}

// padded are values for a list, the last one repeated up to a power of two.
func padded[T ~string](values []T) []any {
	n := 1
	for n < len(values) {
		n *= 2
	}
	args := make([]any, n)
	for i := range args {
		if len(values) == 0 {
			args[i] = ""
			continue
		}
		args[i] = string(values[min(i, len(values)-1)])
	}
	return args
}

// maxList is how many values stand in one list; SQLite's bound is 32,766.
const maxList = 1024

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. Files in migrations are for both databases,
// those in a folder with a dialect's name for that one alone. Before anything is
// changed, may says whether it may be.
func migrate(ctx context.Context, db *sql.DB, d goose.Dialect, may func() error) error {
	common, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	own, err := ownMigrations(d)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	opts := []goose.ProviderOption{
		goose.WithGoMigrations(own...), goose.WithDisableGlobalRegistry(true),
		goose.WithTableName("migrations"), goose.WithLogger(goose.NopLogger()),
	}
	if d == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(d, db, common, opts...)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if now, known, err := p.GetVersions(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	} else if now > known {
		return fmt.Errorf("the database has schema %d and this chatd knows %d: use the chatd that it was last used with, or a newer one", now, known)
	}
	if pending, err := p.HasPending(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	} else if pending {
		if err := may(); err != nil {
			return err
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// ownMigrations are those of single dialects; for others than d they do nothing.
func ownMigrations(d goose.Dialect) ([]*goose.Migration, error) {
	files, err := fs.Glob(migrations, "migrations/*/*.sql")
	if err != nil {
		return nil, err
	}
	var own []*goose.Migration
	for _, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return nil, err
		}
		up := &goose.GoFunc{Mode: goose.TransactionEnabled}
		if path.Base(path.Dir(file)) == string(d) {
			up.RunTx = func(ctx context.Context, tx *sql.Tx) error { return execFile(ctx, tx, file) }
		}
		own = append(own, goose.NewGoMigration(version, up, nil))
	}
	return own, nil
}

func execFile(ctx context.Context, tx *sql.Tx, file string) error {
	text, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return fmt.Errorf("%s: %w", path.Base(file), err)
	}
	return nil
}

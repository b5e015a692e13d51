package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/chatd/chatd/chat"
)

// The pools' sizes. Writers besides the committer are few; the append takes one lock.
const (
	postgresReaders = 12
	postgresWriters = 4
)

// SQLSTATE codes (PostgreSQL documentation, appendix A).
const (
	pgUniqueViolation       = "23505"
	pgInsufficientPrivilege = "42501"
)

// postgresDB is an external PostgreSQL, which several nodes may share.
type postgresDB struct {
	cfg    Config
	reader *sql.DB
	writer *sql.DB
}

func openPostgres(ctx context.Context, cfg Config) (*postgresDB, error) {
	pc, err := pgx.ParseConfig(cfg.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("store: the database URL can't be read: %w", err) // pgx leaves the password out
	}
	param := func(name, value string) {
		if _, ok := pc.RuntimeParams[name]; !ok {
			pc.RuntimeParams[name] = value
		}
	}
	param("application_name", "chatd")
	param("synchronous_commit", map[Durability]string{Power: "on", Process: "local"}[cfg.Durability])
	pc.RuntimeParams["default_transaction_isolation"] = "read committed" // the append sees what precedes its lock
	if pc.ConnectTimeout == 0 {
		pc.ConnectTimeout = 5 * time.Second
	}
	if err := migratePostgres(ctx, *pc, cfg); err != nil {
		return nil, fmt.Errorf("store: open the PostgreSQL database %s at %s: %w", pc.Database, pc.Host, err)
	}
	// The server gives up before this side does: its word is certain, and no statement
	// that nobody waits for any more stands in line for the lock.
	param("statement_timeout", strconv.FormatInt(cfg.CommitTimeout.Milliseconds(), 10))
	// A deed holds the log's lock between its statements; where this side is gone, the
	// server gives up, too.
	param("idle_in_transaction_session_timeout", strconv.FormatInt(cfg.CommitTimeout.Milliseconds(), 10))
	d := &postgresDB{cfg: cfg, reader: stdlib.OpenDB(*pc), writer: stdlib.OpenDB(*pc)}
	d.reader.SetMaxOpenConns(postgresReaders)
	d.reader.SetMaxIdleConns(postgresReaders)
	d.reader.SetConnMaxIdleTime(5 * time.Minute)
	d.writer.SetMaxOpenConns(postgresWriters)
	d.writer.SetMaxIdleConns(postgresWriters)
	return d, nil
}

// migratePostgres uses connections of its own, for a migration may take its time.
func migratePostgres(ctx context.Context, pc pgx.ConnConfig, cfg Config) error {
	db := stdlib.OpenDB(pc)
	may := func() error { return mayMigrate(ctx, db, cfg) }
	return errors.Join(migrate(ctx, db, goose.DialectPostgres, may), db.Close())
}

// run implements dialect: PostgreSQL looks after itself.
func (d *postgresDB) run(context.Context) error { return nil }

func (d *postgresDB) words() wordIndex             { return wordRows{} }
func (d *postgresDB) pools() (read, write *sql.DB) { return d.reader, d.writer }
func (d *postgresDB) goose() goose.Dialect         { return goose.DialectPostgres }

func (d *postgresDB) readOptions() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// append is one statement, so that the lock it takes is never held over a round trip.
func (d *postgresDB) append(ctx context.Context, b *batch) (outcome, error) {
	var text string
	err := d.writer.QueryRowContext(ctx, `SELECT chatd_append($1::jsonb, $2::jsonb)`,
		string(mustJSON(b.frame)), string(mustJSON(b.ops))).Scan(&text)
	if err == nil {
		return decodeOutcome(text)
	}
	if !rolledBack(err) {
		err = fmt.Errorf("%w (%w)", err, errUncertain)
	}
	return outcome{}, fmt.Errorf("append: %w", err)
}

// enact implements dialect. Who decides is rare, so its statements may cross the network
// one by one while the lock is held.
func (d *postgresDB) enact(ctx context.Context, b *batch, f func(context.Context, querier, opRunner) error) error {
	return inTx(ctx, d.writer, nil, func(tx *sql.Tx) error {
		ops := &postgresOps{ctx: ctx, tx: tx}
		err := tx.QueryRowContext(ctx, `SELECT $1::jsonb || chatd_begin($1::jsonb)`, string(mustJSON(b.frame))).Scan(&ops.frame)
		if err != nil {
			return fmt.Errorf("lock the log: %w", err)
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, max(deedTimeout, d.cfg.CommitTimeout).Milliseconds())); err != nil {
			return fmt.Errorf("give the deed its time: %w", err)
		}
		return f(ctx, tx, ops)
	})
}

// postgresOps numbers in a transaction that has the lock.
type postgresOps struct {
	ctx   context.Context
	tx    *sql.Tx
	frame string
}

func (p *postgresOps) op(o op) (result, error) {
	var text string
	var r result
	err := p.tx.QueryRowContext(p.ctx, `SELECT chatd_op($1::jsonb, $2::jsonb)`, string(mustJSON(o)), p.frame).Scan(&text)
	if err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	return r, err
}

func (p *postgresOps) place() (pos int64, err error) {
	err = p.tx.QueryRowContext(p.ctx, `UPDATE counters SET pos = pos + 1 WHERE shard = 0 RETURNING pos`).Scan(&pos)
	return pos, err
}

func (p *postgresOps) end(outcome string) error {
	_, err := p.tx.ExecContext(p.ctx, `SELECT chatd_end($1::jsonb, $2)`, p.frame, outcome)
	return err
}

// rolledBack reports that a statement surely did nothing: it was never sent, or the
// server said ERROR. After FATAL it may have committed first.
func rolledBack(err error) bool {
	if pgconn.SafeToRetry(err) {
		return true
	}
	var e *pgconn.PgError
	return errors.As(err, &e) && e.SeverityUnlocalized == "ERROR"
}

func (d *postgresDB) resolve(ctx context.Context, b *batch) (outcome, bool, error) {
	var text string
	err := d.writer.QueryRowContext(ctx, `SELECT chatd_resolve($1, $2, $3)`,
		b.frame.Writer, b.frame.N, b.frame.Now).Scan(&text)
	if err != nil {
		return outcome{}, false, fmt.Errorf("look up batch: %w", err)
	}
	if text == "" {
		return outcome{}, false, nil
	}
	out, err := decodeOutcome(text)
	return out, err == nil, err
}

func (d *postgresDB) trim(ctx context.Context, room chat.RoomID, floor chat.Seq) error {
	if _, err := d.writer.ExecContext(ctx, `SELECT chatd_trim($1, $2)`, string(room), int64(floor)); err != nil {
		return fmt.Errorf("trim room: %w", err)
	}
	return nil
}

// begin changes the generation where the database came from a dump, here or in another
// cluster. A new timeline is seen by every append (chatd_generation).
func (d *postgresDB) begin(ctx context.Context) error {
	cluster, err := d.identity(ctx)
	if err != nil {
		return err
	}
	return inTx(ctx, d.writer, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT chatd_lock()`); err != nil {
			return fmt.Errorf("lock the log: %w", err)
		}
		was, err := readMeta(ctx, tx)
		if err != nil {
			return err
		}
		if was[metaGeneration] == "" || was[metaCluster] != cluster {
			if err := setMeta(ctx, tx, metaGeneration, d.cfg.NewID()); err != nil {
				return err
			}
		}
		if err := setMeta(ctx, tx, metaCluster, cluster); err != nil {
			return err
		}
		if was[metaTimeline] == "" { // the generation is new as well
			_, err = tx.ExecContext(ctx, `INSERT INTO meta (name, value)
				VALUES ('timeline', substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))`)
		} else {
			_, err = tx.ExecContext(ctx, `SELECT chatd_generation($1)`, d.cfg.NewID())
		}
		if err != nil {
			return fmt.Errorf("look at the timeline: %w", err)
		}
		return nil
	})
}

// identity tells this database from one that was made of it: a restore makes the
// database or its tables anew, with new OIDs. The cluster is left out where reading its
// identifier isn't allowed.
func (d *postgresDB) identity(ctx context.Context) (string, error) {
	var cluster, tables string
	err := d.writer.QueryRowContext(ctx, `SELECT system_identifier::text FROM pg_control_system()`).Scan(&cluster)
	if err != nil && sqlState(err) != pgInsufficientPrivilege {
		return "", fmt.Errorf("read the system identifier: %w", err)
	}
	err = d.writer.QueryRowContext(ctx, `SELECT d.oid || '/' || 'meta'::regclass::oid FROM pg_database d
		WHERE d.datname = current_database()`).Scan(&tables)
	if err != nil {
		return "", fmt.Errorf("read the database's identity: %w", err)
	}
	return cluster + "/" + tables, nil
}

// stamp implements dialect: identity does without.
func (d *postgresDB) stamp(context.Context) error { return nil }

// away reports a server that can't be reached, is starting or stopping, is out of
// connections or disk, or only reads; a deadlock with another's housekeeping; and a
// network that loses what was sent.
func (d *postgresDB) away(err error) bool {
	if code := sqlState(err); code != "" {
		switch code[:2] { // the class
		case "08", "25", "40", "53", "57", "58":
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		slices.ContainsFunc(lostConnection, func(e error) bool { return errors.Is(err, e) })
}

// lostConnection are the errors by which drivers tell of a connection that is gone.
var lostConnection = []error{
	io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone,
	syscall.ECONNRESET, syscall.EPIPE, context.Canceled, context.DeadlineExceeded,
}

func (d *postgresDB) exists(err error) bool { return sqlState(err) == pgUniqueViolation }

func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func (d *postgresDB) close(context.Context, bool) error { return d.release() }

func (d *postgresDB) release() error { return errors.Join(d.reader.Close(), d.writer.Close()) }

func decodeOutcome(text string) (outcome, error) {
	var out outcome
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return outcome{}, fmt.Errorf("decode outcome: %w", err)
	}
	return out, nil
}

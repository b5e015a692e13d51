package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/chatd/chatd/chat"
)

// sqliteReaders is how many reads run at once; more only wait for the same disk.
const sqliteReaders = 4

// sqliteDB is the embedded database: one connection writes, some read.
type sqliteDB struct {
	cfg    Config
	lock   *lockFile
	reader *sql.DB
	writer *sql.DB
	keeper *sql.DB // makes checkpoints
	// file is the database, to be synced. It is opened before SQLite does and closed after it has: whoever closes a file
	// lets go of all locks that the process has on it (POSIX, fcntl).
	file *os.File
}

func openSQLite(ctx context.Context, cfg Config) (_ *sqliteDB, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("store: make the data folder: %w", err)
	}
	d := &sqliteDB{cfg: cfg}
	if d.lock, err = lockFolder(cfg.DataDir); err != nil {
		return nil, err
	}
	file := filepath.Join(cfg.DataDir, "chatd.db")
	if d.file, err = os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", file, err), d.release())
	}
	if err = d.openPools(file); err == nil {
		err = migrate(ctx, d.writer, d.goose(), func() error { return nil }) // the folder is locked
	}
	if err == nil {
		err = d.ofThisBuild(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", file, err), d.release())
	}
	return d, nil
}

// openPools opens the database: one connection writes, some read, and one makes checkpoints.
func (d *sqliteDB) openPools(file string) (err error) {
	for _, p := range []struct {
		pool  **sql.DB
		conns int
		more  string
	}{
		{&d.writer, 1, "&_txlock=immediate"}, {&d.reader, sqliteReaders, "&_pragma=query_only(1)"}, {&d.keeper, 1, "&_pragma=query_only(1)"},
	} {
		if *p.pool, err = openPool(sqliteDSN(file, d.cfg.Durability, p.more)); err != nil {
			return err
		}
		(*p.pool).SetMaxOpenConns(p.conns)
		(*p.pool).SetMaxIdleConns(p.conns)
	}
	return nil
}

// ofThisBuild refuses a database from before migrations only went forward.
func (d *sqliteDB) ofThisBuild(ctx context.Context) error {
	var n int
	err := d.reader.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info('messages') WHERE name = 'doc'`).Scan(&n)
	if err == nil && n == 0 {
		err = errors.New("the database was made by a build of before 0.1.0, which this one can't read: put the file aside, a new one is made then (CHANGELOG.md)")
	}
	return err
}

func openPool(dsn string) (*sql.DB, error) {
	c, err := newSQLiteConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// sqliteDSN carries the pragmas, so that every connection of a pool has them.
func sqliteDSN(file string, dur Durability, more string) string {
	sync := "full"
	if dur == Process {
		sync = "normal"
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath()}).String() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(" + sync +
		")&_pragma=foreign_keys(1)&_pragma=cache_size(-16384)&_pragma=wal_autocheckpoint(" + strconv.Itoa(checkpointBound) + ")&_pragma=temp_store(memory)" + more
}

func (d *sqliteDB) words() wordIndex             { return wordsFTS{} }
func (d *sqliteDB) pools() (read, write *sql.DB) { return d.reader, d.writer }
func (d *sqliteDB) readOptions() *sql.TxOptions  { return &sql.TxOptions{ReadOnly: true} }
func (d *sqliteDB) goose() goose.Dialect         { return goose.DialectSQLite3 }

// append applies a batch on the one connection that writes.
func (d *sqliteDB) append(ctx context.Context, b *batch) (outcome, error) {
	err := d.apply(ctx, b, false)
	if errors.Is(err, errNonceKnown) {
		err = d.apply(ctx, b, true)
	}
	return b.outcome, err
}

func (d *sqliteDB) apply(ctx context.Context, b *batch, careful bool) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return d.inLog(ctx, func(tx *logTx) (err error) {
		b.outcome, err = newApplier(tx, b.frame, careful).apply(b.ops)
		return err
	})
}

// enact implements dialect, on the connection and under the conditions of append.
func (d *sqliteDB) enact(ctx context.Context, b *batch, f func(context.Context, querier, opRunner) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("enact: %w", err)
	}
	return d.inLog(ctx, func(tx *logTx) error {
		a := newApplier(tx, b.frame, true)
		if err := a.begin(); err != nil {
			return err
		}
		return f(tx.ctx, tx.conn, a)
	})
}

// resolve implements dialect. The database says that the batch is stored; what it came to
// is known here, for no other process writes.
func (d *sqliteDB) resolve(ctx context.Context, b *batch) (outcome, bool, error) {
	var n int64
	err := d.writer.QueryRowContext(ctx, `SELECT n FROM counters WHERE shard = 0 AND writer = $1 AND n = $2`, b.frame.Writer, b.frame.N).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return outcome{}, false, nil // the writer is the only one, so nothing is under way
	}
	if err != nil {
		return outcome{}, false, fmt.Errorf("look up batch: %w", err)
	}
	return b.outcome, true, nil
}

func (d *sqliteDB) trim(ctx context.Context, room chat.RoomID, floor chat.Seq) error {
	return inTx(ctx, d.writer, nil, func(tx *sql.Tx) error {
		for _, q := range []string{
			`UPDATE rooms SET floor = $2 WHERE id = $1 AND floor < $2`,
			`DELETE FROM events WHERE room = $1 AND seq <= $2`,
			`DELETE FROM messages WHERE room = $1 AND hidden IN (0, 1, 2) AND seq <= $2`,
		} {
			if _, err := tx.ExecContext(ctx, q, room, floor); err != nil {
				return fmt.Errorf("trim room: %w", err)
			}
		}
		return nil
	})
}

// begin changes the generation where commits may have been lost, whose numbers will be
// given again: the machine went down under a process that ran with Process, or the
// database isn't the one that was used here last.
func (d *sqliteDB) begin(ctx context.Context) error {
	boot := bootID()
	beside, err := readStamp(d.cfg.DataDir)
	if err != nil {
		return err
	}
	err = inTx(ctx, d.writer, nil, func(tx *sql.Tx) error {
		was, err := readMeta(ctx, tx)
		if err != nil {
			return err
		}
		why := doubt(was, boot, beside)
		if why != "" {
			d.cfg.Logger.Warn(why + ": readers start afresh")
		}
		if was[metaGeneration] == "" || why != "" {
			if err := setMeta(ctx, tx, metaGeneration, d.cfg.NewID()); err != nil {
				return err
			}
		}
		return errors.Join(
			setMeta(ctx, tx, metaDurability, string(d.cfg.Durability)),
			setMeta(ctx, tx, metaBoot, boot),
			setMeta(ctx, tx, metaClean, "no"),
		)
	})
	if err != nil {
		return err
	}
	if err := d.stamp(ctx); err != nil {
		return err
	}
	return d.checkpoint(ctx) // "no" must reach the disk before the first commit that may not
}

// doubt says why commits may have been lost since the database was last used; empty: none.
func doubt(was map[string]string, boot, beside string) string {
	switch {
	case was[metaGeneration] == "": // it is new
		return ""
	case was[metaDurability] == string(Process) && was[metaClean] != "yes" && (boot == "" || was[metaBoot] != boot):
		return "the machine went down and durability is process, so the last messages may be lost"
	case was[metaStamp] != beside:
		return "the database isn't the one that was used here last, as after a restore from a backup"
	}
	return ""
}

// stamp implements dialect. See stampFile.
func (d *sqliteDB) stamp(ctx context.Context) error {
	stamp := newStamp()
	if err := setMeta(ctx, d.writer, metaStamp, stamp); err != nil {
		return err
	}
	return writeStamp(d.cfg.DataDir, stamp)
}

// checkpoint brings everything committed to the disk for good.
func (d *sqliteDB) checkpoint(ctx context.Context) error {
	var busy, logged, moved int
	if err := d.writer.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// away reports a full or failing disk.
func (d *sqliteDB) away(err error) bool {
	switch sqliteCode(err) & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN:
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

func (d *sqliteDB) exists(err error) bool {
	code := sqliteCode(err)
	return code == lib.SQLITE_CONSTRAINT_UNIQUE || code == lib.SQLITE_CONSTRAINT_PRIMARYKEY
}

func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func (d *sqliteDB) close(ctx context.Context, clean bool) error {
	var err error
	if clean {
		err = errors.Join(d.checkpoint(ctx), d.stamp(ctx), setMeta(ctx, d.writer, metaClean, "yes"), d.checkpoint(ctx))
	}
	return errors.Join(err, d.release())
}

func (d *sqliteDB) release() error {
	var errs []error
	for _, pool := range []*sql.DB{d.keeper, d.reader, d.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if d.file != nil {
		errs = append(errs, d.file.Close())
	}
	return errors.Join(append(errs, d.lock.release())...)
}

// bootID changes with every start of the machine; empty where that can't be told.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/chatd/chatd/chat"
)

// Store is an open database.
type Store struct {
	cfg   Config
	db    dialect
	read  *sql.DB
	write *sql.DB
	queue *queue
	// writer and batches name the committer's transactions; batches is its alone.
	writer  string
	batches int64

	group   *group
	node    *node         // nil on SQLite, whose folder is locked
	search  chan struct{} // a hint that there is something to index
	sweep   chan struct{} // a hint that a room was removed
	commits atomic.Bool   // the committer is at work
	running atomic.Bool
	close   func() error
}

// The interfaces of the core that a Store implements.
var (
	_ chat.Log       = (*Store)(nil)
	_ chat.Ledger    = (*Store)(nil)
	_ chat.Directory = (*Store)(nil)
	_ chat.Accounts  = (*Store)(nil)
)

// Open opens the database, brings its schema up to date, and makes sure that this node
// may use it. It starts nothing: see Run. Close the Store after Run has returned.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, writer: cfg.NewID(), queue: newQueue(cfg.QueueSize, cfg.QueueWait), search: make(chan struct{}, 1),
		sweep: make(chan struct{}, 1), group: newGroup(),
	}
	s.close = sync.OnceValue(s.shut)
	switch {
	case cfg.DatabaseURL == "":
		s.db, err = openSQLite(ctx, cfg)
	case strings.HasPrefix(cfg.DatabaseURL, "postgres://"), strings.HasPrefix(cfg.DatabaseURL, "postgresql://"):
		s.db, err = openPostgres(ctx, cfg)
	default:
		scheme, _, _ := strings.Cut(cfg.DatabaseURL, ":")
		err = fmt.Errorf("store: a database URL that starts with %q: must be postgres://…, or empty for SQLite in the data folder", scheme)
	}
	if err != nil {
		return nil, err
	}
	s.read, s.write = s.db.pools()
	if cfg.DatabaseURL != "" {
		s.node, err = s.register(ctx)
	}
	if err == nil {
		err = s.db.begin(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", s.passing(err)), s.db.close(ctx, false))
	}
	return s, nil
}

// Close gives the database back. What is still queued is refused.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	s.queue.close()
	s.refuse(&batch{waits: s.queue.pop(0)}, errStopping)
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.DrainTimeout)
	defer cancel()
	return errors.Join(s.unregister(ctx), s.db.close(ctx, true))
}

// Ping reports whether the store can serve: the database answers, and the committer
// isn't waiting to learn what became of a commit.
func (s *Store) Ping(ctx context.Context) error {
	if s.queue.away.Load() {
		return errAway
	}
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("store: %w", s.passing(err))
	}
	var one int
	if err := s.read.QueryRowContext(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("store: %w", s.passing(err))
	}
	return nil
}

package store_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/store/storetest"
	"github.com/chatd/chatd/store/storetest/pgtest"
)

// server is the PostgreSQL that TestMain runs; tests neither sync nor wait for disks.
var server *pgtest.Server

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if server, err = pgtest.Start("max_connections=400", "synchronous_commit=off", "fsync="+fsync()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// The model test is thorough enough with less than rapid's hundred runs; -rapid.checks asks for others.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("6")
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// fsync is on when benchmarks are to measure what it costs.
func fsync() string {
	if f := flag.Lookup("test.bench"); f != nil && f.Value.String() != "" {
		return "on"
	}
	return "off"
}

func TestSQLite(t *testing.T) {
	for _, d := range []store.Durability{store.Power, store.Process} {
		t.Run(string(d), func(t *testing.T) { storetest.Run(t, sqliteBackend(d)) })
	}
}

func TestPostgres(t *testing.T) { storetest.Run(t, postgresBackend(store.Power)) }

func sqliteBackend(d store.Durability) storetest.Backend {
	return storetest.Backend{
		Config: func(t testing.TB) store.Config { return store.Config{DataDir: t.TempDir(), Durability: d} },
		SQL: func(t testing.TB, cfg store.Config) *sql.DB {
			file := url.URL{Path: filepath.Join(cfg.DataDir, "chatd.db")}
			return open(t, "sqlite", "file:"+file.EscapedPath()+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
		},
		Indexed: `SELECT count(*) FROM search WHERE search MATCH '"w' || $1 || '"'`,
	}
}

func postgresBackend(d store.Durability) storetest.Backend {
	return storetest.Backend{
		Config: func(t testing.TB) store.Config {
			empty, err := template()
			if err != nil {
				t.Fatal(err)
			}
			u, err := server.Copy(t.Context(), empty)
			if err != nil {
				t.Fatal(err)
			}
			return store.Config{DatabaseURL: u, Durability: d}
		},
		SQL:     func(t testing.TB, cfg store.Config) *sql.DB { return open(t, "pgx", cfg.DatabaseURL) },
		Indexed: `SELECT count(*) FROM search_tokens WHERE token = $1`,
	}
}

// template is a database with the schema and nothing else: copying it is much cheaper
// than running the migrations for every test.
var template = sync.OnceValues(func() (string, error) {
	ctx := context.Background()
	u, err := server.Database(ctx)
	if err != nil {
		return "", err
	}
	s, err := store.Open(ctx, store.Config{DatabaseURL: u})
	if err != nil {
		return "", err
	}
	return u, s.Close()
})

func open(t testing.TB, driver, dsn string) *sql.DB {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

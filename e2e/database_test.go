package e2e

import (
	"sync"
	"testing"

	"github.com/chatd/chatd/store/storetest/pgtest"
)

// database is where a program keeps its truth.
type database struct {
	name string
	// url returns CHATD_DATABASE_URL of an empty database; empty: SQLite in the data folder.
	url func(*testing.T) string
}

var sqlite = database{"sqlite", func(*testing.T) string { return "" }}

var postgres = database{"postgres", func(t *testing.T) string {
	t.Helper()
	s, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return u
}}

// cluster is the PostgreSQL of all tests, started by the first that needs it.
var cluster, stopCluster = lazyCluster()

func lazyCluster() (get func() (*pgtest.Server, error), stop func() error) {
	var started *pgtest.Server
	get = sync.OnceValues(func() (*pgtest.Server, error) {
		var err error
		started, err = pgtest.Start()
		return started, err
	})
	return get, func() error {
		if started == nil {
			return nil
		}
		return started.Stop()
	}
}

// onEach runs a test on every database.
func onEach(t *testing.T, test func(t *testing.T, db database)) {
	t.Helper()
	for _, db := range []database{sqlite, postgres} {
		t.Run(db.name, func(t *testing.T) { test(t, db) })
	}
}

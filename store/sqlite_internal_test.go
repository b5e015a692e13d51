package store

import (
	"context"
	"database/sql"
	"testing"
)

// TestPragmas looks at several connections of each pool: all must have them.
func TestPragmas(t *testing.T) {
	for dur, synchronous := range map[Durability]string{Power: "2", Process: "1"} {
		cfg, err := Config{DataDir: t.TempDir() + "/a folder, ü & 100%", Durability: dur}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		d, err := openSQLite(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		pragmas := map[string]string{
			"journal_mode": "wal", "synchronous": synchronous, "busy_timeout": "10000", "foreign_keys": "1",
		}
		for name, pool := range map[string]*sql.DB{"reader": d.reader, "writer": d.writer} {
			n := pool.Stats().MaxOpenConnections
			for i := range n {
				c, err := pool.Conn(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for pragma, want := range pragmas {
					var got string
					if err := c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
						t.Errorf("%s, connection %d of the %s: %s is %q, %v, want %q", dur, i, name, pragma, got, err, want)
					}
				}
			}
		}
		t.Cleanup(func() {
			if err := d.close(context.Background(), true); err != nil {
				t.Error(err)
			}
		})
	}
}

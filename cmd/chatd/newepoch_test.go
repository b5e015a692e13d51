package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

func TestNewEpoch(t *testing.T) {
	dir := t.TempDir()
	environ := []string{"CHATD_DATA_DIR=" + dir}
	generation := func() (g string) {
		t.Helper()
		db, err := sql.Open("sqlite", filepath.Join(dir, "chatd.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRowContext(t.Context(), `SELECT value FROM meta WHERE name = 'generation'`).Scan(&g); err != nil {
			t.Fatal(err)
		}
		return g
	}
	i := start(t, dir)
	if _, err := command(t, environ, "new-epoch"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("while the server runs: got %v, want it refused", err)
	}
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	was := generation()
	out, err := command(t, environ, "new-epoch")
	if err != nil || !strings.Contains(out, "new epoch") {
		t.Errorf("got %q, %v", out, err)
	}
	if now := generation(); now == was {
		t.Errorf("got generation %q as before", now)
	}
}

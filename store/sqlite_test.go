package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/store/storetest"
)

func TestSQLiteFolderLocked(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, sqliteBackend(store.Power))
	_, err := store.Open(t.Context(), r.Config())
	if err == nil {
		t.Fatal("a second store opened the folder")
	}
	for _, want := range []string{r.Config().DataDir, "in use", "one process", "PostgreSQL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to say %q", err, want)
		}
	}
	r.Restart(func() {}) // a closed store gives the folder back
}

// TestSQLiteUncleanStart: under process, commits may be lost with the machine.
func TestSQLiteUncleanStart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		was   store.Durability
		clean string
		boot  string // empty: the same
		want  bool   // another epoch
	}{
		"process, machine died":        {store.Process, "no", "other", true},
		"process, process died":        {store.Process, "no", "", false},
		"process, clean, then reboot":  {store.Process, "yes", "other", false},
		"power, machine died":          {store.Power, "no", "other", false},
		"power, clean":                 {store.Power, "yes", "", false},
		"process before, machine died": {store.Process, "no", "other", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := storetest.Start(t, sqliteBackend(tt.was))
			c, err := r.Post(t.Context(), "a", "x", "")
			if err != nil {
				t.Fatal(err)
			}
			r.Restart(func() {
				if n := r.Number(`SELECT count(*) FROM meta WHERE name = 'clean' AND value = 'yes'`); n != 1 {
					t.Error("a clean stop left no mark")
				}
				r.Exec(`UPDATE meta SET value = $1 WHERE name = 'clean'`, tt.clean)
				if tt.boot != "" {
					r.Exec(`UPDATE meta SET value = $1 WHERE name = 'boot'`, tt.boot)
				}
			})
			if got := r.Room("a").Room.Epoch != c.Event.Epoch; got != tt.want {
				t.Errorf("got another epoch: %v, want %v", got, tt.want)
			}
			if n := r.Number(`SELECT count(*) FROM meta WHERE name = 'clean' AND value = 'no'`); n != 1 {
				t.Error("a running store is marked as stopped")
			}
		})
	}
}

// TestSQLiteRestored: whatever way a backup was made and put back, readers of what came
// after it start afresh.
func TestSQLiteRestored(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		copy func(r *storetest.Running, file string) // makes the backup
		want bool                                    // another epoch
	}{
		"nothing was restored": {func(*storetest.Running, string) {}, false},
		"a consistent copy of a running store": {func(r *storetest.Running, file string) {
			// Not by r's connection, below which the file must not be replaced.
			db := sqliteBackend(store.Power).SQL(t, r.Config())
			if _, err := db.ExecContext(t.Context(), `VACUUM INTO $1`, file); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}, true},
		"the file of a stopped one": {func(r *storetest.Running, file string) {
			r.Restart(func() { copyFile(t, filepath.Join(r.Config().DataDir, "chatd.db"), file) })
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := storetest.Start(t, sqliteBackend(store.Power))
			backup := filepath.Join(t.TempDir(), "backup.db")
			if _, err := r.Post(t.Context(), "a", "in the backup", ""); err != nil {
				t.Fatal(err)
			}
			tt.copy(r, backup)
			was, err := r.Post(t.Context(), "a", "lost", "")
			if err != nil {
				t.Fatal(err)
			}
			r.Restart(func() {
				if tt.want {
					copyFile(t, backup, filepath.Join(r.Config().DataDir, "chatd.db"))
				}
			})
			now := r.Room("a").Room.Epoch
			if got := now != was.Event.Epoch; got != tt.want {
				t.Errorf("got another epoch: %v, want %v", got, tt.want)
			}
			r.Restart(func() {})
			if got := r.Room("a").Room.Epoch; got != now {
				t.Errorf("after another start: got epoch %q, want %q to stay", got, now)
			}
			r.Restart(func() {
				if err := os.Remove(filepath.Join(r.Config().DataDir, "chatd.stamp")); err != nil {
					t.Error(err)
				}
			})
			if got := r.Room("a").Room.Epoch; got == now {
				t.Error("the database in a folder that never had one: got the epoch as before")
			}
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestSQLiteSearchSteps: appends wait for a step of the indexer, so it is bounded by words.
func TestSQLiteSearchSteps(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, sqliteBackend(store.Power))
	r.Exec(`CREATE TABLE steps (n INTEGER PRIMARY KEY, events INTEGER)`)
	r.Exec(`CREATE TRIGGER on_step AFTER UPDATE ON cursors BEGIN INSERT INTO steps (events) VALUES (new.pos - old.pos); END`)
	var ids []chat.MessageID
	var han strings.Builder
	for c := range rune(900) {
		han.WriteRune('一' + c)
	}
	words := len(chat.Tokens(han.String()))
	for i := range 12 {
		c, err := r.Post(t.Context(), "a", han.String(), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.Event.Message.ID)
	}
	r.Eventually("messages that are found", 12, `SELECT count(*) FROM search('"w一丁"')`)
	if n := r.Number(`SELECT max(events) FROM steps`); n*words > 4000 {
		t.Errorf("a step indexed %d events of %d words, want no more than 4000 words", n, words)
	}
	for _, id := range ids {
		if _, err := r.Do("a", chat.Edit{ID: id, Author: "u:ann", Text: "short"}); err != nil {
			t.Fatal(err)
		}
	}
	r.Eventually("edited messages that are found", 12, `SELECT count(*) FROM search('"wshort"')`)
	r.Eventually("messages that are found by what they said", 0, `SELECT count(*) FROM search('"w一丁"')`)
	r.Eventually("events to index", 0, `SELECT n.pos - c.pos FROM counters n, cursors c WHERE c.name = 'search'`)
	r.Exec(`DELETE FROM messages WHERE id = '` + string(ids[0]) + `'`)
	r.Eventually("messages that are found when one is gone", 11, `SELECT count(*) FROM search('"wshort"')`)
}

// TestDatabaseError: an error of the database answers everybody, and passes.
func TestDatabaseError(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]storetest.Backend{"sqlite": sqliteBackend(store.Power), "postgres": postgresBackend(store.Power)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := storetest.Start(t, b)
			r.Exec(`ALTER TABLE messages RENAME TO elsewhere`)
			if _, err := r.Post(t.Context(), "a", "x", "0"); chat.CodeOf(err) != "internal" {
				t.Errorf("got %v, want internal", err)
			}
			r.Exec(`ALTER TABLE elsewhere RENAME TO messages`)
			c, err := r.Post(t.Context(), "a", "x", "0")
			if err != nil || c.Duplicate || c.Event.Prev != 0 {
				t.Errorf("afterwards: got %+v, %v, want the room's first message", c, err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cfg  store.Config
		want string
	}{
		"nothing":    {store.Config{}, "neither"},
		"durability": {store.Config{DataDir: t.TempDir(), Durability: "never"}, `"power" or "process"`},
		"scheme":     {store.Config{DatabaseURL: "mysql://u:secret@h/d"}, "must be postgres://"},
		"bad URL":    {store.Config{DatabaseURL: "postgres://u:secret@h:port/d"}, "can't be read"},
		"no server":  {store.Config{DatabaseURL: "postgres://u:secret@127.0.0.1:1/d?sslmode=disable"}, "127.0.0.1"},
	} {
		s, err := store.Open(t.Context(), tt.cfg)
		if err == nil {
			s.Close()
			t.Errorf("%s: Open: got no error", name)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %q, want it to say %q and not to tell the password", name, err, tt.want)
		}
	}
}

func TestOpenRefusesNewerSchema(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, sqliteBackend(store.Power))
	r.Restart(func() {
		r.Exec(`INSERT INTO migrations (version_id, is_applied) VALUES (99999, true)`)
		s, err := store.Open(t.Context(), r.Config())
		if err == nil {
			s.Close()
			t.Error("a database of a newer chatd was opened")
		} else if !strings.Contains(err.Error(), "newer") {
			t.Errorf("got %q, want it to say what is allowed", err)
		}
		r.Exec(`DELETE FROM migrations WHERE version_id = 99999`)
	})
}

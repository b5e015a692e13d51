package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/store/storetest"
)

// through puts a proxy between the store and the database. The suite's own connection
// stays direct.
func through(t *testing.T, p **proxy) storetest.Backend {
	b := postgresBackend(store.Power)
	direct := b.Config
	urls := make(map[string]string)
	b.Config = func(tb testing.TB) store.Config {
		cfg := direct(tb)
		px, u := newProxy(t, cfg.DatabaseURL)
		u += "&statement_timeout=0" // so that the server doesn't give up by itself
		urls[u], cfg.DatabaseURL, *p = cfg.DatabaseURL, u, px
		return cfg
	}
	sqlOf := b.SQL
	b.SQL = func(tb testing.TB, cfg store.Config) *sql.DB {
		cfg.DatabaseURL = urls[cfg.DatabaseURL]
		return sqlOf(tb, cfg)
	}
	return b
}

func impatient(c *store.Config) {
	c.UnknownAfter, c.CommitTimeout, c.DrainTimeout = 100*time.Millisecond, 2*time.Second, 2*time.Second
}

// killsEach is how many server processes may be ended for each change that is through.
// Without a bound a machine whose commits take longer than the killer's round would
// never commit anything.
const killsEach = 1

// TestPostgresBackendsKilled ends server processes while they commit. Authors repeat
// what failed, with its nonce: everything must be stored and announced once, in order.
func TestPostgresBackendsKilled(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, postgresBackend(store.Power))
	const authors, each = 8, 30
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	var stored atomic.Int64
	for a := range authors {
		wg.Go(func() {
			for i := range each {
				text := fmt.Sprintf("%d/%d", a, i)
				for {
					_, err := r.Post(t.Context(), "a", text, text)
					if err == nil {
						stored.Add(1)
						break
					}
					if !chat.IsKind(err, chat.Unavailable) || ctx.Err() != nil {
						t.Errorf("%s: got %v, want it stored or Unavailable", text, err)
						return
					}
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	kills := 0
	for over := false; !over; {
		select {
		case <-done:
			over = true
		case <-tick.C:
			if kills >= killsEach*int(stored.Load()+1) {
				continue
			}
			kills += r.Number(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = 'chatd' AND state = 'active' AND query LIKE '%chatd_append%'`)
		}
	}
	heard := r.Heard(authors * each)
	seen := make(map[string]bool)
	var last chat.Seq
	for _, e := range heard {
		if e.Prev != last {
			t.Fatalf("announced seq %d with prev %d after seq %d", e.Seq, e.Prev, last)
		}
		if last = e.Seq; seen[e.Message.Text] {
			t.Fatalf("%s was announced twice", e.Message.Text)
		}
		seen[e.Message.Text] = true
	}
	if n := r.Number(`SELECT count(*) FROM messages`); n != authors*each || len(seen) != n {
		t.Errorf("got %d messages stored and %d announced, want %d", n, len(seen), authors*each)
	}
	if kills == 0 {
		t.Error("no server process was killed")
	}
	t.Logf("%d server processes killed", kills)
}

// TestPostgresAnswerLost: the server commits, its answer is lost, and it is away for a while.
func TestPostgresAnswerLost(t *testing.T) {
	t.Parallel()
	var p *proxy
	r := storetest.Start(t, through(t, &p), impatient)
	if _, err := r.Post(t.Context(), "a", "before", "0"); err != nil {
		t.Fatal(err)
	}
	p.mute.Store(true)
	answers := make(chan error, 1)
	go func() {
		_, err := r.Post(t.Context(), "a", "lost", "1")
		answers <- err
	}()
	r.Eventually("messages committed", 2, `SELECT count(*) FROM messages`)
	p.away(true)
	if err := <-answers; !errors.Is(err, chat.ErrOutcomeUnknown) {
		t.Fatalf("got %v, want ErrOutcomeUnknown", err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; { // from here on it is known that the database is away
		if time.Now().After(deadline) {
			t.Fatal("Ping doesn't tell that the database is away")
		}
		_, err := r.Post(t.Context(), "a", "meanwhile", "2")
		if got := chat.CodeOf(err); got != "store_unavailable" {
			t.Fatalf("while the database is away: got %v, want store_unavailable", err)
		}
		if err := r.Store().Ping(t.Context()); chat.CodeOf(err) == "store_unavailable" {
			break
		}
	}
	if _, err := r.Store().Snapshot(t.Context(), "a", chat.SnapshotQuery{}); chat.CodeOf(err) != "store_unavailable" {
		t.Errorf("a read meanwhile: got %v, want store_unavailable", err)
	}
	if n := len(r.Heard(1)); n != 1 {
		t.Errorf("%d events were announced before the outcome is known, want 1", n)
	}
	p.away(false)
	if heard := r.Heard(2); heard[1].Message.Text != "lost" || heard[1].Prev != heard[0].Seq {
		t.Errorf("announced %+v, want the message whose answer was lost", heard[1])
	}
	c, err := postUntil(t, r, "lost", "1")
	if err != nil || !c.Duplicate {
		t.Errorf("the repeated post: got %+v, %v, want a duplicate", c, err)
	}
	if c, err := postUntil(t, r, "meanwhile", "2"); err != nil || c.Duplicate {
		t.Errorf("the refused post: got %+v, %v, want it stored now", c, err)
	}
}

// TestPostgresActAnswerLost: the server commits an act, its answer is lost, and the
// server is away for a while. The act is told by its events, and the request that is
// repeated hears what was kept.
func TestPostgresActAnswerLost(t *testing.T) {
	t.Parallel()
	var p *proxy
	r := storetest.Start(t, through(t, &p), impatient)
	c, err := r.Post(t.Context(), "a", "before", "0")
	if err != nil {
		t.Fatal(err)
	}
	late := make(chan chat.Enacted, 2)
	request := func() (chat.Enacted, error) {
		return r.EnactLate("key", func(e chat.Enacted) { late <- e }, chat.HideStep{Room: "a", IDs: []chat.MessageID{c.Event.Message.ID}})
	}
	// The commit takes its time, so that this side is deaf when its answer comes.
	r.Exec(`CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$`)
	r.Exec(`CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON acts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly()`)
	answers := make(chan error, 1)
	go func() {
		_, err := request()
		answers <- err
	}()
	r.Eventually("commits under way", 1, `SELECT count(*) FROM pg_stat_activity
		WHERE state = 'active' AND query ILIKE 'commit%' AND datname = current_database() AND pid <> pg_backend_pid()`)
	p.mute.Store(true)
	r.Eventually("acts committed", 1, `SELECT count(*) FROM acts`)
	p.away(true)
	if err := <-answers; !errors.Is(err, chat.ErrOutcomeUnknown) {
		t.Fatalf("got %v, want ErrOutcomeUnknown", err)
	}
	p.away(false)
	if heard := r.Heard(2); heard[1].Kind != chat.EventDeleted || heard[1].Prev != heard[0].Seq {
		t.Errorf("announced %+v, want the deletion whose answer was lost", heard[1])
	}
	select {
	case e := <-late: // before it was announced
		if e.Act.Pos == 0 || len(e.Act.Effects) != 1 {
			t.Errorf("the late word is of %+v, want the whole act", e.Act)
		}
	default:
		t.Error("who asked didn't hear that it was done after all")
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		e, err := request()
		if chat.CodeOf(err) == "store_unavailable" && time.Now().Before(deadline) {
			continue
		}
		if err != nil || e.Kept == nil {
			t.Errorf("the repeated request: got %+v, %v, want the kept answer", e, err)
		}
		break
	}
	if n := r.Number(`SELECT count(*) FROM acts`); n != 1 {
		t.Errorf("got %d acts, want 1", n)
	}
}

// TestPostgresKilledInDeed ends server processes in the middle of deeds: each happens
// whole and once, and the log's numbers go on.
func TestPostgresKilledInDeed(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, postgresBackend(store.Power))
	const deeds = 12
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var finished atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range deeds {
			for {
				title := fmt.Sprint(i)
				_, err := r.EnactKept(title, chat.SetStep{Room: "a", Patch: chat.SettingsPatch{Title: &title}})
				if err == nil {
					finished.Add(1)
					break
				}
				if !chat.IsKind(err, chat.Unavailable) || ctx.Err() != nil {
					t.Errorf("deed %d: got %v, want it done or Unavailable", i, err)
					return
				}
			}
		}
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	kills := 0
	for over := false; !over; {
		select {
		case <-done:
			over = true
		case <-tick.C:
			if kills >= killsEach*int(finished.Load()+1) {
				continue
			}
			kills += r.Number(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = 'chatd' AND xact_start < clock_timestamp() - interval '3 ms'
				AND (query LIKE '%chatd_op%' OR query LIKE '%acts%' OR query ILIKE 'commit%')`)
		}
	}
	heard := r.Heard(deeds)
	var last chat.Seq
	for i, e := range heard {
		if e.Prev != last || e.Settings.Title == nil || *e.Settings.Title != fmt.Sprint(i) {
			t.Fatalf("event %d: got %+v after seq %d", i, e, last)
		}
		last = e.Seq
	}
	if n := r.Number(`SELECT count(*) FROM acts`); n != deeds || len(heard) != deeds {
		t.Errorf("got %d acts and %d events, want %d", n, len(heard), deeds)
	}
	t.Logf("%d server processes killed", kills)
}

// postUntil repeats a post while the database is away.
func postUntil(t *testing.T, r *storetest.Running, text, nonce string) (chat.Committed, error) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		c, err := r.Post(t.Context(), "a", text, nonce)
		if chat.CodeOf(err) != "store_unavailable" || time.Now().After(deadline) {
			return c, err
		}
	}
}

// TestPostgresRequestLost: the statement never reaches the server.
func TestPostgresRequestLost(t *testing.T) {
	t.Parallel()
	var p *proxy
	r := storetest.Start(t, through(t, &p), func(c *store.Config) { c.CommitTimeout = 300 * time.Millisecond })
	if _, err := r.Post(t.Context(), "a", "before", "0"); err != nil {
		t.Fatal(err)
	}
	p.deaf.Store(true)
	answers := make(chan error, 1)
	go func() {
		_, err := r.Post(t.Context(), "a", "lost", "1")
		answers <- err
	}()
	r.Eventually("appends waiting", 0, `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%chatd_append(%' AND pid <> pg_backend_pid() AND datname = current_database()`)
	time.AfterFunc(400*time.Millisecond, func() { p.away(false) })
	if err := <-answers; chat.CodeOf(err) != "store_unavailable" {
		t.Fatalf("got %v, want store_unavailable: it surely isn't stored", err)
	}
	if c, err := postUntil(t, r, "lost", "1"); err != nil || c.Duplicate {
		t.Errorf("repeated: got %+v, %v, want it stored", c, err)
	}
	if n := len(r.Room("a").Messages); n != 2 {
		t.Errorf("got %d messages, want 2", n)
	}
}

// TestPostgresFence: an append that was given up may still reach the server. Once its
// outcome was looked up and not found, it must not happen any more.
func TestPostgresFence(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, postgresBackend(store.Power))
	appendBatch := func(n int) (outcome string, err error) {
		frame := fmt.Sprintf(`{"batch": "b%d", "writer": "w", "n": %d, "now": 9999999999999, "nonces_after": 0, "defaults": {}}`, n, n)
		ops := fmt.Sprintf(`[{"op": "post", "room": "a", "by": "u:ann", "at": 1, "step": 1, "id": "m%d", "author": "u:ann", "posted": 1}]`, n)
		err = r.SQL().QueryRow(`SELECT chatd_append($1, $2)`, frame, ops).Scan(&outcome)
		return outcome, err
	}
	resolve := func(n int) (outcome string) {
		t.Helper()
		if err := r.SQL().QueryRow(`SELECT chatd_resolve('w', $1, 9999999999999)`, n).Scan(&outcome); err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	first, err := appendBatch(1)
	if got := resolve(1); err != nil || got != first || !strings.Contains(got, `"seq"`) {
		t.Errorf("a batch that committed: got %q, %v, want its outcome, %q", got, err, first)
	}
	if got := resolve(2); got != "" {
		t.Errorf("a batch that didn't come: got %q, want none", got)
	}
	for _, late := range []int{1, 2} {
		if _, err := appendBatch(late); err == nil || !strings.Contains(err.Error(), "void") {
			t.Errorf("batch %d, late: got %v, want it void", late, err)
		}
	}
	if _, err := appendBatch(3); err != nil {
		t.Errorf("the next batch: %v", err)
	}
	if _, err := appendBatch(2); err == nil {
		t.Error("a batch that was void came in after its successor")
	}
	if n := r.Number(`SELECT count(*) FROM messages`); n != 2 {
		t.Errorf("got %d messages, want those of batches 1 and 3", n)
	}
}

// TestPostgresLockHeld: a server that can't take the lock in time says so itself.
func TestPostgresLockHeld(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, postgresBackend(store.Power), func(c *store.Config) { c.CommitTimeout = 300 * time.Millisecond })
	tx, err := r.SQL().Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`SELECT chatd_lock()`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Post(t.Context(), "a", "x", "1"); chat.CodeOf(err) != "store_unavailable" {
		t.Errorf("got %v, want store_unavailable", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if c, err := postUntil(t, r, "x", "1"); err != nil || c.Duplicate {
		t.Errorf("afterwards: got %+v, %v, want it stored", c, err)
	}
}

func TestPostgresStopWhileAway(t *testing.T) {
	t.Parallel()
	var p *proxy
	r := storetest.Start(t, through(t, &p), impatient, func(c *store.Config) { c.DrainTimeout = 300 * time.Millisecond })
	if _, err := r.Post(t.Context(), "a", "before", "0"); err != nil {
		t.Fatal(err)
	}
	p.mute.Store(true)
	answers := make(chan error, 1)
	go func() {
		_, err := r.Post(t.Context(), "a", "lost", "1")
		answers <- err
	}()
	r.Eventually("messages committed", 2, `SELECT count(*) FROM messages`)
	p.away(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.StopBadly()
	}()
	if err := <-answers; !chat.IsKind(err, chat.Unavailable) {
		t.Errorf("got %v, want Unavailable", err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("Run doesn't return while the database is away")
	}
}

// TestPostgresTimeline: after a failover acknowledged messages may be missing.
func TestPostgresTimeline(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, postgresBackend(store.Power))
	was, err := r.Post(t.Context(), "a", "x", "0")
	if err != nil {
		t.Fatal(err)
	}
	r.Exec(`UPDATE meta SET value = '000000FE' WHERE name = 'timeline'`)
	now, err := r.Post(t.Context(), "a", "y", "1")
	if err != nil || now.Event.Epoch == was.Event.Epoch || now.Event.Epoch != r.Room("a").Room.Epoch {
		t.Errorf("on a new timeline: got epoch %q after %q, %v, want another one, and the room in it", now.Event.Epoch, was.Event.Epoch, err)
	}
	again, err := r.Post(t.Context(), "a", "z", "2")
	if err != nil || again.Event.Epoch != now.Event.Epoch {
		t.Errorf("then: got epoch %q, %v, want %q to stay", again.Event.Epoch, err, now.Event.Epoch)
	}
	r.Restart(func() { r.Exec(`UPDATE meta SET value = 'elsewhere' WHERE name = 'cluster'`) })
	if got := r.Room("a").Room.Epoch; got == now.Event.Epoch {
		t.Errorf("after a move to another cluster: got epoch %q as before", got)
	}
}

// TestPostgresRestored: a dump that is put back in its place makes the tables anew.
func TestPostgresRestored(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, postgresBackend(store.Power))
	was := r.Room("a").Room.Epoch
	r.Restart(func() {})
	if got := r.Room("a").Room.Epoch; got != was {
		t.Errorf("after a restart: got epoch %q, want %q to stay", got, was)
	}
	r.Restart(func() {
		r.Exec(`ALTER TABLE meta RENAME TO dumped`)
		r.Exec(`CREATE TABLE meta (LIKE dumped INCLUDING ALL)`)
		r.Exec(`INSERT INTO meta SELECT * FROM dumped`)
		r.Exec(`DROP TABLE dumped`)
	})
	if got := r.Room("a").Room.Epoch; got == was {
		t.Errorf("after a dump was restored: got epoch %q as before", got)
	}
}

// TestPostgresTwoNodes: nodes that share a database number one log.
func TestPostgresTwoNodes(t *testing.T) {
	t.Parallel()
	backend := postgresBackend(store.Power)
	one := storetest.Start(t, backend)
	shared := backend
	shared.Config = func(testing.TB) store.Config { return one.Config() }
	two := storetest.Start(t, shared)
	const each = 60
	var wg sync.WaitGroup
	for _, r := range []*storetest.Running{one, two} {
		for w := range 4 {
			wg.Go(func() {
				for i := range each {
					if _, err := r.Post(t.Context(), "a", "x", fmt.Sprintf("%p/%d/%d", r, w, i)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	next := make(map[chat.Seq]chat.Event) // by Prev
	for _, e := range append(one.Heard(4*each), two.Heard(4*each)...) {
		next[e.Prev] = e
	}
	var seq chat.Seq
	var pos chat.Pos
	for range 8 * each {
		e, ok := next[seq]
		if !ok || e.Pos <= pos {
			t.Fatalf("after seq %d, pos %d: got %+v, want the event that names it as prev, with a later pos", seq, pos, e)
		}
		seq, pos = e.Seq, e.Pos
	}
}

func TestPostgresExclusive(t *testing.T) {
	t.Parallel()
	fast := func(c *store.Config) { c.Exclusive, c.Lease, c.Node = true, 2*time.Second, "node one" }
	r := storetest.Start(t, postgresBackend(store.Power), fast)
	refused := func(cfg store.Config) {
		t.Helper()
		s, err := store.Open(t.Context(), cfg)
		if err == nil {
			s.Close()
			t.Fatal("a second node opened the database of one that is alone")
		}
		for _, want := range []string{"node one", "2", "Redis", "stop the other"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want it to say %q", err, want)
			}
		}
	}
	second := r.Config()
	second.Node = "node two"
	refused(second)
	second.Exclusive = false
	refused(second)
	r.Stop()
	r.Exec(`INSERT INTO nodes (id, name, alone, started_at, expires_at)
		VALUES ('dead', 'dead node', true, 0, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 200)`)
	s, err := store.Open(t.Context(), second)
	if err != nil {
		t.Fatalf("after the first was closed and another died: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := r.Number(`SELECT count(*) FROM nodes`); n != 0 {
		t.Errorf("got %d leases after all were closed", n)
	}
}

// TestPostgresMigrationWaits: a node that may not use the database doesn't change it.
func TestPostgresMigrationWaits(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, postgresBackend(store.Power), func(c *store.Config) {
		c.Exclusive, c.Lease, c.Node = true, 2*time.Second, "node one"
	})
	r.Exec(`DELETE FROM migrations WHERE version_id = (SELECT max(version_id) FROM migrations)`)
	r.Exec(`CREATE TABLE before AS SELECT max(version_id) AS version FROM migrations`)
	s, err := store.Open(t.Context(), r.Config())
	if err == nil {
		s.Close()
		t.Fatal("a second node opened the database of one that is alone")
	}
	if !strings.Contains(err.Error(), "node one") {
		t.Errorf("got %v, want it to name the node that is in the way, before any migration", err)
	}
	if n := r.Number(`SELECT count(*) FROM migrations, before WHERE version_id > version`); n != 0 {
		t.Error("a migration was run below a node that lives")
	}
}

func TestPostgresLeaseLost(t *testing.T) {
	t.Parallel()
	cfg := postgresBackend(store.Power).Config(t)
	cfg.Exclusive, cfg.Lease = true, 150*time.Millisecond
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db := open(t, "pgx", cfg.DatabaseURL)
	defer db.Close()
	if _, err := db.Exec(`DELETE FROM nodes`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO nodes (id, name, alone, started_at, expires_at) VALUES ('x', 'usurper', true, 0, 99999999999999)`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Run(ctx); err == nil || !strings.Contains(err.Error(), "usurper") {
		t.Errorf("Run: got %v, want an error that names the node that took over", err)
	}
}

// TestPostgresSynchronousCommit: the server's own default, which TestMain sets to off,
// would lose what was acknowledged.
func TestPostgresSynchronousCommit(t *testing.T) {
	t.Parallel()
	for d, want := range map[store.Durability]string{store.Power: "on", store.Process: "local"} {
		r := storetest.Start(t, postgresBackend(d))
		got, err := r.Store().WriterSetting(t.Context(), "synchronous_commit")
		if err != nil || got != want {
			t.Errorf("%s: synchronous_commit is %q, %v, want %q", d, got, err, want)
		}
	}
}

package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/store/storetest"
)

// BenchmarkAppend measures stored posts, end to end through the committer, over 20 rooms.
// "one" waits for each before the next, "five" and "twenty" come in bursts of so many, and
// "many" keeps 1,024 in flight. What indexing for search costs, which goes on afterwards,
// is reported on its own; "paced" has 40 posts a second and both in one.
func BenchmarkAppend(b *testing.B) {
	for _, x := range []struct {
		name    string
		backend storetest.Backend
	}{
		{"sqlite/power", sqliteBackend(store.Power)},
		{"sqlite/process", sqliteBackend(store.Process)},
		{"postgres/power", postgresBackend(store.Power)},
		{"postgres/process", postgresBackend(store.Process)},
	} {
		for _, way := range []way{
			{name: "one", depth: 1}, {name: "five", depth: 5}, {name: "twenty", depth: 20}, {name: "many", depth: 1024},
			{name: "paced", depth: 1, every: 25 * time.Millisecond},
		} {
			b.Run(x.name+"/"+way.name, func(b *testing.B) { benchmarkAppend(b, x.backend, way) })
		}
	}
}

// way is how posts come in.
type way struct {
	name  string
	depth int           // how many are stored at once; up to 255 of them come together
	every time.Duration // between two; 0: as fast as they are stored
	rooms int           // 0: 20
}

func benchmarkAppend(b *testing.B, backend storetest.Backend, w way) {
	cfg := backend.Config(b)
	var commits commitCounter
	cfg.Bell = &commits
	s, err := store.Open(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	db := backend.SQL(b, cfg)
	defer db.Close()

	before := cpuTime()
	postAll(ctx, b, s, w)
	b.StopTimer()
	b.ReportMetric(perPost(b, before), "cpu-µs/post")
	indexed := cpuTime()
	untilIndexed(b, db)
	if w.every > 0 {
		b.ReportMetric(perPost(b, before), "cpu-µs/post")
	} else {
		b.ReportMetric(perPost(b, indexed), "index-µs/post")
	}
	stop()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	if err := s.Close(); err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(b.N)/float64(commits.n), "posts/commit")
}

// commitCounter hears of each commit once.
type commitCounter struct {
	chat.Bell

	n int
}

func (c *commitCounter) Announce(context.Context, []chat.Event) { c.n++ }

// postAll stores b.N posts.
func postAll(ctx context.Context, b *testing.B, s *store.Store, w way) {
	if w.rooms == 0 {
		w.rooms = 20
	}
	burst := w.depth
	if burst > 255 {
		burst = 1 // they gather while others are stored
	}
	var ticks <-chan time.Time
	if w.every > 0 {
		t := time.NewTicker(w.every)
		defer t.Stop()
		ticks = t.C
	}
	slots := make(chan struct{}, w.depth)
	var wg sync.WaitGroup
	for i := 0; b.Loop(); i++ {
		if ticks != nil {
			<-ticks
		}
		if burst > 1 && i%burst == 0 {
			wg.Wait()
		}
		slots <- struct{}{}
		wg.Add(1)
		s.Append(ctx, benchmarkPost(i, w.rooms), func(_ chat.Committed, err error) {
			if err != nil {
				b.Error(err)
			}
			<-slots
			wg.Done()
		})
	}
	wg.Wait()
}

// perPost is the processor time since then for each post, in microseconds.
func perPost(b *testing.B, since time.Duration) float64 {
	return float64((cpuTime() - since).Microseconds()) / float64(b.N)
}

// untilIndexed waits until search knows of all that is stored.
func untilIndexed(b *testing.B, db *sql.DB) {
	for left := 1; left > 0; time.Sleep(10 * time.Millisecond) {
		err := db.QueryRow(`SELECT n.pos - c.pos FROM counters n, cursors c WHERE c.name = 'search' AND c.shard = 0`).Scan(&left)
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkPost(i, rooms int) chat.Change {
	now := time.Now()
	id := uuid.Must(uuid.NewV7()).String()
	return chat.Change{Room: chat.RoomID(fmt.Sprint("room", i%rooms)), By: "u:ann", At: now, Op: chat.Post{
		Nonce: id,
		Message: chat.Message{
			ID: chat.MessageID(id), Author: chat.Author{ID: "u:ann", Name: "Ann", Role: chat.RoleUser}, At: now,
			Text: "a message of the usual length, some sixty characters or so", Plain: "the same",
		},
	}}
}

// BenchmarkSnapshot measures what a join reads: the room and its last 100 messages.
func BenchmarkSnapshot(b *testing.B) {
	for name, backend := range map[string]storetest.Backend{
		"sqlite": sqliteBackend(store.Process), "postgres": postgresBackend(store.Power),
	} {
		b.Run(name, func(b *testing.B) { benchmarkSnapshot(b, backend) })
	}
}

func benchmarkSnapshot(b *testing.B, backend storetest.Backend) {
	s, err := store.Open(b.Context(), backend.Config(b))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	for i := range 4000 {
		s.Append(ctx, benchmarkPost(i, 20), func(chat.Committed, error) {})
	}
	stop()
	if err := s.Run(ctx); err != nil { // commits what is queued
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Snapshot(b.Context(), "room1", chat.SnapshotQuery{Messages: 100, Viewer: "u:ann"}); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Error(err)
	}
}

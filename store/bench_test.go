package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/store/storetest"
)

// BenchmarkAppend measures stored posts, end to end through the committer. "one" waits
// for each before the next; "many" keeps 1,024 in flight over 20 rooms.
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
		for _, way := range []struct {
			name  string
			depth int
		}{{"one", 1}, {"many", 1024}} {
			b.Run(x.name+"/"+way.name, func(b *testing.B) { benchmarkAppend(b, x.backend, way.depth) })
		}
	}
}

func benchmarkAppend(b *testing.B, backend storetest.Backend, depth int) {
	cfg := backend.Config(b)
	s, err := store.Open(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()

	slots := make(chan struct{}, depth)
	var wg sync.WaitGroup
	for i := 0; b.Loop(); i++ {
		slots <- struct{}{}
		wg.Add(1)
		s.Append(ctx, benchmarkPost(i), func(_ chat.Committed, err error) {
			if err != nil {
				b.Error(err)
			}
			<-slots
			wg.Done()
		})
	}
	wg.Wait()
	b.StopTimer()
	stop()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	if err := s.Close(); err != nil {
		b.Error(err)
	}
	db := backend.SQL(b, cfg)
	defer db.Close()
	var commits float64
	if err := db.QueryRow(`SELECT max(n) FROM batches`).Scan(&commits); err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(b.N)/commits, "posts/commit")
}

func benchmarkPost(i int) chat.Change {
	now := time.Now()
	id := uuid.Must(uuid.NewV7()).String()
	return chat.Change{Room: chat.RoomID(fmt.Sprint("room", i%20)), By: "u:ann", At: now, Op: chat.Post{
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
		s.Append(ctx, benchmarkPost(i), func(chat.Committed, error) {})
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

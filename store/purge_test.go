package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/store/storetest"
)

// BenchmarkPurge measures how long a purge of 5,000 messages in 20 rooms takes, and its undoing, while
// as many of others lie between; the committer does nothing else meanwhile.
func BenchmarkPurge(b *testing.B) {
	for name, backend := range map[string]storetest.Backend{
		"sqlite": sqliteBackend(store.Power), "postgres": postgresBackend(store.Power),
	} {
		for way, undo := range map[string]bool{"purge": false, "undo": true} {
			b.Run(name+"/"+way, func(b *testing.B) { benchmarkPurge(b, backend, undo) })
		}
	}
}

func benchmarkPurge(b *testing.B, backend storetest.Backend, undo bool) {
	s, err := store.Open(b.Context(), backend.Config(b))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	posted := make(chan error, 10_000)
	for i := range 10_000 {
		c := benchmarkPost(i/2, 20)
		if i%2 == 0 {
			p := c.Op.(chat.Post)
			p.Message.Author.ID = "g:raider"
			c.Op = p
		}
		s.Append(ctx, c, func(_ chat.Committed, err error) { posted <- err })
	}
	for range cap(posted) {
		if err := <-posted; err != nil {
			b.Fatal(err)
		}
	}
	enact := func(step chat.Step) chat.Enacted {
		done := make(chan chat.Enacted, 1)
		a := chat.Act{ID: chat.ActID(uuid.Must(uuid.NewV7()).String()), By: "s:mod", Kind: chat.ActPurge}
		s.Enact(ctx, chat.Deed{Act: a, Steps: []chat.Step{step}}, func(e chat.Enacted, err error) {
			if err != nil {
				b.Error(err)
			}
			done <- e
		})
		return <-done
	}
	for b.Loop() {
		if undo {
			b.StopTimer()
		}
		purged := enact(chat.PurgeStep{Authors: []chat.UserID{"g:raider"}})
		if n := len(purged.Events); n != 20 {
			b.Errorf("got %d events, want one a room", n)
		}
		if undo {
			b.StartTimer()
		} else {
			b.StopTimer()
		}
		enact(chat.UndoStep{ID: purged.Act.ID})
		b.StartTimer()
	}
	stop()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	if err := s.Close(); err != nil {
		b.Error(fmt.Errorf("close: %w", err))
	}
}

package ws

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestBacklogMakesWritersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backlog
		const writers = 100
		var through atomic.Int64
		var all sync.WaitGroup
		start := func() {
			for range writers {
				all.Go(func() {
					if b.wait(t.Context(), time.Second) {
						through.Add(1)
					}
				})
			}
			synctest.Wait()
		}
		b.add(backlogFull)
		start()
		if n := through.Load(); n != writers {
			t.Fatalf("%d of %d went on while there was room", n, writers)
		}
		b.add(1)
		start()
		b.sub(backlogFull - backlogClear)
		synctest.Wait()
		if n := through.Load(); n != writers {
			t.Fatalf("%d went on while the backlog was full", n-writers)
		}
		b.sub(1)
		synctest.Wait()
		if n := through.Load(); n != 2*writers {
			t.Errorf("%d of %d went on when it had cleared", n-writers, writers)
		}
		all.Wait()
	})
}

func TestWaitingForABacklogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backlog
		b.add(backlogFull + 1)
		begin := time.Now()
		if b.wait(t.Context(), 2*time.Second) || time.Since(begin) != 2*time.Second {
			t.Errorf("it waited for %s, want 2 s and in vain", time.Since(begin))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		if b.wait(ctx, time.Minute) || time.Since(begin) != time.Second {
			t.Errorf("it waited for %s, want until ctx has ended", time.Since(begin))
		}
		b.sub(backlogFull + 1)
		if !b.wait(ctx, time.Second) {
			t.Error("it is full although everything was taken off")
		}
	})
}

// However adding and taking off fall together, an empty backlog makes nobody wait.
func TestAnEmptyBacklogIsOpen(t *testing.T) {
	for range 200 {
		var b backlog
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 20 {
					b.add(backlogFull)
					b.sub(backlogFull)
				}
			})
		}
		all.Wait()
		if b.shut.Load() {
			t.Fatal("it is empty, and full")
		}
	}
}

func TestRoomsWithoutReadersNeverWait(t *testing.T) {
	s := &Server{}
	s.rooms.init(s)
	if !s.WaitBacklog(t.Context(), "nobody", time.Hour) {
		t.Error("a room without readers makes writers wait")
	}
}

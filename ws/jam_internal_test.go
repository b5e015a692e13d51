package ws

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chatd/chatd/chat"
)

// TestJamMakesWritersWait: a few who are behind keep nobody from writing, many do for a moment.
func TestJamMakesWritersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		s.rooms.init(s)
		rm := newRoom(s, "r")
		s.rooms.m["r"] = rm
		waited := func() time.Duration {
			t.Helper()
			start := time.Now()
			if !s.WaitBacklog(t.Context(), "r", 2*time.Second) {
				t.Error("a writer is refused")
			}
			return time.Since(start)
		}
		rm.jam.readers.Store(800)
		for range 100 {
			rm.jam.add()
		}
		if d := waited(); d > 0 {
			t.Errorf("waited %s for 100 of 800, want not at all", d)
		}
		rm.jam.add()
		if d := waited(); d != jamWait {
			t.Errorf("waited %s for 101 of 800, want %s", d, jamWait)
		}
		time.AfterFunc(10*time.Millisecond, func() {
			for range 50 {
				rm.jam.sub()
			}
		})
		time.AfterFunc(20*time.Millisecond, rm.jam.sub)
		if d := waited(); d != 20*time.Millisecond {
			t.Errorf("waited %s until 50 of 800 were left, want 20ms", d)
		}
		rm.jam.readers.Store(10)
		for rm.jam.behind.Load() > 0 {
			rm.jam.sub()
		}
		for range jamFew {
			rm.jam.add()
		}
		if d := waited(); d > 0 {
			t.Errorf("waited %s in a small room for %d, want not at all", d, jamFew)
		}
	})
}

// TestWhoIsBehind counts readers who are behind, until they have caught up or are gone.
func TestWhoIsBehind(t *testing.T) {
	for _, end := range []string{"reads", "leaves", "is ended", "doesn't read"} {
		t.Run(end, func(t *testing.T) {
			l := Limits{QueueBytes: 4 << 20, Linger: time.Second}.withDefaults()
			r, rm, client := loneReader(t, &l)
			c := r.session.out
			for n := 1; rm.jam.behind.Load() == 0; n++ {
				if c.ended() {
					t.Fatal("who falls behind isn't counted")
				}
				rm.sayBytes(100<<10, chat.Seq(n))
				c.mu.Lock()
				c.tookAt = time.Now() // it reads, however slow this machine is
				c.mu.Unlock()
				r.flush()
			}
			if c.ended() {
				t.Fatal("who is behind has lost their place already")
			}
			switch end {
			case "reads":
				go func() { _, _ = io.Copy(io.Discard, client) }()
			case "leaves":
				r.cut(nil)
			case "is ended":
				c.end(farewell{})
			case "doesn't read":
				c.mu.Lock()
				c.tookAt = time.Time{} // nothing was taken lately
				c.mu.Unlock()
				r.flush()
			}
			late := time.After(10 * time.Second)
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for rm.jam.behind.Load() != 0 {
				select {
				case <-tick.C:
				case <-late:
					t.Fatalf("got %d behind, want none", rm.jam.behind.Load())
				}
			}
			c.end(farewell{})
			client.Close()
			c.finish()
		})
	}
}

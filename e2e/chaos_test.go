package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chatd/chatd/client"
)

// TestChaos cuts 8 publishers and 50 readers at random moments, each about once a
// second for a minute: every reader sees every acknowledged message once and in order,
// and ends with the view of a newcomer, edits and deletions included.
func TestChaos(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db)
		all := &lines{spec: p.spec}
		writers := &crowd{room: "chaos", meddle: true}
		for i := range 8 {
			o := client.Options{Token: user(t, fmt.Sprintf("writer-%d", i)), Dial: all.dial}
			writers.clients = append(writers.clients, p.dial(t, o))
		}
		var readers []*reader
		for range sized(20, 50) {
			readers = append(readers, follow(t, p.dial(t, client.Options{Dial: all.dial}), "chaos"))
		}
		publish(t, writers, sized(60, 100))

		cuts := cutEverything(all, sized(8*time.Second, time.Minute))

		writers.halt()
		v := fullView(t, p, "chaos")
		writers.stored(t, v)
		acks := writers.acknowledged()
		for _, r := range readers {
			r.reaches(t, v.Seq)
			r.saw(t, acks, writers.gone)
			r.sameView(t, v)
		}
		t.Logf("%d cuts, %d acknowledged messages, %d left, %d readers, seq %d",
			cuts, len(acks), len(v.Messages()), len(readers), v.Seq)
		if cuts < 50 {
			t.Errorf("got %d cuts, want enough to show something", cuts)
		}
	})
}

// cutEverything cuts each connection about once a second, at no particular moment.
func cutEverything(l *lines, for_ time.Duration) (cuts int) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	end := time.After(for_)
	for {
		select {
		case <-end:
			return cuts
		case <-tick.C:
			cuts += l.cut(0.05)
		}
	}
}

// TestBeyondTheWindow shows that a reader which missed more than 1,000 events is told
// so and gets the fresh state, and that one which missed 1,000 recovers them.
func TestBeyondTheWindow(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db)
		writer := p.dial(t, client.Options{Token: user(t, "ann")})
		j := join(t, writer, "busy")
		b := p.bare(t, "/ws", "")
		since := func(epoch string, seq int64) map[string]any {
			b.done("join", map[string]any{"room": "busy", "since": map[string]any{"epoch": epoch, "seq": seq}})
			return b.next("joined")
		}
		first := post(t, writer, "busy", "the first")

		writeMany(t, p, "busy", 1000)
		if got := since(j.Epoch, first.Seq); got["recovered"] != true || got["replay"] != 1000.0 {
			t.Errorf("1,000 events behind: got recovered %v with %v, want 1,000 recovered", got["recovered"], got["replay"])
		}
		for range 1000 {
			b.next("message")
		}
		writeMany(t, p, "busy", 1)
		b.next("message") // before it is told, a reader may as well have come a moment earlier
		got := since(j.Epoch, first.Seq)
		if history, _ := got["history"].([]any); got["recovered"] != false || len(history) != 100 {
			t.Errorf("1,001 events behind: got recovered %v and %d messages, want the fresh state with 100", got["recovered"], len(history))
		}
		if got := since("another", first.Seq); got["recovered"] != false {
			t.Error("another epoch: got recovered, want the fresh state")
		}
		if got := since(j.Epoch, int64(got["seq"].(float64))+1000); got["recovered"] != false {
			t.Error("ahead of the log: got recovered, want the fresh state")
		}
	})
}

// TestAwayTooLong is the same through the client: it surfaces the fresh state.
func TestAwayTooLong(t *testing.T) {
	p := start(t, sqlite)
	l, gate := &lines{spec: p.spec}, make(chan struct{})
	var dials atomic.Int32
	c := p.dial(t, client.Options{Dial: func(ctx context.Context, url string, h http.Header) (client.Conn, error) {
		if dials.Add(1) > 1 { // the way back is barred until the gate opens
			select {
			case <-gate:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return l.dial(ctx, url, h)
	}})
	r := follow(t, c, "busy")
	l.cut(1)
	writer := p.dial(t, client.Options{Token: user(t, "ann")})
	join(t, writer, "busy")
	writeMany(t, p, "busy", 1001)
	end := post(t, writer, "busy", "the last")

	close(gate)

	eventually(t, 20*time.Second, "the fresh state comes", func() bool { at, _ := r.at(); return at >= end.Seq })
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := len(r.view.Messages()); r.fresh != 1 || got != 100 {
		t.Errorf("got %d fresh states and %d messages, want 1 and 100", r.fresh, got)
	}
}

// writeMany posts n messages, by so many clients that none is too fast for a connection.
func writeMany(t *testing.T, p *program, room string, n int) {
	t.Helper()
	var wg sync.WaitGroup
	work := make(chan int)
	for i := range 8 {
		c := p.dial(t, client.Options{Token: user(t, fmt.Sprintf("writer-%d", i))})
		join(t, c, room)
		wg.Go(func() {
			for i := range work {
				if _, err := c.Post(within(t, 30*time.Second), room, fmt.Sprintf("message %d", i), client.PostOptions{}); err != nil {
					t.Errorf("post %d: %v", i, err)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
}

package e2e

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/client"
)

// TestChurn opens and closes connections, half of them without a goodbye: no session,
// presence entry, goroutine or file descriptor is left behind.
func TestChurn(t *testing.T) {
	p := start(t, sqlite)
	watcher := p.dial(t, client.Options{})
	join(t, watcher, "door")
	churn(t, p, 50) // what a first use makes once
	eventually(t, 20*time.Second, "the first are gone", func() bool { return present(t, watcher) == 1 })
	files, goroutines := p.files(), p.metric(t, "go_goroutines")

	cycles := sized(1500, 10_000)
	began := time.Now()
	churn(t, p, cycles)
	took := time.Since(began)

	eventually(t, 30*time.Second, "nobody is left in the room", func() bool { return present(t, watcher) == 1 })
	eventually(t, 30*time.Second, "no session is left", func() bool {
		return p.metric(t, "chatd_connections") == 1 && p.metric(t, `chatd_sessions{protocol="v1"}`) == 1
	})
	eventually(t, 30*time.Second, "no file descriptor is left", func() bool { return p.files() <= files+slack })
	eventually(t, 30*time.Second, "no goroutine is left", func() bool { return p.metric(t, "go_goroutines") <= goroutines+slack })
	t.Logf("%d cycles in %v; files %d before, %d after; goroutines %d before, %d after; RSS %d KiB",
		cycles, took.Round(time.Millisecond), files, p.files(), goroutines, p.metric(t, "go_goroutines"), p.proc("VmRSS"))
}

// slack is what the pool of connections to the database and the metrics' own requests
// may take more at one time than at another; a leak takes as much with every cycle.
const slack = 10

// churn opens connections and ends them, some at a time.
func churn(t *testing.T, p *program, cycles int) {
	t.Helper()
	var wg sync.WaitGroup
	work := make(chan int)
	for range 16 {
		wg.Go(func() {
			for i := range work {
				if err := p.visit(t, i); err != nil {
					t.Errorf("cycle %d: %v", i, err)
				}
			}
		})
	}
	for i := range cycles {
		work <- i
	}
	close(work)
	wg.Wait()
}

// visit joins and goes: with a goodbye, without, or in the middle of joining.
func (p *program) visit(t *testing.T, i int) error {
	l := &lines{spec: p.spec}
	c, err := client.Dial(t.Context(), client.Options{
		URL: "ws://" + p.addr + "/ws", Name: fmt.Sprintf("visitor %d", i%20), Dial: l.dial,
		Backoff: client.Backoff{Min: time.Hour, Max: time.Hour},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	ctx := within(t, 20*time.Second)
	if i%3 != 0 {
		_, err = c.Join(ctx, "door")
	}
	if i%2 == 0 {
		l.cut(1)
	}
	if errors.Is(err, client.ErrClosed) {
		err = nil
	}
	return err
}

// present counts who is in the room door.
func present(t *testing.T, c *client.Client) int {
	t.Helper()
	m, err := c.Members(within(t, 20*time.Second), "door", 1)
	if err != nil {
		t.Fatalf("members: %v", err)
	}
	return m.Count
}

// metric reads a number out of /metrics.
func (p *program) metric(t *testing.T, name string) int {
	t.Helper()
	status, body := p.get("/metrics")
	n := number(t, body, name)
	if status != 200 || n < 0 {
		t.Fatalf("/metrics answers %d and has no %s", status, name)
	}
	return n
}

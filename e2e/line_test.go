package e2e

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/client"
)

// lines are the connections of some clients: every frame on them is held against the
// spec, and a test may cut them.
type lines struct {
	spec *ledger

	mu   sync.Mutex
	open map[*line]struct{}
}

// line is one connection. One goroutine reads, another one writes.
type line struct {
	client.Conn
	of *lines
	x  *exchange
}

func (l *lines) dial(ctx context.Context, url string, h http.Header) (client.Conn, error) {
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	c, err := client.Network(hc)(ctx, url, h)
	if err != nil {
		return nil, err
	}
	n := &line{Conn: c, of: l, x: l.spec.exchange()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[*line]struct{}{}
	}
	l.open[n] = struct{}{}
	return n, nil
}

func (n *line) Read(ctx context.Context) ([]byte, error) {
	b, err := n.Conn.Read(ctx)
	if err == nil {
		n.x.received(b)
	}
	return b, err
}

func (n *line) Write(ctx context.Context, b []byte) error {
	n.x.sent(b)
	return n.Conn.Write(ctx, b)
}

func (n *line) Abort() error {
	n.of.mu.Lock()
	delete(n.of.open, n)
	n.of.mu.Unlock()
	return n.Conn.Abort()
}

// cut drops each open connection with this probability.
func (l *lines) cut(probability float64) (n int) {
	var doomed []*line
	l.mu.Lock()
	for c := range l.open {
		if rand.Float64() < probability {
			doomed = append(doomed, c)
		}
	}
	l.mu.Unlock()
	for _, c := range doomed {
		_ = c.Abort() // what counts is that it is gone
	}
	return len(doomed)
}

// ctxFor bounds what a test waits for by its own deadline less a margin.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// quick makes reconnects fast enough for tests.
var quick = client.Backoff{Min: 20 * time.Millisecond, Max: 300 * time.Millisecond}

// dial connects a client to the program; it is closed with the test.
func (p *program) dial(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	c, err := p.tryDial(t, o)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (p *program) tryDial(t *testing.T, o client.Options) (*client.Client, error) {
	t.Helper()
	if o.URL == "" {
		o.URL = "ws://" + p.addr + "/ws"
	}
	if o.Dial == nil {
		o.Dial = (&lines{spec: p.spec}).dial
	}
	if o.Backoff == (client.Backoff{}) {
		o.Backoff = quick
	}
	return client.Dial(within(t, 20*time.Second), o)
}

// join joins a room, or fails the test.
func join(t *testing.T, c *client.Client, room string) client.Joined {
	t.Helper()
	j, err := c.Join(within(t, 20*time.Second), room)
	if err != nil {
		t.Fatalf("join %s: %v", room, err)
	}
	return j
}

// post posts, or fails the test.
func post(t *testing.T, c *client.Client, room, text string) client.Ack {
	t.Helper()
	a, err := c.Post(within(t, 20*time.Second), room, text, client.PostOptions{})
	if err != nil {
		t.Fatalf("post %q: %v", text, err)
	}
	return a
}

// await returns the next event that is an E, and skips others.
func await[E client.Event](t *testing.T, c *client.Client) E {
	t.Helper()
	ctx := within(t, 20*time.Second)
	for {
		e, err := c.Next(ctx)
		if err != nil {
			var want E
			t.Fatalf("waiting for a %T: %v", want, err)
		}
		if v, ok := e.(E); ok {
			return v
		}
	}
}

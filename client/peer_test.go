package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errCut = errors.New("cut")

// server is the other end of a Client's connections; a test plays its part.
type server struct {
	t     *testing.T
	peers chan *peer
	mu    sync.Mutex
	fail  []error // what the next dials return
	dials int
}

func newServer(t *testing.T) *server { return &server{t: t, peers: make(chan *peer, 8)} }

func (s *server) dial(ctx context.Context, url string, h http.Header) (Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	if len(s.fail) > 0 {
		err := s.fail[0]
		s.fail = s.fail[1:]
		return nil, err
	}
	p := &peer{t: s.t, url: url, header: h, in: make(chan []byte, 64), out: make(chan []byte, 4096), gone: make(chan struct{})}
	select {
	case s.peers <- p:
		return p, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// accept returns the next connection, after its welcome.
func (s *server) accept() *peer {
	s.t.Helper()
	select {
	case p := <-s.peers:
		p.send(`{"type":"welcome","user":{"id":"g:1","name":"Guest","role":"guest"},"guest_token":"gt","heartbeat_ms":25000,"limits":{"frame_bytes":2000}}`)
		return p
	case <-time.After(time.Hour): // of the bubble's time
		s.t.Fatal("no connection within an hour")
		return nil
	}
}

// peer is one connection, seen from the server, and the Conn that the client has.
type peer struct {
	t      *testing.T
	url    string
	header http.Header
	in     chan []byte // from the client
	out    chan []byte // to the client
	once   sync.Once
	gone   chan struct{}
	err    error // set before gone is closed
}

func (p *peer) send(frame string) { p.out <- []byte(frame) }

// end breaks the connection; what was sent before still arrives.
func (p *peer) end(err error) { p.once.Do(func() { p.err = err; close(p.gone) }) }

// want returns the next request, which must be of this type.
func (p *peer) want(kind string) map[string]any {
	p.t.Helper()
	select {
	case b := <-p.in:
		var q map[string]any
		if err := json.Unmarshal(b, &q); err != nil {
			p.t.Fatal(err)
		}
		if q["type"] != kind {
			p.t.Fatalf("got a request %s, want one of type %s", b, kind)
		}
		return q
	case <-time.After(time.Hour):
		p.t.Fatalf("no request within an hour, want one of type %s", kind)
		return nil
	}
}

// quiet fails if the client sends anything before all is at rest.
func (p *peer) quiet() {
	p.t.Helper()
	synctest.Wait()
	select {
	case b := <-p.in:
		p.t.Fatalf("got a request %s, want none", b)
	default:
	}
}

func (p *peer) ack(q map[string]any, more string) {
	p.send(`{"type":"ack","id":"` + q["id"].(string) + `"` + more + `}`)
}

func (p *peer) refuse(q map[string]any, code, more string) {
	p.send(`{"type":"error","id":"` + q["id"].(string) + `","code":"` + code + `","message":"No."` + more + `}`)
}

// join answers a join with this state.
func (p *peer) join(state string) map[string]any {
	p.t.Helper()
	q := p.want("join")
	p.ack(q, "")
	p.send(`{"type":"joined","room":"` + q["room"].(string) + `","epoch":"e",` + state + `}`)
	return q
}

func (p *peer) Read(ctx context.Context) ([]byte, error) {
	select {
	case b := <-p.out:
		return b, nil
	default:
	}
	select {
	case b := <-p.out:
		return b, nil
	case <-p.gone:
		return nil, p.err
	case <-ctx.Done():
		p.end(ctx.Err())
		return nil, ctx.Err()
	}
}

func (p *peer) Write(ctx context.Context, b []byte) error {
	select {
	case p.in <- b:
		return nil
	case <-p.gone:
		return errCut
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *peer) Close() error { p.end(closeError(1000, "")); return nil }
func (p *peer) Abort() error { p.end(errCut); return nil }

// connect dials a client to a server that the test plays, within the bubble of t.
func connect(t *testing.T, o Options) (*Client, *server, *peer) {
	t.Helper()
	s := newServer(t)
	o.URL, o.Dial = "ws://chat.example/ws", s.dial
	var p *peer
	var wg sync.WaitGroup
	wg.Go(func() { p = s.accept() })
	c, err := Dial(t.Context(), o)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, s, p
}

// joined is a client that has joined general at seq 10.
func joined(t *testing.T, o Options) (*Client, *server, *peer) {
	t.Helper()
	c, s, p := connect(t, o)
	var wg sync.WaitGroup
	wg.Go(func() { p.join(`"seq":10,"recovered":false`) })
	if _, err := c.Join(t.Context(), "general"); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if e := next[Joined](t, c); e.Recovered || e.Seq != 10 {
		t.Fatalf("got %+v, want a fresh state at 10", e)
	}
	return c, s, p
}

// next returns the next event, which must be an E.
func next[E Event](t *testing.T, c *Client) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	e, err := c.Next(ctx)
	if err != nil {
		t.Fatalf("next event: %v", err)
	}
	v, ok := e.(E)
	if !ok {
		t.Fatalf("got %T %+v, want %T", e, e, v)
	}
	return v
}

// posted sends the events of messages with these numbers.
func (p *peer) posted(seqs ...int) {
	for _, n := range seqs {
		b, _ := json.Marshal(map[string]any{"type": "message", "room": "general", "seq": n,
			"message": map[string]any{"id": "m", "seq": n, "text": "hi"}})
		p.send(string(b))
	}
}

func wantSeqs(t *testing.T, c *Client, seqs ...int64) {
	t.Helper()
	for _, want := range seqs {
		if e := next[Posted](t, c); e.Seq != want {
			t.Fatalf("got event %d, want %d", e.Seq, want)
		}
	}
}

// later runs f while the test goes on; wait returns its outcome.
func later[T any](f func() (T, error)) (wait func() (T, error)) {
	ch := make(chan struct{})
	var v T
	var err error
	go func() { defer close(ch); v, err = f() }()
	return func() (T, error) { <-ch; return v, err }
}

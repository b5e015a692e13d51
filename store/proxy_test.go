package store_test

import (
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a store and PostgreSQL and can be as bad as a network.
type proxy struct {
	listener net.Listener
	target   string
	mute     atomic.Bool // answers don't come back
	deaf     atomic.Bool // requests don't get through
	shut     atomic.Bool // no new connections
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

// newProxy returns a proxy to the server of a database URL, and the URL through it.
func newProxy(t *testing.T, databaseURL string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: u.Query().Get("host") + "/.s.PGSQL.5432"}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.cut()
		p.wg.Wait()
	})
	return p, "postgres://postgres@" + l.Addr().String() + "/" + strings.TrimPrefix(u.Path, "/") + "?sslmode=disable"
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.target)
		p.mu.Lock()
		if err != nil || p.shut.Load() {
			client.Close()
			if server != nil {
				server.Close()
			}
			p.mu.Unlock()
			continue
		}
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		p.wg.Go(func() { pipe(server, client, &p.deaf) })
		p.wg.Go(func() { pipe(client, server, &p.mute) })
	}
}

// pipe copies until either side is closed; while drop is set, into nothing.
func pipe(to, from net.Conn, drop *atomic.Bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if n > 0 && !drop.Load() {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			_ = err == io.EOF // either way the other side is told by the close
			return
		}
	}
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// away makes the server unreachable, or reachable again.
func (p *proxy) away(yes bool) {
	p.shut.Store(yes)
	if yes {
		p.cut()
	}
	p.mute.Store(false)
	p.deaf.Store(false)
}

package ws

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// sink takes what a session says. Frames are shared by many readers: nobody may change them.
type sink interface {
	// push queues frames, all or none. Where they would not fit it ends the connection,
	// and reports false from then on.
	push(frames [][]byte) bool
	// pushAsked queues what the client has asked for: answers, and the state of a room, which
	// may be large. It doesn't count against the bound of the queue, that is for what comes unasked; it is bounded
	// by waitForRoom, before each request.
	pushAsked(frames [][]byte) bool
	// waitForRoom waits until the queue is half empty; false: the connection has ended.
	waitForRoom() bool
	// end closes the connection, and returns at once. The first call counts: it reports true.
	end(f farewell) bool
	// load returns the bytes that the kernel has taken, and how many wait for it.
	load() (out int64, queued int)
}

// past is a deadline that wakes whoever waits.
var past = time.Unix(1, 0)

// conn is the net.Conn that Melody and gorilla/websocket are given. They read through it;
// what they write (the answer to the handshake, and control frames, each with one Write) joins the queue of
// what the session says. It never makes a caller of Write or push wait.
//
// Life: write runs from the hijacking on; end ends it, from wherever; finish, called by who made
// it, returns when everything is over.
type conn struct {
	raw     net.Conn
	tcp     *net.TCPConn // at the bottom of raw; nil: some other kind
	limits  *Limits
	stats   *stats
	session *session
	onEnd   func() // may be called under mu: it must return at once

	// Of the goroutine that reads.
	early   []byte // what net/http had read when it let go
	unheard int    // bytes read since the last whole message or control frame

	written chan struct{} // closed when write has returned
	iov     [][]byte      // write's

	bytesOut atomic.Int64

	mu      sync.Mutex // guards what follows
	work    sync.Cond  // for write: there is something to do
	space   sync.Cond  // for waitForRoom
	queue   [][]byte
	spare   [][]byte // the last batch's backing
	queued  int      // bytes in queue that count
	flying  int      // bytes being written that count
	asked   int      // bytes in queue that don't
	landing int      // bytes being written that don't
	greeted bool     // the answer to the handshake is on its way
	ping    []byte   // the latest only: RFC 6455, section 5.5.3, lets older ones go
	pong    []byte
	ending  *farewell
	endBy   time.Time
	broken  bool // the peer is gone: nothing can be sent
}

func newConn(raw net.Conn, early []byte, limits *Limits, st *stats) *conn {
	c := &conn{raw: raw, early: early, limits: limits, stats: st, onEnd: func() {}, written: make(chan struct{})}
	c.work.L, c.space.L = &c.mu, &c.mu
	switch t := raw.(type) {
	case *net.TCPConn:
		c.tcp = t
	case interface{ NetConn() net.Conn }: // TLS
		c.tcp, _ = t.NetConn().(*net.TCPConn)
	}
	if c.tcp != nil && limits.SendBuffer > 0 {
		// What a reader doesn't read waits in the kernel first: 200 readers with Linux'
		// own idea of a buffer were seen to hold 815 MB there.
		_ = c.tcp.SetWriteBuffer(limits.SendBuffer)
	}
	return c
}

// Read reads for gorilla/websocket. After the end it reports io.EOF.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(p, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	n, err := c.raw.Read(p)
	if c.ended() {
		return 0, io.EOF
	}
	if c.unheard += n; c.unheard > 4*c.limits.MessageBytes+1<<16 {
		// A message has at most MessageBytes, but any number of empty fragments.
		c.end(farewell{code: closeTooBig})
		return 0, io.EOF
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.end(farewell{code: closeNotInTime, reason: "not_in_time"})
	}
	return n, err
}

// heard says that a whole message or control frame came.
func (c *conn) heard() { c.unheard = 0 }

// Write takes one whole frame of gorilla/websocket, or the answer to the handshake.
func (c *conn) Write(p []byte) (int, error) {
	frame := bytes.Clone(p) // p is used again by its owner
	if len(frame) > 0 && frame[0] == finClose {
		c.end(farewell{verbatim: frame, flush: true})
		return len(p), nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		return 0, net.ErrClosed
	}
	switch {
	case len(frame) > 0 && frame[0] == finPing:
		c.ping = frame
	case len(frame) > 0 && frame[0] == finPong:
		c.pong = frame
	default:
		c.queue = append(c.queue, frame)
		c.queued += len(frame)
	}
	c.work.Signal()
	return len(p), nil
}

func (c *conn) push(frames [][]byte) bool {
	n := size(frames)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		return false
	}
	if waiting := c.queued + c.flying; waiting > 0 && waiting+n > c.limits.QueueBytes {
		c.stats.slowReaders.Add(1)
		c.endLocked(slowReader)
		return false
	}
	c.queue = append(c.queue, frames...)
	c.queued += n
	c.work.Signal()
	return true
}

func (c *conn) pushAsked(frames [][]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		return false
	}
	c.queue = append(c.queue, frames...)
	c.asked += size(frames)
	c.work.Signal()
	return true
}

func (c *conn) waitForRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.ending == nil && c.queued+c.flying+c.asked+c.landing > c.limits.QueueBytes/2 {
		c.space.Wait()
	}
	return c.ending == nil
}

func (c *conn) load() (out int64, queued int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytesOut.Load(), c.queued + c.flying + c.asked + c.landing
}

func (c *conn) end(f farewell) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endLocked(f)
}

func (c *conn) endLocked(f farewell) bool {
	if c.ending != nil {
		return false
	}
	c.ending = &f
	now := time.Now()
	linger := c.limits.Linger
	if f.within > 0 {
		linger = min(linger, f.within)
	}
	c.endBy = now.Add(linger)
	if f.flush {
		_ = c.raw.SetWriteDeadline(now.Add(linger / 2))
	} else {
		c.queue, c.ping, c.pong = nil, nil, nil
		_ = c.raw.SetWriteDeadline(past)
	}
	_ = c.raw.SetReadDeadline(past)
	c.work.Signal()
	c.space.Broadcast()
	c.onEnd()
	return true
}

func (c *conn) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending != nil
}

// finish waits for the last words, and for the peer to take them, within Linger; then it closes
// the socket. Closing at once, with unread input, would reset the connection, and the
// peer would lose what was said last (RFC 6455, section 7.1.1).
func (c *conn) finish() {
	c.end(farewell{flush: true})
	<-c.written
	if !c.broken {
		_ = c.raw.SetReadDeadline(c.endBy)
		_, _ = io.Copy(io.Discard, c.raw)
	}
	if c.tcp != nil {
		forgetAfter(c.tcp, c.limits.Forget)
	}
	_ = c.raw.Close()
}

// Close implements net.Conn. The socket is closed by finish.
func (c *conn) Close() error {
	c.end(farewell{flush: true})
	return nil
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline implements net.Conn. After the end it changes nothing.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		return nil
	}
	return c.raw.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn: Write never waits.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

package ws

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// past is a deadline that wakes whoever waits.
var past = time.Unix(1, 0)

// conn is the net.Conn that Melody and gorilla/websocket are given, and what a session speaks through. They read from it;
// what they write (the answer to the handshake, and control frames, each with one Write) joins the queue of
// what the session says. Nobody who says something waits: it is written at once as far as the kernel takes
// it (pumpLocked), by whoever says it; only while the kernel is full has the connection a goroutine that waits for it (drain).
//
// What is said goes out in this order: the rest of what was begun; control frames, which may stand
// between the fragments of a message; what is said to this session alone; what its rooms said (stream.go).
//
// Life: end ends it, from wherever; finish, called by who made it, returns when everything is over.
type conn struct {
	raw     net.Conn
	sock    *socket      // nil: writing waits (TLS, and systems without it), so that a goroutine does it (write)
	tcp     *net.TCPConn // at the bottom of raw; nil: some other kind
	limits  *Limits
	stats   *stats
	session *session
	onEnd   func() // may be called under mu: it must return at once

	// Of the goroutine that reads.
	early   []byte // what net/http had read when it let go
	unheard int    // bytes read since the last whole message or control frame

	mu      sync.Mutex // guards what follows, and its readers
	readers []*reader  // of the rooms that it is told of
	left    []byte     // the rest of the frame that was begun
	queue   []outgoing
	waiting int        // bytes in queue
	begun   int        // of them, at most, what ends a message of a room
	flying  int        // bytes that write is writing
	counted int        // of them, what came unasked
	space   *sync.Cond // for waitForRoom; nil: nobody waits
	work    *sync.Cond // for write; nil: there is a socket
	idle    bool       // write waits for something to write
	ping    []byte     // the latest only: RFC 6455, section 5.5.3, lets older ones go
	pong    []byte
	greeted bool      // the answer to the handshake is on its way
	busy    bool      // drain, or write, has it
	broken  bool      // the peer is gone: nothing can be sent
	late    bool      // the peer has been given its time
	out     int64     // bytes that the kernel has taken
	goal    int64     // what out has to be by the deadline that drain has set
	tookAt  time.Time // when the kernel took something of what had waited for it
	ending  *farewell
	endBy   time.Time
	flushBy time.Time
	written chan struct{} // made by end; closed when the last word is said
}

// outgoing is a frame for one session alone. Frames are shared by many sessions: nobody may change them.
type outgoing struct {
	frame []byte
	asked bool // it doesn't count against the bound of the queue
}

func newConn(raw net.Conn, early []byte, limits *Limits, st *stats) *conn {
	c := &conn{raw: raw, sock: newSocket(raw), early: early, limits: limits, stats: st, onEnd: func() {}}
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
	if c.sock == nil {
		c.work, c.busy = sync.NewCond(&c.mu), true
		go c.write()
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
	case !c.greeted:
		c.greeted, c.left = true, frame
	case len(frame) > 0 && frame[0] == finPing:
		c.ping = frame
	case len(frame) > 0 && frame[0] == finPong:
		c.pong = frame
	default:
		c.queueLocked([][]byte{frame}, true)
	}
	c.flushLocked()
	return len(p), nil
}

// push says what nobody has asked for, all or none. Where it would wait beyond the bound it ends the
// connection, and reports false from then on.
func (c *conn) push(frames [][]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pushLocked(frames)
}

func (c *conn) pushLocked(frames [][]byte) bool {
	if c.ending != nil {
		return false
	}
	if c.counted > 0 && c.counted+size(frames) > c.limits.QueueBytes {
		c.tooSlowLocked()
		return false
	}
	c.queueLocked(frames, false)
	c.flushLocked()
	return true
}

// pushAsked says what the client has asked for: answers, and the state of a room, which
// may be large. It doesn't count against the bound of the queue, that is for what comes unasked; it is bounded
// by waitForRoom, before each request.
func (c *conn) pushAsked(frames [][]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		return false
	}
	c.queueLocked(frames, true)
	c.flushLocked()
	return true
}

func (c *conn) queueLocked(frames [][]byte, asked bool) {
	for _, f := range frames {
		c.queue = append(c.queue, outgoing{f, asked})
	}
	n := size(frames)
	c.waiting += n
	if !asked {
		c.counted += n
	}
}

// waitForRoom waits until the queue is half empty; false: the connection has ended.
func (c *conn) waitForRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.ending == nil && c.waiting+c.flying > c.limits.QueueBytes/2 {
		if c.space == nil {
			c.space = sync.NewCond(&c.mu)
		}
		c.space.Wait()
	}
	return c.ending == nil
}

// load returns the bytes that the kernel has taken, and how many wait for it.
func (c *conn) load() (out int64, queued int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out, c.waitsLocked()
}

// waitsLocked is how many bytes wait.
func (c *conn) waitsLocked() int {
	n := len(c.left) + c.waiting + c.flying
	for _, r := range c.readers {
		n += int(r.waits())
	}
	return n
}

// tooSlowLocked ends the connection of one who doesn't read.
func (c *conn) tooSlowLocked() {
	if c.endLocked(slowReader) {
		c.late = true
		c.stats.slowReaders.Add(1)
	}
}

// end closes the connection, and returns at once. The first call counts: it reports true.
func (c *conn) end(f farewell) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endLocked(f)
}

func (c *conn) endLocked(f farewell) bool {
	if c.ending != nil {
		return false
	}
	c.ending, c.written = &f, make(chan struct{})
	c.jamLocked()
	linger := c.limits.Linger
	if f.within > 0 {
		linger = min(linger, f.within)
	}
	now := time.Now()
	c.endBy, c.flushBy = now.Add(linger), now.Add(linger/2)
	wake := c.flushBy
	if !f.flush {
		wake = past
	}
	_ = c.raw.SetReadDeadline(past)
	_ = c.raw.SetWriteDeadline(wake)
	if c.work != nil {
		c.work.Signal()
	}
	if c.space != nil {
		c.space.Broadcast()
	}
	if !c.busy { // else who has it says it
		go c.depart()
	}
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

// listen has the connection told what a reader's room says.
func (c *conn) listen(r *reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readers = append(c.readers, r)
}

// jamLocked notes which of its readers are behind.
func (c *conn) jamLocked() {
	for _, r := range c.readers {
		r.jamLocked()
	}
}

func (c *conn) dropLocked(r *reader) {
	r.jamLocked()
	if i := slices.Index(c.readers, r); i >= 0 {
		c.readers = slices.Delete(c.readers, i, i+1)
	}
}

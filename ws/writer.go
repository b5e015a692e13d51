package ws

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// slowest is the rate, in bytes a second, below which a reader is too slow however little
// is behind: it is given Stall, and the time that a batch takes at this rate.
const slowest = 64 << 10

// write hands all that waits to the kernel, as often as something waits, until the
// connection ends. Then it says farewell.
func (c *conn) write() {
	defer close(c.written)
	for {
		batch, ok := c.next()
		if !ok {
			c.sayFarewell(nil, false)
			return
		}
		n, err := c.send(batch)
		switch {
		case err == nil:
			c.stats.framesOut.Add(int64(len(batch)))
			c.stats.bytesOut.Add(int64(n))
			c.bytesOut.Add(int64(n))
			clear(batch) // its backing is kept, what it held needn't be
		case errors.Is(err, os.ErrDeadlineExceeded):
			if c.end(slowReader) {
				c.stats.slowReaders.Add(1)
			}
			torn, _ := rest(batch, n)
			c.sayFarewell(torn, true)
			return
		default:
			c.gone()
			return
		}
	}
}

// next waits for something to write; false: the connection ends.
func (c *conn) next() ([][]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying, c.landing = 0, 0
	c.space.Broadcast()
	for c.ending == nil && len(c.queue) == 0 && c.ping == nil && c.pong == nil {
		c.work.Wait()
	}
	if c.ending != nil {
		return nil, false
	}
	batch := c.takeLocked()
	// Under the lock: end sets a deadline too, and that one must be the last.
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.limits.Stall + time.Duration(size(batch))*time.Second/slowest))
	return batch, true
}

// takeLocked takes everything that waits. Control frames go first, they may stand between
// the fragments of a message; but the answer to the handshake goes before everything.
func (c *conn) takeLocked() [][]byte {
	batch := c.spare[:0]
	queue := c.queue
	if !c.greeted && len(queue) > 0 {
		c.greeted = true
		batch, queue = append(batch, queue[0]), queue[1:]
	}
	if c.pong != nil {
		batch = append(batch, c.pong)
	}
	if c.ping != nil {
		batch = append(batch, c.ping)
	}
	batch = append(batch, queue...)
	c.ping, c.pong = nil, nil
	c.flying, c.queued = c.queued, 0
	c.landing, c.asked = c.asked, 0
	clear(c.queue)
	c.queue = c.queue[:0]
	if cap(c.queue) > 256 {
		c.queue = nil // after a burst
	}
	if c.spare = batch; cap(batch) > 256 {
		c.spare = nil
	}
	return batch
}

// send writes frames with one call where the system can.
func (c *conn) send(batch [][]byte) (int, error) {
	if len(batch) == 1 {
		return c.raw.Write(batch[0])
	}
	if net.Conn(c.tcp) != c.raw {
		return c.raw.Write(bytes.Join(batch, nil)) // one TLS record, not one a frame
	}
	c.iov = append(c.iov[:0], batch...)
	bufs := net.Buffers(c.iov)
	n, err := bufs.WriteTo(c.raw)
	if clear(c.iov); cap(c.iov) > 256 {
		c.iov = nil
	}
	return int(n), err
}

// rest returns what remains of the frame of batch that was begun when n bytes of all were
// written, and the index of the frame after it.
func rest(batch [][]byte, n int) (torn []byte, next int) {
	for i, f := range batch {
		if n < len(f) {
			if n == 0 {
				return nil, i
			}
			return f[n:], i + 1
		}
		n -= len(f)
	}
	return nil, len(batch)
}

// sayFarewell ends the frame that was begun, tells what is left to be told, and ends the
// sending side. late says that the peer has been given its time already.
func (c *conn) sayFarewell(torn []byte, late bool) {
	c.mu.Lock()
	f, by := *c.ending, c.endBy
	var batch [][]byte
	if f.flush && !late {
		batch = c.takeLocked()
	}
	greeted := c.greeted
	c.mu.Unlock()

	if !greeted { // nobody may hear a frame before the handshake is answered
		_ = c.raw.SetWriteDeadline(by)
		_, _ = io.WriteString(c.raw, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n")
		c.endSending()
		return
	}
	waiting := len(batch)
	batch = append(batch, f.last...)
	if frame := f.frame(); frame != nil {
		batch = append(batch, frame)
	}
	if waiting > 0 {
		n, err := c.send(batch)
		if err == nil {
			c.endSending()
			return
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			c.gone()
			return
		}
		var next int
		torn, next = rest(batch, n)
		batch = batch[max(next, waiting):]
	}
	final := append(bytes.Clone(torn), bytes.Join(batch, nil)...)
	if len(final) > 0 {
		c.makeRoom(len(final))
		_ = c.raw.SetWriteDeadline(by)
		if _, err := c.raw.Write(final); err != nil {
			c.gone()
			return
		}
	}
	c.endSending()
}

// makeRoom lets n more bytes into a send buffer that is full.
func (c *conn) makeRoom(n int) {
	if c.tcp != nil && c.limits.SendBuffer > 0 {
		// The kernel counts its own overhead too, up to a page a segment.
		_ = c.tcp.SetWriteBuffer(2*c.limits.SendBuffer + 2*n + 64<<10)
	}
}

func (c *conn) endSending() {
	if w, ok := c.raw.(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite()
	}
}

// gone notes that nothing can be sent any more.
func (c *conn) gone() {
	c.end(farewell{})
	c.mu.Lock()
	c.broken = true
	c.mu.Unlock()
}

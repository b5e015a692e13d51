package ws

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"time"
)

// slowest is the rate, in bytes a second, below which a reader is too slow however little
// is behind: it is given Stall, and the time that what waits takes at this rate.
const slowest = 64 << 10

// flushLocked writes all that waits, as far as the kernel takes it at once. What it doesn't take has
// a goroutine that waits for it.
func (c *conn) flushLocked() {
	switch {
	case c.ending != nil || !c.greeted:
	case c.work != nil:
		if c.idle {
			c.idle, c.tookAt = false, time.Now() // it has taken everything until now
		}
		c.work.Signal()
	case !c.busy:
		if !c.pumpLocked() && c.ending == nil {
			c.busy, c.tookAt = true, time.Now() // it has taken everything until now
			c.allowLocked()
			go c.drain()
		}
	}
}

// allowLocked gives the peer its time for what waits now.
func (c *conn) allowLocked() {
	n := c.waitsLocked()
	c.goal = c.out + int64(n)
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.limits.Stall + time.Duration(n)*time.Second/slowest))
}

// drain writes what waits whenever the kernel has room, until nothing waits, or the connection ends.
func (c *conn) drain() {
	over := false
	err := c.sock.whenReady(func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.ending != nil {
			over = true
			return true
		}
		before := c.out
		done := c.pumpLocked()
		if c.out > before {
			c.tookAt = time.Now()
		}
		switch {
		case c.ending != nil: // it was lost
			over = true
			return true
		case done:
			c.busy = false
		case c.out >= c.goal:
			c.allowLocked()
		}
		c.jamLocked()
		return done
	})
	switch {
	case err == nil && !over:
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.mu.Lock()
		c.tooSlowLocked()
		c.mu.Unlock()
	case err != nil:
		c.gone()
	}
	c.depart()
}

// pumpLocked writes what waits without waiting; true: nothing waits any more. A peer that is gone ends the connection.
func (c *conn) pumpLocked() (done bool) {
	defer c.recovered(&done)
	done, err := c.pumpOwnLocked()
	for i := 0; done && i < len(c.readers); i++ {
		done, err = c.pumpReaderLocked(c.readers[i])
	}
	if err != nil {
		c.broken = true
		c.endLocked(farewell{})
	}
	return done && err == nil
}

// recovered ends the connection, and no more, where what its rooms said can't be told.
func (c *conn) recovered(done *bool) {
	if p := recover(); p != nil {
		c.session.srv.panicked("connection", c.session.id, p)
		c.broken, *done = true, false
		c.endLocked(farewell{})
	}
}

// pumpOwnLocked writes what is said to this session alone.
func (c *conn) pumpOwnLocked() (bool, error) {
	for len(c.left)+len(c.queue) > 0 || c.pong != nil || c.ping != nil {
		var some [8][]byte
		begun := len(c.left)
		batch := c.takeOwnLocked(some[:0], cap(some))
		n, err := c.sock.writev(batch)
		if n < size(batch) {
			next := 0
			c.left, next = rest(batch, n, begun)
			c.precedeLocked(batch[next:])
			c.sentLocked(n, next)
			return false, err
		}
		c.sentLocked(n, len(batch))
	}
	return true, nil
}

// pumpReaderLocked writes what a room said.
func (c *conn) pumpReaderLocked(r *reader) (bool, error) {
	for b := r.ahead(); b != nil; b = r.ahead() {
		n, err := c.sock.write(b)
		c.sentLocked(n, r.passed(n))
		if n < len(b) {
			return false, err
		}
	}
	return true, nil
}

func (c *conn) sentLocked(n, frames int) {
	c.out += int64(n)
	c.stats.framesOut.Add(int64(frames))
	c.stats.bytesOut.Add(int64(n))
}

// takeOwnLocked takes at most max frames of what is said to this session alone.
func (c *conn) takeOwnLocked(batch [][]byte, most int) [][]byte {
	if len(c.left) > 0 {
		batch = append(batch, c.left)
	}
	if c.pong != nil {
		batch = append(batch, c.pong)
	}
	if c.ping != nil {
		batch = append(batch, c.ping)
	}
	c.left, c.pong, c.ping = nil, nil, nil
	n := 0
	for ; n < len(c.queue) && len(batch) < most; n++ {
		o := c.queue[n]
		batch = append(batch, o.frame)
		c.waiting -= len(o.frame)
		if !o.asked {
			c.counted -= len(o.frame)
		}
	}
	if clear(c.queue[:n]); n == len(c.queue) {
		c.queue = nil
	} else {
		c.queue = c.queue[n:]
	}
	if c.space != nil {
		c.space.Broadcast()
	}
	return batch
}

// precedeLocked queues frames before everything that waits.
func (c *conn) precedeLocked(frames [][]byte) {
	if len(frames) == 0 {
		return
	}
	waits := c.queue
	c.queue = nil
	c.queueLocked(frames, true)
	c.queue = append(c.queue, waits...)
}

// write is for connections whose writing waits: it has a goroutine that hands all that waits over, as often
// as something waits, until the connection ends.
func (c *conn) write() {
	for {
		batch, begun, ok := c.nextBatch()
		if !ok {
			c.depart()
			return
		}
		if len(batch) == 0 {
			continue
		}
		n, err := c.raw.Write(bytes.Join(batch, nil)) // one TLS record, not one a frame
		c.wrote(batch, n, begun, err)
	}
}

// nextBatch waits for something to write; false: the connection ends. The first begun bytes are the rest of a frame. What waits
// may turn out to be nothing that this session is told.
func (c *conn) nextBatch() (batch [][]byte, begun int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.ending == nil && (!c.greeted || c.waitsLocked() == 0 && c.ping == nil && c.pong == nil) {
		c.idle = true
		c.work.Wait()
	}
	c.idle = false
	if c.ending != nil {
		return nil, 0, false
	}
	begun = len(c.left)
	// Under the lock: end sets a deadline too, and that one must be the last.
	c.allowLocked()
	batch = c.takeLocked(maxBatch)
	c.jamLocked()
	c.flying = size(batch)
	return batch, begun, true
}

// wrote notes that n bytes of a batch were written, and what stopped it there.
func (c *conn) wrote(batch [][]byte, n, begun int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sentLocked(n, len(batch))
	c.flying = 0
	if n > 0 {
		c.tookAt = time.Now()
	}
	c.jamLocked()
	if n < size(batch) {
		c.left, _ = rest(batch, n, begun)
	}
	if c.space != nil {
		c.space.Broadcast()
	}
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.tooSlowLocked()
	default:
		c.broken = true
		c.endLocked(farewell{})
	}
}

// maxBatch bounds what one call of Write is given, in bytes, give or take a message.
const maxBatch = 64 << 10

// takeLocked takes what waits, frame by frame, up to about most bytes.
func (c *conn) takeLocked(most int) (batch [][]byte) {
	var done bool
	defer c.recovered(&done)
	batch = c.takeOwnLocked(nil, max(1, most/maxFragment))
	n := size(batch)
	for _, r := range c.readers {
		for b := r.ahead(); b != nil && n < most; b = r.ahead() {
			n += len(b)
			for at := 0; at < len(b); {
				end := at + frameSize(b[at:])
				batch = append(batch, b[at:end])
				at = end
			}
			r.passed(len(b))
		}
	}
	return batch
}

// rest returns what remains of the frame of batch that was begun when n bytes of all were written, and the index of the frame
// after it. The first begun bytes are the rest of one that was begun before.
func rest(batch [][]byte, n, begun int) (torn []byte, next int) {
	if n < begun {
		return batch[0][n:], 1
	}
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

// depart ends the frame that was begun, tells what is left to be told, and ends the
// sending side.
func (c *conn) depart() {
	defer close(c.written)
	c.mu.Lock()
	f := *c.ending
	torn, late := c.left, c.late || c.farBehindLocked()
	c.left = nil
	var batch, dropped [][]byte
	if f.flush && !late {
		batch = c.takeLocked(1 << 40)
	} else {
		dropped = c.takeOwnLocked(nil, 1<<40)
	}
	c.jamLocked() // it counts no more
	c.queue, c.ping, c.pong, c.readers = nil, nil, nil, nil
	greeted, broken := c.greeted, c.broken
	c.mu.Unlock()

	if broken {
		return
	}
	if !greeted { // nobody may hear a frame before the handshake is answered
		_ = c.raw.SetWriteDeadline(c.endBy)
		_, _ = io.WriteString(c.raw, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n")
		c.endSending()
		return
	}
	last := f.last
	if frame := f.frame(); frame != nil {
		last = append(last[:len(last):len(last)], frame)
	}
	if len(batch) > 0 {
		var ok bool
		if torn, dropped, last, ok = c.flushLast(torn, batch, last); ok {
			return
		}
	}
	if amid(dropped) {
		// Only control frames may stand within a message (RFC 6455, section 5.4).
		last = slices.DeleteFunc(slices.Clone(last), func(f []byte) bool { return f[0] != finClose })
	}
	final := append(bytes.Clone(torn), bytes.Join(last, nil)...)
	if len(final) > 0 {
		c.makeRoom(len(final))
		_ = c.raw.SetWriteDeadline(c.endBy)
		if _, err := c.raw.Write(final); err != nil {
			c.gone()
			return
		}
	}
	c.endSending()
}

// farBehindLocked reports whether more waits than may be copied for one connection's last words: who reads may be that far behind.
func (c *conn) farBehindLocked() bool {
	return slices.ContainsFunc(c.readers, func(r *reader) bool { return r.waits() > int64(c.limits.QueueBytes) })
}

// flushLast tells what waits, and the last words after it. Where that takes too long it returns, with false,
// the rest of the frame that was begun, what isn't told, and what of the last words is still to be said.
func (c *conn) flushLast(torn []byte, batch, last [][]byte) (left []byte, dropped, words [][]byte, ok bool) {
	waiting := len(batch)
	all := slices.Concat(batch, last)
	if len(torn) > 0 {
		all = append([][]byte{torn}, all...)
		waiting++
	}
	_ = c.raw.SetWriteDeadline(c.flushBy)
	n, err := c.raw.Write(bytes.Join(all, nil))
	switch {
	case err == nil:
		c.endSending()
		return nil, nil, nil, true
	case !errors.Is(err, os.ErrDeadlineExceeded):
		c.gone()
		return nil, nil, nil, true
	}
	left, next := rest(all, n, len(torn))
	return left, all[min(next, waiting):waiting], all[max(next, waiting):], false
}

// amid reports whether frames begin within a message.
func amid(frames [][]byte) bool {
	for _, f := range frames {
		if op := f[0] & 0x0f; op < 8 {
			return op == opContinuation
		}
	}
	return false
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
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = true
	c.endLocked(farewell{})
}

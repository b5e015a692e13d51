package peer

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455 wants it
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// bare is the limit: one thread, one epoll, and for each delivery nothing but its share of
// a write(2). It accepts, upgrades, unmasks what is posted, puts it into bytes as long as
// chatd's, and writes them. It checks, stores and limits nothing.
type bare struct {
	all      bool // writes all that waits for a member at once, else one message a write
	listener int
	epoll    int
	conns    []*bareConn // by file descriptor
	rooms    map[string]*bareRoom
	dirty    []*bareRoom // those with something to write, where all is set
	in       []byte
	events   []unix.EpollEvent
}

// runBare serves until ctx ends.
func runBare(ctx context.Context, all bool, announce func(addr string)) error {
	b := &bare{all: all, rooms: make(map[string]*bareRoom), in: make([]byte, 64<<10)}
	addr, err := b.listen()
	if err != nil {
		return err
	}
	announce(addr)
	b.events = make([]unix.EpollEvent, 1024)
	for ctx.Err() == nil {
		if _, err := b.turn(100); err != nil {
			return err
		}
		if len(b.dirty) == 0 {
			continue
		}
		for last := time.Now(); time.Since(last) < gather; {
			n, err := b.turn(0)
			if err != nil {
				return err
			}
			if n > 0 {
				last = time.Now()
			}
		}
		for _, r := range b.dirty {
			r.dirty = false
			b.flush(r)
		}
		b.dirty = b.dirty[:0]
	}
	return nil
}

// gather is how long it must be quiet until what was posted is written, where all that
// waits is: the first of many posts would travel alone otherwise.
const gather = 100 * time.Microsecond

// turn handles what has happened, and waits for so many milliseconds until something does.
func (b *bare) turn(timeout int) (n int, err error) {
	n, err = unix.EpollWait(b.epoll, b.events, timeout)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return 0, fmt.Errorf("epoll_wait: %w", err)
	}
	for _, e := range b.events[:max(n, 0)] {
		if err := b.handle(int(e.Fd), e.Events); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (b *bare) listen() (addr string, err error) {
	b.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("socket: %w", err)
	}
	if err := unix.Bind(b.listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return "", fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(b.listener, 4096); err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	bound, err := unix.Getsockname(b.listener)
	if err != nil {
		return "", fmt.Errorf("getsockname: %w", err)
	}
	if b.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return "", fmt.Errorf("epoll_create: %w", err)
	}
	in, ok := bound.(*unix.SockaddrInet4)
	if !ok {
		return "", fmt.Errorf("bound to %T, want an IPv4 address", bound)
	}
	return fmt.Sprintf("127.0.0.1:%d", in.Port), b.watch(unix.EPOLL_CTL_ADD, b.listener, unix.EPOLLIN)
}

func (b *bare) watch(op, fd int, events uint32) error {
	if err := unix.EpollCtl(b.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

func (b *bare) handle(fd int, events uint32) error {
	if fd == b.listener {
		return b.accept()
	}
	c := b.conns[fd]
	if c == nil {
		return nil // ended by an earlier event
	}
	if events&unix.EPOLLOUT != 0 {
		b.write(c)
	}
	if events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		n, err := unix.Read(fd, b.in)
		switch {
		case errors.Is(err, unix.EAGAIN):
		case err != nil || n == 0:
			b.drop(c)
		default:
			c.in = append(c.in, b.in[:n]...)
			b.take(c)
		}
	}
	return nil
}

func (b *bare) accept() error {
	for {
		fd, _, err := unix.Accept4(b.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ECONNABORTED) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		for len(b.conns) <= fd {
			b.conns = append(b.conns, nil)
		}
		b.conns[fd] = &bareConn{fd: fd}
		if err := b.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN); err != nil {
			return err
		}
	}
}

// take handles what a connection has sent so far.
func (b *bare) take(c *bareConn) {
	if c.room == nil && !b.upgrade(c) {
		return
	}
	for {
		payload, opcode, rest, ok := unmask(c.in)
		if !ok {
			break
		}
		c.in = rest
		switch opcode {
		case 1:
			b.post(c.room, payload)
		case 8:
			b.drop(c)
			return
		}
	}
	if len(c.in) == 0 {
		c.in = nil
	}
}

// upgrade answers the handshake once all of it is there.
func (b *bare) upgrade(c *bareConn) bool {
	head, rest, ok := bytes.Cut(c.in, []byte("\r\n\r\n"))
	if !ok {
		return false
	}
	c.in = rest
	target, key := "/", ""
	for i, line := range bytes.Split(head, []byte("\r\n")) {
		if fields := bytes.Fields(line); i == 0 && len(fields) > 1 {
			target = string(fields[1])
		}
		if name, value, ok := bytes.Cut(line, []byte(": ")); ok && http.CanonicalHeaderKey(string(name)) == "Sec-Websocket-Key" {
			key = string(value)
		}
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 wants it
	_, _ = unix.Write(c.fd, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n"))
	name := path.Base(target)
	r := b.rooms[name]
	if r == nil {
		r = &bareRoom{name: name}
		b.rooms[name] = r
	}
	c.room, c.next = r, r.end()
	r.members = append(r.members, c)
	return true
}

func (b *bare) post(r *bareRoom, text []byte) {
	r.add(text)
	switch {
	case !b.all:
		b.flush(r)
	case !r.dirty:
		r.dirty = true
		b.dirty = append(b.dirty, r)
	}
}

// flush writes to every member that isn't waited for.
func (b *bare) flush(r *bareRoom) {
	for _, c := range r.members {
		if !c.full {
			b.write(c)
		}
	}
	r.trim()
}

// write writes what waits for c, and asks to hear of room in its socket where that is full.
func (b *bare) write(c *bareConn) {
	r := c.room
	for c.next < r.end() {
		waits := r.log[c.next-r.from:]
		if !b.all {
			waits = waits[:r.step]
			if part := int(c.next % int64(r.step)); part > 0 {
				waits = waits[:r.step-part] // the rest of what a full socket took in part
			}
		}
		n, errno := write(c.fd, waits)
		if errno == syscall.EAGAIN {
			if !c.full {
				c.full = true
				_ = b.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN|unix.EPOLLOUT)
			}
			return
		}
		if errno != 0 {
			return // reading will tell
		}
		c.next += int64(n)
	}
	if c.full {
		c.full = false
		_ = b.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN)
	}
}

// write doesn't tell Go's scheduler: the socket never blocks, and C wouldn't either.
func write(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

func (b *bare) drop(c *bareConn) {
	b.conns[c.fd] = nil
	_ = unix.Close(c.fd)
	if r := c.room; r != nil {
		r.members = slices.DeleteFunc(r.members, func(m *bareConn) bool { return m == c })
	}
}

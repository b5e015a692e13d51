package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// readSize is how much is read at once.
const readSize = 256 << 10

// Engine drives all connections to one server.
type Engine struct {
	Addr     string // host:port
	Protocol Protocol

	Latency   Histogram // of messages that were due within the window, at all readers read message by message
	Sent      int64     // messages that authors have sent
	Delivered int64     // messages that readers got
	Bytes     int64     // that readers read, headers and all
	Refused   map[string]int64
	Closed    map[string]int64 // connections that the server ended, by code and reason
	Acked     int64

	epoll, timer int
	start        time.Time
	conns        []*Conn // by file descriptor
	all          []*Conn
	dialing      int
	ended        int
	in           []byte
	out          []byte
	events       []unix.EpollEvent
	from, until  int64 // the window, in nanoseconds since start
	authors      []*author
	err          error
}

// New makes an engine; Close it.
func New(addr string, p Protocol) (*Engine, error) {
	e := &Engine{
		Addr: addr, Protocol: p, start: time.Now(), Refused: make(map[string]int64), Closed: make(map[string]int64),
		in: make([]byte, readSize), events: make([]unix.EpollEvent, 512),
	}
	var err error
	if e.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll_create: %w", err)
	}
	if e.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return nil, errors.Join(fmt.Errorf("timerfd_create: %w", err), unix.Close(e.epoll))
	}
	e.watch(unix.EPOLL_CTL_ADD, e.timer, unix.EPOLLIN)
	return e, e.err
}

// Close ends all connections at once.
func (e *Engine) Close() {
	for _, c := range e.all {
		c.drop()
	}
	_ = unix.Close(e.timer)
	_ = unix.Close(e.epoll)
}

// Now is the engine's clock.
func (e *Engine) Now() int64 { return int64(time.Since(e.start)) }

// Window counts the latency of messages that are due from now on for d, and forgets
// what was counted before.
func (e *Engine) Window(d time.Duration) {
	e.from = e.Now()
	e.until = e.from + int64(d)
	e.Latency = Histogram{}
}

// Step waits until something happens, but not beyond the time due of the engine's clock,
// and handles it.
func (e *Engine) Step(due int64) error {
	wait := due - e.Now()
	timeout := -1
	if wait <= 0 {
		timeout = 0
	} else {
		next := unix.ItimerSpec{Value: unix.NsecToTimespec(wait)}
		if err := unix.TimerfdSettime(e.timer, 0, &next, nil); err != nil {
			return fmt.Errorf("timerfd_settime: %w", err)
		}
	}
	n, err := unix.EpollWait(e.epoll, e.events, timeout)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("epoll_wait: %w", err)
	}
	for _, ev := range e.events[:max(n, 0)] {
		if int(ev.Fd) == e.timer {
			var expirations [8]byte
			_, _ = unix.Read(e.timer, expirations[:])
			continue
		}
		if c := e.conns[ev.Fd]; c != nil {
			c.handle(ev.Events)
		}
	}
	return e.err
}

// Until steps until done returns true, or limit has passed, or ctx has ended; the latter
// two are errors.
func (e *Engine) Until(ctx context.Context, limit time.Duration, what string, done func() bool) error {
	end := e.Now() + int64(limit)
	for !done() {
		now := e.Now()
		if now > end {
			return fmt.Errorf("not within %s: %s", limit, what)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.Step(now + int64(20*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

// For steps for d.
func (e *Engine) For(ctx context.Context, d time.Duration) error {
	end := e.Now() + int64(d)
	for e.Now() < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.Step(min(end, e.Now()+int64(20*time.Millisecond))); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) watch(op, fd int, events uint32) {
	if err := unix.EpollCtl(e.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		e.err = errors.Join(e.err, fmt.Errorf("epoll_ctl: %w", err))
	}
}

//go:build unix

package ws

import (
	"errors"
	"net"
	"syscall"
)

// socket writes to a connection without waiting for it. It is used under the lock of its conn, which also
// knows whether the descriptor is still open.
type socket struct {
	raw syscall.RawConn
	fd  int
}

// newSocket returns nil where the connection isn't a bare socket, as under TLS.
func newSocket(c net.Conn) *socket {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{raw: raw}
	if err := raw.Control(func(fd uintptr) { s.fd = int(fd) }); err != nil {
		return nil
	}
	return s
}

// write hands the kernel as much as it takes at once. Less than all without an error: its buffer is full.
func (s *socket) write(p []byte) (int, error) {
	return retried(func() (int, error) { return syscall.Write(s.fd, p) })
}

// writev is write for several buffers.
func (s *socket) writev(batch [][]byte) (int, error) {
	if len(batch) == 1 {
		return s.write(batch[0])
	}
	return retried(func() (int, error) { return writev(s.fd, batch) })
}

func retried(write func() (int, error)) (int, error) {
	for {
		n, err := write()
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return 0, nil
		default:
			return 0, err
		}
	}
}

// whenReady calls do, and again whenever the kernel has room, until it returns true, the connection's write
// deadline has passed, or the connection is lost.
func (s *socket) whenReady(do func() bool) error {
	return s.raw.Write(func(uintptr) bool { return do() })
}

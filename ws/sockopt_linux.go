package ws

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// forgetAfter bounds how long the kernel keeps what it couldn't deliver once the socket is
// closed: TCP_USER_TIMEOUT, tcp(7). Without it a peer that vanished keeps its send
// buffer in the kernel for minutes.
func forgetAfter(c *net.TCPConn, d time.Duration) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	// Best effort: the socket is about to be closed, and works without.
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}

//go:build !unix

package ws

import (
	"errors"
	"net"
)

// socket would write without waiting; there is none here: each connection has a writer of its own.
type socket struct{}

func newSocket(net.Conn) *socket { return nil }

func (*socket) write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (*socket) writev([][]byte) (int, error) { return 0, errors.ErrUnsupported }

func (*socket) whenReady(func() bool) error { return errors.ErrUnsupported }

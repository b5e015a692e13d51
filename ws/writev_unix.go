//go:build unix && !linux

package ws

import (
	"bytes"
	"syscall"
)

// writev copies: not every system has the call.
func writev(fd int, batch [][]byte) (int, error) { return syscall.Write(fd, bytes.Join(batch, nil)) }

//go:build !linux

package ws

import (
	"net"
	"time"
)

// forgetAfter leaves to the system how long it keeps what it couldn't deliver.
func forgetAfter(*net.TCPConn, time.Duration) {}

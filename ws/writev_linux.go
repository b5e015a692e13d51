package ws

import "golang.org/x/sys/unix"

func writev(fd int, batch [][]byte) (int, error) { return unix.Writev(fd, batch) }

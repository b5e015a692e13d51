package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/chatd/chatd/config"
)

// serve runs the server until ctx ends, and stops it in order.
func serve(ctx context.Context, inv *config.Invocation, stdout, stderr io.Writer) (err error) {
	s := inv.Settings
	log := newLogger(s, stderr)
	for _, w := range inv.Warnings {
		log.Warn(w)
	}
	// Before the store is opened: a second start on one machine should hear of the port.
	listener, err := listen(ctx, s.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	n, err := newNode(ctx, s, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()

	welcome{addr: listener.Addr(), settings: s, password: n.madePassword}.print(stdout)
	log.Info("serving", "addr", listener.Addr().String(), "version", versionName())
	err = runParts(ctx, n.parts(listener), s.ShutdownTimeout, log)
	log.Info("stopped")
	return err
}

// listen says which setting to change when the address can't be had.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("CHATD_ADDR: %s is in use by another program; choose another port, such as CHATD_ADDR=:8001, or 0 for any free one", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("CHATD_ADDR: this user may not listen on %s; choose a port above 1023", addr)
	case err != nil:
		return nil, fmt.Errorf("CHATD_ADDR: can't listen on %s: %w", addr, err)
	}
	return l, nil
}

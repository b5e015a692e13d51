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
	listener, err := listen(ctx, "CHATD_ADDR", s.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	profiles, err := newProfiler(ctx, s.ProfileAddr, log)
	if err != nil {
		return err
	}
	defer profiles.close()
	n, err := newNode(ctx, s, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()

	welcome{addr: listener.Addr(), settings: s, password: n.madePassword}.print(stdout)
	log.Info("serving", "addr", listener.Addr().String(), "version", versionName())
	err = runParts(ctx, append(profiles.parts(), n.parts(listener)...), s.ShutdownTimeout, log)
	log.Info("stopped")
	return err
}

// listen says which setting to change when the address can't be had.
func listen(ctx context.Context, setting, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%[1]s: %[2]s is in use by another program; choose another port, such as %[1]s=%[3]s, or 0 for any free one", setting, addr, another(addr))
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: this user may not listen on %s; choose a port above 1023", setting, addr)
	case err != nil:
		return nil, fmt.Errorf("%s: can't listen on %s: %w", setting, addr, err)
	}
	return l, nil
}

// another is an address like addr with a port that is an example.
func another(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return ":8001"
	}
	return net.JoinHostPort(host, "8001")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// The server's time-outs. A WebSocket is out of their reach once it is upgraded.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
)

func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serveHTTP answers what comes to l until ctx ends. Then no one new is let in, and goodbye
// ends the sockets while requests under way are finished; what isn't done within bound is cut.
func serveHTTP(ctx context.Context, srv *http.Server, l net.Listener, goodbye func(context.Context) error, bound time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bound)
	defer cancel()
	var g errgroup.Group
	g.Go(func() error {
		if err := srv.Shutdown(stopCtx); err != nil {
			return errors.Join(fmt.Errorf("requests were cut: %w", err), srv.Close())
		}
		return nil
	})
	g.Go(func() error { return goodbye(stopCtx) })
	err := g.Wait()
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

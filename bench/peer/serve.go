package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"slices"
	"strings"
	"time"
)

// Names are the peers that Run knows.
var Names = []string{"centrifuge", "melody", "gws", "bare-one", "bare-all"}

// Run serves as the named peer on free ports of loopback until ctx ends or the standard
// input does, which is when whoever started it is gone. The first line on the standard
// output has the address, and the address of its profiles.
func Run(ctx context.Context, name string) error {
	if !slices.Contains(Names, name) {
		return fmt.Errorf("no peer is called %q; there are %s", name, strings.Join(Names, ", "))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var lc net.ListenConfig
	profiles, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for profiles: %w", err)
	}
	go func() { _ = serveHTTP(ctx, profiles, http.DefaultServeMux) }()
	if kind, ok := strings.CutPrefix(name, "bare-"); ok {
		return runBare(ctx, kind == "all", func(addr string) { announce(addr, profiles) })
	}
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	handler, err := handlerOf(name)
	if err != nil {
		return err
	}
	announce(l.Addr().String(), profiles)
	return serveHTTP(ctx, l, handler)
}

func announce(addr string, profiles net.Listener) {
	fmt.Printf("%s %s\n", addr, profiles.Addr())
}

func handlerOf(name string) (http.Handler, error) {
	switch name {
	case "centrifuge":
		return newCentrifuge()
	case "melody":
		return newMelody(), nil
	default:
		return newGWS(), nil
	}
}

// serveHTTP has no time-outs for connections, which none of the peers sets either once
// they are upgraded.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
)

// profiler serves profiles to this machine alone: the configuration takes no other address.
type profiler struct {
	listener net.Listener // nil: none are served
	log      *slog.Logger
}

func newProfiler(ctx context.Context, addr string, log *slog.Logger) (*profiler, error) {
	p := &profiler{log: log}
	if addr == "" {
		return p, nil
	}
	var err error
	p.listener, err = listen(ctx, "CHATD_PROFILE_ADDR", addr)
	return p, err
}

// parts are first in the order of starting, so that a stop can be profiled too.
func (p *profiler) parts() []part {
	if p.listener == nil {
		return nil
	}
	return []part{{"profiles", p.run}}
}

func (p *profiler) run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	srv := newHTTPServer(mux, p.log)
	srv.WriteTimeout = 0 // a profile lasts as long as it was asked to
	srv.BaseContext = func(net.Listener) context.Context { return ctx }
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() }) // whoever profiles is cut
	defer stop()
	p.log.Info("serving profiles", "url", "http://"+p.listener.Addr().String()+"/debug/pprof/")
	if err := srv.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (p *profiler) close() {
	if p.listener != nil {
		p.listener.Close()
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/chatd/chatd/bench/load"
)

// scenario is a mode with its numbers.
type scenario struct {
	mode    string
	readers int
	rate    float64
	rooms   int
	stored  int // rooms more that are stored, with nobody in them
	stalled int
	peers   []string // in each run
	once    []string // in the first run only: beside the point, yet good to know
	curve   string   // the plot that it is a point of
}

// subjects are all that are measured.
func (s scenario) subjects() []string { return slices.Concat(s.peers, s.once) }

func (s scenario) name() string {
	switch s.mode {
	case "saturated", "storm", "recover", "idle":
		return fmt.Sprintf("%s %d", s.mode, s.readers)
	case "rooms":
		if s.stored > 0 {
			return fmt.Sprintf("rooms %d+%d", s.rooms, s.stored)
		}
		return fmt.Sprintf("rooms %d", s.rooms)
	case "slow":
		return fmt.Sprintf("slow %dx%g, %d stalled", s.readers, s.rate, s.stalled)
	}
	return fmt.Sprintf("%s %dx%g", s.mode, s.readers, s.rate)
}

// metrics are what a run measured, by name; see columns for units.
type metrics map[string]float64

// result is one run of one subject.
type result struct {
	Scenario string           `json:"scenario"`
	Subject  string           `json:"subject"`
	Run      int              `json:"run"`
	Metrics  metrics          `json:"metrics"`
	Faults   load.Faults      `json:"faults"`
	Refused  map[string]int64 `json:"refused,omitempty"`
	Closed   map[string]int64 `json:"closed,omitempty"`
	Failed   string           `json:"failed,omitempty"`
}

// modes measure one subject. They fill in the metrics.
var modes = map[string]func(*trial) error{
	"saturated": (*trial).saturated,
	"fixed":     (*trial).fixed,
	"rooms":     (*trial).rooms,
	"idle":      (*trial).idle,
	"storm":     (*trial).storm,
	"recover":   (*trial).storm,
	"overload":  (*trial).overload,
	"slow":      (*trial).slow,
}

func modeNames() []string {
	return []string{"saturated", "fixed", "rooms", "idle", "storm", "recover", "overload", "slow"}
}

// trial is one run of one subject.
type trial struct {
	*bench
	scenario
	*server
	ctx     context.Context
	engine  *load.Engine
	metrics metrics
}

// try starts a subject, measures it once and stops it. What fails is part of the result:
// that a server can't do something is worth knowing.
func (b *bench) try(ctx context.Context, s scenario, subject string, run int) (result, error) {
	r := result{Scenario: s.name(), Subject: subject, Run: run, Metrics: metrics{}}
	srv, err := b.start(ctx, subject)
	if err != nil {
		return r, err
	}
	e, err := load.New(srv.Addr, protocolOf(subject))
	if err != nil {
		return r, err
	}
	t := &trial{bench: b, scenario: s, server: srv, ctx: ctx, engine: e, metrics: r.Metrics}
	if err := modes[s.mode](t); err != nil {
		r.Failed = err.Error()
	}
	r.Faults, r.Refused, r.Closed = e.Faults(), e.Refused, e.Closed
	e.Close()
	if err := srv.stop(); err != nil {
		return r, fmt.Errorf("stop %s: %w", subject, err)
	}
	return r, ctx.Err()
}

// usage is what a server has used up at a moment.
type usage struct {
	at, own   time.Duration
	cpu       time.Duration
	delivered int64
	bytes     int64
}

func (t *trial) usage() (usage, error) {
	own, err := ownCPU()
	if err != nil {
		return usage{}, err
	}
	cpu, err := t.CPU()
	return usage{time.Duration(t.engine.Now()), own, cpu, t.engine.Delivered, t.engine.Bytes}, err
}

// measured runs load, and notes what it cost and brought.
func (t *trial) measured(load func() error) error {
	wait := t.profiled()
	before, err := t.usage()
	if err != nil {
		return err
	}
	sentBefore := t.engine.Sent
	t.engine.Window(t.window)
	if err := load(); err != nil {
		return err
	}
	after, err := t.usage()
	if err != nil {
		return err
	}
	seconds, n := (after.at - before.at).Seconds(), float64(after.delivered-before.delivered)
	cpu := (after.cpu - before.cpu).Seconds()
	t.metrics["deliveries"] = n / seconds
	t.metrics["cpu"] = cpu / seconds
	t.metrics["cpu_million"] = cpu / n * 1e6
	if sent := t.engine.Sent - sentBefore; sent > 0 {
		t.metrics["cpu_message"] = cpu / float64(sent)
	}
	t.metrics["bytes"] = float64(after.bytes-before.bytes) / n
	t.metrics["generator"] = (after.own - before.own).Seconds() / seconds
	m, err := t.Memory()
	t.metrics["rss"] = float64(m.RSS)
	if err != nil {
		return err
	}
	return wait()
}

// latencies are noted when all that was sent in the window has come.
func (t *trial) latencies() {
	h := &t.engine.Latency
	for name, q := range map[string]float64{"p50": 0.5, "p99": 0.99} {
		t.metrics[name] = h.Quantile(q).Seconds()
	}
	t.metrics["max"] = h.Max().Seconds()
}

// profiled takes a profile of chatd while something is measured, where one is asked for.
func (t *trial) profiled() (wait func() error) {
	if t.profile == "" || t.data == "" {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		f, err := os.Create(t.profile)
		if err != nil {
			done <- err
			return
		}
		defer f.Close()
		done <- t.Profile(t.ctx, t.window, f)
	}()
	return func() error { return <-done }
}

// heap writes what chatd holds in memory, where a profile is asked for.
func (t *trial) heap() error {
	if t.profile == "" || t.data == "" {
		return nil
	}
	f, err := os.Create(t.profile)
	if err != nil {
		return err
	}
	return errors.Join(t.Heap(t.ctx, f), f.Close())
}

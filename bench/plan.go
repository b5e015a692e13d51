package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// table is what is measured when nothing is chosen.
var table = []scenario{
	{mode: "saturated", readers: 1000, peers: []string{"chatd", "centrifuge", "bare-one", "bare-all"}, once: []string{"chatd-power", "melody", "gws"}},
	{mode: "saturated", readers: 10000, peers: []string{"chatd", "centrifuge", "bare-all"}},
	{mode: "fixed", readers: 1000, rate: 40, peers: withBare, once: []string{"chatd-power", "melody", "gws"}},
	{mode: "fixed", readers: 1000, rate: 200, peers: withBare, once: []string{"melody", "gws"}},
	{mode: "fixed", readers: 10000, rate: 10, peers: withBare},
	{mode: "rooms", rooms: 2000, peers: both, once: []string{"chatd-power", "bare-one"}},
	{mode: "rooms", rooms: 20, once: justChatd},
	{mode: "rooms", rooms: 200, once: justChatd},
	{mode: "rooms", rooms: 3000, once: justChatd},
	{mode: "rooms", rooms: 2000, stored: 20000, once: justChatd},
	{mode: "idle", readers: 5000, once: []string{"chatd", "centrifuge", "melody", "gws"}},
	{mode: "storm", readers: 5000, peers: both},
	{mode: "recover", readers: 5000, peers: both},
	{mode: "overload", readers: 1000, rate: 6000, once: []string{"chatd", "centrifuge", "melody", "bare-all"}},
	{mode: "slow", readers: 1000, rate: 200, stalled: 50, once: both},
}

var (
	justChatd = []string{"chatd"}
	both      = []string{"chatd", "centrifuge"}
	withBare  = []string{"chatd", "centrifuge", "bare-one"}
)

// curves are the points of the plots: the cost of a delivery by readers and by rate.
func curves() (points []scenario) {
	for _, readers := range []int{10, 30, 100, 300, 1000, 3000, 10000} {
		points = append(points, scenario{mode: "fixed", readers: readers, rate: 20, once: withBare, curve: "readers"})
	}
	for _, rate := range []float64{2, 5, 10, 20, 40, 100, 200, 400} {
		points = append(points, scenario{mode: "fixed", readers: 1000, rate: rate, once: withBare, curve: "rate"})
	}
	return points
}

// chosen are the scenarios that the command line asks for.
func (b *bench) chosen() (s []scenario) {
	named := !slices.Contains(b.modes, "all")
	seen := make(map[string]bool)
	for _, c := range table {
		if named && !slices.Contains(b.modes, c.mode) {
			continue
		}
		if b.readers > 0 {
			c.readers = b.readers
		}
		if b.rate > 0 {
			c.rate = b.rate
		}
		if b.options.rooms > 0 {
			c.rooms, c.stored = b.options.rooms, 0
		}
		if b.options.stored >= 0 && c.mode == "rooms" {
			c.stored = b.options.stored
		}
		if len(b.peers) > 0 {
			c.peers, c.once = b.peers, nil
		}
		// Numbers of the command line make several of the table's the same.
		if !seen[c.name()] {
			seen[c.name()] = true
			s = append(s, c)
		}
	}
	return s
}

// all measures what was chosen and tells it.
func (b *bench) all(ctx context.Context) error {
	var results []result
	var report strings.Builder
	chosen := b.chosen()
	for _, s := range chosen {
		of, err := b.measure(ctx, s)
		results = append(results, of...)
		if err != nil {
			return errors.Join(err, b.keep(results))
		}
		part := scenarioTable(s, of)
		fmt.Print(part)
		report.WriteString(part)
	}
	summary := ratioTable(chosen, results)
	fmt.Print(summary)
	if !b.write {
		return b.keep(results)
	}
	points := curves()
	for _, s := range points {
		of, err := b.measure(ctx, s)
		results = append(results, of...)
		if err != nil {
			return errors.Join(err, b.keep(results))
		}
	}
	return errors.Join(b.keep(results), writeDoc(ctx, docFile, b.options, summary, report.String(), points, results))
}

// measure runs the subjects of a scenario one after the other, and all of that again:
// what changes on the machine meanwhile hits everyone.
func (b *bench) measure(ctx context.Context, s scenario) (results []result, err error) {
	for run := range b.runs {
		subjects := s.peers
		if run == 0 {
			subjects = s.subjects()
		}
		for _, subject := range subjects {
			fmt.Fprintf(os.Stderr, "%s: %s, run %d\n", s.name(), subject, run+1)
			r, err := b.try(ctx, s, subject, run+1)
			if err != nil {
				return results, err
			}
			if r.Failed != "" {
				fmt.Fprintf(os.Stderr, "  %s\n", r.Failed)
			}
			results = append(results, r)
		}
	}
	return results, nil
}

// keep writes the results as JSON.
func (b *bench) keep(results []result) error {
	if b.results == "" {
		return nil
	}
	if err := os.MkdirAll(b.results, 0o755); err != nil {
		return fmt.Errorf("make the folder of the results: %w", err)
	}
	text, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	file := filepath.Join(b.results, time.Now().UTC().Format("2006-01-02T150405Z")+".json")
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// ownCPU is what the generator has used so far.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

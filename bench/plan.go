package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// everybody is measured where nothing else is said.
var (
	everybody = []string{"chatd", "chatd-power", "centrifuge", "melody", "gws", "bare-one", "bare-all"}
	both      = []string{"chatd", "centrifuge"}
)

// table is what is measured when nothing is chosen.
var table = []scenario{
	{mode: "saturated", readers: 1000, peers: everybody},
	{mode: "saturated", readers: 10000, peers: []string{"chatd", "centrifuge", "bare-all"}},
	{mode: "fixed", readers: 1000, rate: 40, peers: everybody},
	{mode: "fixed", readers: 1000, rate: 200, peers: []string{"chatd", "centrifuge", "melody", "gws", "bare-one"}},
	{mode: "fixed", readers: 10000, rate: 10, peers: []string{"chatd", "centrifuge", "bare-one"}},
	{mode: "rooms", rooms: 2000, peers: []string{"chatd", "chatd-power", "centrifuge", "bare-one"}},
	{mode: "rooms", rooms: 20, peers: []string{"chatd"}},
	{mode: "rooms", rooms: 200, peers: []string{"chatd"}},
	{mode: "rooms", rooms: 3000, peers: []string{"chatd"}},
	{mode: "rooms", rooms: 2000, stored: 20000, peers: []string{"chatd"}},
	{mode: "idle", readers: 5000, peers: []string{"chatd", "centrifuge", "melody", "gws"}},
	{mode: "storm", readers: 5000, peers: both},
	{mode: "recover", readers: 5000, peers: both},
	{mode: "overload", readers: 1000, rate: 6000, peers: []string{"chatd", "centrifuge", "melody", "bare-all"}},
	{mode: "slow", readers: 1000, rate: 200, stalled: 50, peers: both},
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
			c.peers = b.peers
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
	for _, s := range b.chosen() {
		of, err := b.measure(ctx, s)
		results = append(results, of...)
		if err != nil {
			return err
		}
		if err := printScenario(os.Stdout, s, of); err != nil {
			return err
		}
	}
	return b.keep(results)
}

// measure runs the subjects of a scenario one after the other, and all of that again:
// what changes on the machine meanwhile hits everyone.
func (b *bench) measure(ctx context.Context, s scenario) (results []result, err error) {
	for run := range b.runs {
		for _, subject := range s.peers {
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
	if err := os.MkdirAll(b.results, 0o755); err != nil { //nolint:gosec // results are no secret
		return fmt.Errorf("make the folder of the results: %w", err)
	}
	text, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	file := filepath.Join(b.results, time.Now().UTC().Format("2006-01-02T150405Z")+".json")
	return os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // results are no secret
}

// ownCPU is what the generator has used so far.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// Command bench measures chatd beside what a user would pick instead, and beside the bare
// system calls. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/chatd/chatd/bench/peer"
)

// options are what the command line says.
type options struct {
	modes, peers []string
	readers      int
	rate         float64
	rooms        int
	stored       int
	runs         int
	window       time.Duration
	outstanding  int64
	quick, write bool
	profile      string
	chatdPath    string
	results      string
}

func main() {
	// What this thread starts dies with it (see proc.Start), so it has to live.
	runtime.LockOSThread()
	debug.SetGCPercent(400) // the generator's own garbage is little; its collector shouldn't take the servers' time
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing to do in a process that ends
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == "peer" {
		return errors.Join(raiseFiles(), peer.Run(ctx, args[1]))
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := raiseFiles(); err != nil {
		return err
	}
	b, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	return b.all(ctx)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	modes := f.String("mode", "all", "which modes, separated by commas: all, "+strings.Join(modeNames(), ", "))
	peers := f.String("peers", "", "what to measure, separated by commas: "+strings.Join(subjects, ", ")+"; empty: what the mode is about")
	f.IntVar(&o.readers, "readers", 0, "readers; 0: what the mode is about")
	f.Float64Var(&o.rate, "rate", 0, "messages a second in all; 0: what the mode is about")
	f.IntVar(&o.rooms, "rooms", 0, "rooms of five, in mode rooms; 0: what the mode is about")
	f.IntVar(&o.stored, "stored", -1, "rooms that are stored besides, in mode rooms; -1: what the mode is about")
	f.IntVar(&o.runs, "runs", 3, "runs of each, interleaved; the median is told")
	seconds := f.Float64("seconds", 5, "length of a run, after a warm-up of a second")
	f.Int64Var(&o.outstanding, "outstanding", 64, "messages on their way at once, in mode saturated")
	f.BoolVar(&o.quick, "quick", false, "one short run of each")
	f.BoolVar(&o.write, "write", false, "write the table and the plots into docs/performance.md")
	f.StringVar(&o.profile, "profile", "", "file for a CPU profile of chatd, taken while it is measured; in mode idle, for one of its memory")
	f.StringVar(&o.chatdPath, "chatd", "", "the chatd to measure; empty: it is built from the sources beside")
	f.StringVar(&o.results, "results", "results", "folder for the results as JSON; empty: none are written")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is no option", f.Arg(0))
	}
	o.window = time.Duration(*seconds * float64(time.Second))
	if o.quick {
		o.runs, o.window = 1, 2*time.Second
	}
	o.modes, o.peers = list(*modes), list(*peers)
	for _, p := range o.peers {
		if !slices.Contains(subjects, p) {
			return o, fmt.Errorf("-peers: %q is none of %s", p, strings.Join(subjects, ", "))
		}
	}
	for _, m := range o.modes {
		if m != "all" && !slices.Contains(modeNames(), m) {
			return o, fmt.Errorf("-mode: %q is none of %s", m, strings.Join(modeNames(), ", "))
		}
	}
	return o, nil
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// prepare builds chatd.
func prepare(ctx context.Context, o options) (*bench, error) {
	b := &bench{options: o, chatd: o.chatdPath}
	var err error
	if b.self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if b.dir, err = os.MkdirTemp("", "chatd-bench-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if b.chatd != "" {
		b.chatd, err = filepath.Abs(b.chatd)
		return b, err
	}
	b.chatd = filepath.Join(b.dir, "chatd")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.chatd, "./cmd/chatd")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build chatd: %w\n%s", err, out), os.RemoveAll(b.dir))
	}
	return b, nil
}

// raiseFiles lets this process, and those it starts, have as many connections as the
// system allows.
func raiseFiles() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	l.Cur = l.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("raise the limit of open files: %w", err)
	}
	return nil
}

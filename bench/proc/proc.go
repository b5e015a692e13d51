package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is a server under measurement. The zero value is of no use.
type Process struct {
	Addr     string // host:port that it serves
	Profiles string // host:port of its net/http/pprof
	cmd      *exec.Cmd
	stdin    io.Closer
}

// startTimeout is how long a server may take until it serves.
const startTimeout = 20 * time.Second

// Start runs a program; read learns from its standard output where it serves, and returns
// true once it knows all. The program dies with this process, whatever ends that: the
// caller's goroutine has to be locked to its thread for as long as the program runs.
func Start(cmd *exec.Cmd, read func(p *Process, line string) bool) (*Process, error) {
	p := &Process{cmd: cmd}
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	p.stdin = stdin
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	serves := make(chan string, 1) // nothing, or what it said before it ended
	go func() {
		lines := bufio.NewScanner(stdout)
		said, told := "", false
		for lines.Scan() {
			switch {
			case told:
			case read(p, lines.Text()):
				told = true
				serves <- ""
			default:
				said += lines.Text() + "\n"
			}
		}
		if !told {
			serves <- "it ended at its start: " + said
		}
	}()
	select {
	case said := <-serves:
		if said == "" {
			return p, nil
		}
		return nil, errors.Join(errors.New(said), cmd.Wait())
	case <-time.After(startTimeout):
		return nil, errors.Join(fmt.Errorf("%s told no address within %s", cmd.Path, startTimeout), p.Stop())
	}
}

// Stop asks the server to end and waits; after ten seconds it is killed.
func (p *Process) Stop() error {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("wait: %w", err)
	}
	return nil
}

// CPU returns the time that the server has spent on a processor so far, in user space and
// in the kernel on its behalf.
func (p *Process) CPU() (time.Duration, error) { return cpu(p.cmd.Process.Pid) }

func cpu(pid int) (time.Duration, error) {
	// What the tasks say is exact to the nanosecond; the process's own stat counts ticks
	// but knows threads that have ended. Go ends none as long as it serves.
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return ticks(pid)
	}
	var sum time.Duration
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has just ended
		}
		ns, _, _ := strings.Cut(string(b), " ")
		n, err := strconv.ParseInt(ns, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", f, err)
		}
		sum += time.Duration(n)
	}
	return sum, nil
}

// ticks is where the kernel keeps no statistics of its scheduler; a tick is 10 ms.
func ticks(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest) // from field 3 on: utime is 14, stime 15
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// Memory is in bytes.
type Memory struct {
	RSS  int64 // resident now
	Peak int64 // the most since ResetPeak
}

// Memory returns what the server holds.
func (p *Process) Memory() (Memory, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return Memory{}, fmt.Errorf("read memory: %w", err)
	}
	return Memory{RSS: kilobytes(string(b), "VmRSS:"), Peak: kilobytes(string(b), "VmHWM:")}, nil
}

func kilobytes(status, name string) int64 {
	_, rest, _ := strings.Cut(status, name)
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "kB")), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// ResetPeak begins a new peak.
func (p *Process) ResetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}

// SocketMemory is what TCP's buffers hold on this machine, all processes together, in bytes.
func SocketMemory() (int64, error) {
	b, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0, fmt.Errorf("read socket memory: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "TCP:" {
			pages, err := strconv.ParseInt(fields[len(fields)-1], 10, 64)
			return pages * int64(os.Getpagesize()), err
		}
	}
	return 0, errors.New("/proc/net/sockstat has no line for TCP")
}

// Collect has the server collect its garbage.
func (p *Process) Collect(ctx context.Context) error {
	return p.fetch(ctx, "heap?gc=1", io.Discard)
}

// Profile writes a CPU profile of the server over d.
func (p *Process) Profile(ctx context.Context, d time.Duration, w io.Writer) error {
	return p.fetch(ctx, fmt.Sprintf("profile?seconds=%d", max(1, int(d.Seconds()))), w)
}

// Heap writes what the server holds in memory.
func (p *Process) Heap(ctx context.Context, w io.Writer) error { return p.fetch(ctx, "heap?gc=1", w) }

func (p *Process) fetch(ctx context.Context, what string, w io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Profiles+"/debug/pprof/"+what, nil)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: %s answered %s", p.Profiles, res.Status)
	}
	_, err = io.Copy(w, res.Body)
	return err
}

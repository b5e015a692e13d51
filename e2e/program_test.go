package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is a chatd that may be started, killed and started again at one address.
type program struct {
	t    *testing.T
	addr string // host:port
	env  []string
	log  output
	spec *ledger

	cmd    *exec.Cmd
	exited chan struct{} // closed when cmd has been waited for
}

// generous switches the limits off that tests from one address would meet.
var generous = []string{
	"CHATD_RATE_MESSAGES_USER=off",
	"CHATD_RATE_MESSAGES_ADDRESS=off",
	"CHATD_RATE_ACTIONS_USER=off",
	"CHATD_RATE_JOINS_ADDRESS=off",
	"CHATD_RATE_NEW_ROOMS_ADDRESS=off",
	"CHATD_RATE_CONNECTIONS_ADDRESS=off",
	"CHATD_CONNECTIONS_ADDRESS_MAX=0",
	"CHATD_LOG_FORMAT=json",
}

// start runs a program on this database until the test ends; later settings win.
func start(t *testing.T, db database, env ...string) *program {
	t.Helper()
	p := &program{t: t, addr: "127.0.0.1:" + strconv.Itoa(freePort(t)), spec: newLedger(t)}
	p.env = append(p.env, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), "GORACE=halt_on_error=0")
	p.env = append(p.env, "CHATD_ADDR="+p.addr, "CHATD_DATA_DIR="+t.TempDir(), "CHATD_JWT_SECRET="+jwtSecret)
	if u := db.url(t); u != "" {
		p.env = append(p.env, "CHATD_DATABASE_URL="+u)
	}
	p.env = append(append(p.env, generous...), env...)
	t.Cleanup(p.finish)
	p.up()
	return p
}

// freePort finds a port that nobody uses, below those that outgoing connections get,
// so that it can be listened on again after a restart.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("found no free port")
	return 0
}

// up starts the process and returns when it serves.
func (p *program) up() {
	p.t.Helper()
	p.cmd = exec.Command(binary)
	p.cmd.Dir = p.t.TempDir() // no chatd.yaml
	p.cmd.Env = p.env
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, exited := p.cmd, make(chan struct{})
	p.exited = exited
	go func() { // ends with the process, which finish ends
		defer close(exited)
		_ = cmd.Wait() // its outcome is in cmd.ProcessState
	}()
	eventually(p.t, 30*time.Second, "the program serves", func() bool {
		select {
		case <-exited:
			p.t.Fatalf("the program ended at start: %v\n%s", cmd.ProcessState, p.log.tail(30))
		default:
		}
		code, _ := p.get("/readyz")
		return code == http.StatusOK
	})
}

// get asks the program over HTTP; 0: it doesn't answer.
func (p *program) get(path string) (status int, body string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+path, nil)
	if err != nil {
		return 0, ""
	}
	hc := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := hc.Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body) // a body cut short fails whoever looks into it
	return resp.StatusCode, b.String()
}

// kill ends the process as a power cut to it would: SIGKILL.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.exited
}

// stop asks the process to end, and returns its exit code and how long it took.
func (p *program) stop() (code int, took time.Duration) {
	p.t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("signal the program: %v", err)
	}
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		p.t.Fatal("the program did not stop within a minute")
	}
	return p.cmd.ProcessState.ExitCode(), time.Since(began)
}

func (p *program) finish() {
	if p.cmd != nil && p.cmd.Process != nil {
		p.kill()
	}
	log := p.log.String()
	if strings.Contains(log, "DATA RACE") || strings.Contains(log, "panic") {
		p.t.Errorf("the program's log has a data race or a panic:\n%s", around(log, "DATA RACE", "panic"))
	}
	if p.t.Failed() {
		p.t.Logf("the end of the program's log:\n%s", p.log.tail(40))
	}
}

// proc reads a number out of /proc/PID/status, such as VmRSS (in KiB).
func (p *program) proc(field string) int {
	p.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return number(p.t, string(b), field+":")
}

// files counts the process's open file descriptors.
func (p *program) files() int {
	p.t.Helper()
	d, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(d)
}

// number returns the number after name where name begins a line; -1: there is none.
func number(t *testing.T, text, name string) int {
	t.Helper()
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != name {
			continue
		}
		f, err := strconv.ParseFloat(words[1], 64)
		if err != nil {
			t.Fatalf("%s is %q, want a number", name, words[1])
		}
		return int(f)
	}
	return -1
}

// around returns the first line with one of these words, and those after it.
func around(text string, words ...string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		for _, w := range words {
			if strings.Contains(l, w) {
				return strings.Join(lines[i:min(i+60, len(lines))], "\n")
			}
		}
	}
	return ""
}

// output collects what a process writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *output) tail(n int) string {
	lines := strings.Split(strings.TrimSpace(o.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// eventually waits until ok, and fails the test after the deadline.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(within)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain until %s", within, what)
		}
		<-tick.C
	}
}

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	apiKey        = "a-key-of-the-tests-0123456789"
	adminPassword = "correct horse battery"
	jwtSecret     = "a-secret-of-the-tests-0123456789-0123456789"
)

// output collects what a program prints, and lets a test wait for it.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // closed and replaced at each write
}

func newOutput() *output { return &output{more: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.b.Write(p)
}

func (o *output) String() string {
	s, _ := o.look()
	return s
}

func (o *output) look() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String(), o.more
}

// instance is a running server.
type instance struct {
	t              *testing.T
	url            string
	stdout, stderr *output
	cancel         context.CancelFunc
	ended          chan error
	wait           func() error
}

// deadline is five times what a start or a stop may take here.
const deadline = 30 * time.Second

var chatLine = regexp.MustCompile(`(?m)^ +Chat +(http\S+)/$`)

// start runs a server on a free port, with these settings besides the tests' own, and waits until it serves.
func start(t *testing.T, dataDir string, environ ...string) *instance {
	t.Helper()
	environ = append(environ,
		"CHATD_ADDR=127.0.0.1:0", "CHATD_DATA_DIR="+dataDir, "CHATD_API_KEY="+apiKey,
		"CHATD_ADMIN_PASSWORD="+adminPassword, "CHATD_JWT_SECRET="+jwtSecret)
	seen := make(map[string]bool) // of each variable the first counts
	environ = slices.DeleteFunc(environ, func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		again := seen[name]
		seen[name] = true
		return again
	})
	ctx, cancel := context.WithCancel(context.Background())
	i := &instance{t: t, stdout: newOutput(), stderr: newOutput(), cancel: cancel, ended: make(chan error, 1)}
	i.wait = sync.OnceValue(func() error { return <-i.ended })
	go func() { i.ended <- run(ctx, nil, environ, i.stdout, i.stderr) }()
	t.Cleanup(func() {
		if err := i.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	timeout := time.After(deadline)
	for {
		out, more := i.stdout.look()
		if m := chatLine.FindStringSubmatch(out); m != nil {
			i.url = m[1]
			return i
		}
		select {
		case <-more:
		case err := <-i.ended:
			i.ended <- err
			t.Fatalf("it ended at its start: %v\n%s", err, i.stderr)
		case <-timeout:
			t.Fatalf("no address within %s:\n%s", deadline, out)
		}
	}
}

// awaitLog waits for a line of the log and returns all of it so far.
func (i *instance) awaitLog(line string) string {
	i.t.Helper()
	timeout := time.After(deadline)
	for {
		log, more := i.stderr.look()
		if strings.Contains(log, line) {
			return log
		}
		select {
		case <-more:
		case <-timeout:
			i.t.Fatalf("no %q in the log within %s:\n%s", line, deadline, log)
		}
	}
}

// stop does what a signal does, and returns what run returned.
func (i *instance) stop() error {
	i.cancel()
	return i.wait()
}

// get asks for a path with the API key and returns status and body.
func (i *instance) get(path string) (int, string) {
	i.t.Helper()
	return i.do(http.MethodGet, path, "")
}

func (i *instance) do(method, path, body string) (int, string) {
	i.t.Helper()
	req, err := http.NewRequestWithContext(i.t.Context(), method, i.url+path, strings.NewReader(body))
	if err != nil {
		i.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		i.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// command runs a command that ends by itself.
func command(t *testing.T, environ []string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, environ, &out, io.Discard)
	return out.String(), err
}

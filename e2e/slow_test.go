package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/chatd/chatd/client"
)

// TestReadersThatNeverRead puts readers that never read beside some that do, at 200
// messages of 1 KB a second: those that do miss nothing; the others are gone within 15 s and may
// reconnect; neither the process nor the kernel's socket buffers grow out of bounds.
func TestReadersThatNeverRead(t *testing.T) {
	p := start(t, sqlite)
	silent, good, rate := sized(100, 500), sized(10, 50), sized(100, 200)
	writers := &crowd{room: "loud", size: 1000}
	for i := range 16 {
		writers.clients = append(writers.clients, p.dial(t, client.Options{Token: user(t, fmt.Sprintf("writer-%d", i))}))
		join(t, writers.clients[i], "loud")
	}
	// Long messages are a moderator's choice; the default is 500 characters.
	mod := p.dial(t, client.Options{Token: moderator(t, "mod")})
	join(t, mod, "loud")
	if _, err := mod.Set(within(t, 20*time.Second), "loud", client.SettingsPatch{MaxLength: new(2000)}); err != nil {
		t.Fatal(err)
	}
	var readers []*reader
	for range good {
		readers = append(readers, follow(t, p.dial(t, client.Options{}), "loud"))
	}
	open, rss, kernel := p.metric(t, "chatd_connections"), p.proc("VmRSS"), tcpMemory(t)
	deaf := make([]*websocket.Conn, silent)
	for i := range deaf {
		deaf[i] = p.deaf(t, "loud")
	}
	publish(t, writers, rate)
	began := time.Now()

	peakRSS, peakKernel := rss, kernel
	eventually(t, 75*time.Second, "those that never read are gone", func() bool {
		peakRSS, peakKernel = max(peakRSS, p.proc("VmRSS")), max(peakKernel, tcpMemory(t))
		return p.metric(t, "chatd_connections") <= open
	})
	took := time.Since(began)

	writers.halt()
	v := fullView(t, p, "loud")
	acks := writers.acknowledged()
	for _, r := range readers {
		r.reaches(t, v.Seq)
		r.saw(t, acks, nil)
	}
	codes := closeCodes(t, deaf)
	t.Logf("%d that never read were gone after %v, with %v; %d others saw %d messages; process %d KiB before, %d at its peak (+%d a silent reader); kernel's TCP memory %d KiB before, %d at its peak",
		silent, took.Round(time.Millisecond), codes, good, len(acks), rss, peakRSS, (peakRSS-rss)/silent, kernel, peakKernel)
	if took > 15*time.Second && !raced {
		t.Errorf("they were gone after %v, want 15 s at most", took)
	}
	for code, n := range codes {
		if code >= 4500 || code == 1000 {
			t.Errorf("%d were closed with %d, want a code that says reconnect", n, code)
		}
	}
	if bound := 200<<10 + silent*1024; peakRSS-rss > bound*raceFactor() {
		t.Errorf("the process grew by %d KiB, want at most %d", peakRSS-rss, bound*raceFactor())
	}
	if bound := 192<<10 + silent*512; peakKernel-kernel > bound {
		t.Errorf("the kernel's TCP memory grew by %d KiB, want at most %d", peakKernel-kernel, bound)
	}
}

// raceFactor is how much more memory the race detector may take.
func raceFactor() int {
	if raced {
		return 4
	}
	return 1
}

// deaf joins a room and never reads.
func (p *program) deaf(t *testing.T, room string) *websocket.Conn {
	t.Helper()
	ctx := within(t, 20*time.Second)
	ws, _, err := websocket.Dial(ctx, "ws://"+p.addr+"/ws/chat/"+room, &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Subprotocols: []string{client.Subprotocol},
	})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() }) // it is gone already
	return ws
}

// closeCodes reads what is left on these connections, and counts the codes of their
// ends; one that just ends counts as 1006 (RFC 6455, section 7.1.5).
func closeCodes(t *testing.T, conns []*websocket.Conn) map[int]int {
	t.Helper()
	codes := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	// Whoever begins to read after a long time waits for the kernel to ask again whether there is
	// space: it does so at 0.2 s, 0.4 s, … 25.6 s after the last time (RFC 9293, section 3.8.6.1).
	ctx := within(t, 75*time.Second)
	for _, ws := range conns {
		wg.Go(func() {
			code := 1006
			var err error
			for err == nil {
				_, _, err = ws.Read(ctx)
			}
			var ce websocket.CloseError
			if errors.As(err, &ce) {
				code = int(ce.Code)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				t.Error("a connection that was to be gone still stands")
			}
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	wg.Wait()
	return codes
}

// tcpMemory is what the kernel holds in TCP's buffers, in KiB, for the whole machine.
func tcpMemory(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), "TCP: ")
	words := strings.Fields(after)
	i := slices.Index(words, "mem")
	if i < 0 || i+1 >= len(words) {
		t.Fatalf("/proc/net/sockstat has no TCP mem: %s", b)
	}
	pages, err := strconv.Atoi(words[i+1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize() / 1024
}

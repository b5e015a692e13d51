package ws_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/ws"
)

// TestReadersThatDontRead has readers that read nothing beside some that do. The former
// are gone in time, and find out why when they read at last; the latter miss nothing.
func TestReadersThatDontRead(t *testing.T) {
	silent, reading, posts := 60, 10, 2000
	if os.Getenv("CHATD_TEST_LONG") == "1" {
		silent, reading, posts = 500, 50, 3000
	}
	w := newWorld(t, limits(func(l *ws.Limits) { l.Linger = 5 * time.Second; l.Forget = 2 * time.Minute }))
	before := kernelBuffers(t)
	var stuck, live []*peer
	for range silent {
		stuck = append(stuck, w.handshake(t, "/ws/chat/general", shake{header: map[string]string{"Sec-WebSocket-Protocol": "chatd.v1"}}))
	}
	for range reading {
		live = append(live, w.in(t, "", "general"))
	}

	began := time.Now()
	var done sync.WaitGroup
	done.Go(func() { w.speak(t, "general", posts, 200) })
	for _, p := range live {
		done.Go(func() { readAll(t, p, posts) })
	}
	eventually(t, 5*15*time.Second, "who doesn't read is gone", func() bool { return len(w.srv.List()) == reading })
	gone := time.Since(began)
	t.Logf("%d silent readers were gone after %s; heap %d KB, kernel %d KB more", silent, gone.Round(time.Millisecond), heap()>>10, (kernelBuffers(t)-before)>>10)
	eventually(t, 5*20*time.Second, "their sockets are closed", func() bool { return w.srv.Stats().Connections == int64(reading) })
	t.Logf("their sockets were closed after %s", time.Since(began).Round(time.Millisecond))
	for i, p := range stuck {
		done.Go(func() {
			if code, reason, err := drainTo(p); code != 4001 || !strings.Contains(reason, "slow_reader") {
				t.Errorf("silent reader %d: got %d %q, %v, want 4001", i, code, reason, err)
			}
		})
	}
	done.Wait()
	if got := w.srv.Stats().SlowReaders; got != int64(silent) {
		t.Errorf("slow readers: got %d, want %d", got, silent)
	}
}

// speak posts numbered messages of 1 KB at a rate a second.
func (w *world) speak(t *testing.T, room chat.RoomID, n, rate int) {
	_, err := w.Configure(t.Context(), order(), chat.SetStep{Room: room, Patch: chat.SettingsPatch{MaxLength: ptr(2000)}})
	if err != nil {
		t.Error(err)
		return
	}
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	var answered sync.WaitGroup
	for i := range n {
		answered.Add(1)
		w.Submit(context.Background(), speaker, room, chat.Draft{Text: text(i) + " " + strings.Repeat("x", 1000)}, func(_ chat.Committed, err error) {
			defer answered.Done()
			if err != nil {
				t.Errorf("post %d: %v", i, err)
			}
		})
		<-tick.C
	}
	answered.Wait()
}

func readAll(t *testing.T, p *peer, n int) {
	for i := 0; i < n; {
		b, end := p.message(3 * patience)
		if end != nil {
			t.Errorf("a reader that reads was ended at %d: %+v", i, *end)
			return
		}
		if !strings.Contains(string(b), `"type":"message"`) {
			continue
		}
		if !strings.Contains(string(b), text(i)+" ") {
			t.Errorf("got %.120s, want %q", b, text(i))
			return
		}
		i++
	}
}

// drainTo reads whole frames until the close frame, which must be the last.
func drainTo(p *peer) (code int, reason string, err error) {
	// On loopback a segment has up to 64 KB, and a window that opens less is not told at once:
	// the sender finds out when it probes, which it does ever more rarely.
	_ = p.raw.SetReadDeadline(time.Now().Add(6 * patience))
	for {
		f, err := readWire(p.r)
		if err != nil {
			return 0, "", err
		}
		if f.first == 0x88 && len(f.payload) >= 2 {
			return int(binary.BigEndian.Uint16(f.payload)), string(f.payload[2:]), nil
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// kernelBuffers is what TCP holds on this machine, in bytes; 0 where nobody tells.
func kernelBuffers(t *testing.T) int {
	t.Helper()
	f, err := os.Open("/proc/net/sockstat")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 0 && words[0] == "TCP:" {
			pages, _ := strconv.Atoi(words[len(words)-1])
			return pages * os.Getpagesize()
		}
	}
	return 0
}

// TestEndOfOneWhoDoesntRead kicks, bans and drains readers whose sockets are full.
func TestEndOfOneWhoDoesntRead(t *testing.T) {
	tests := map[string]struct {
		end  func(t *testing.T, w *world, id chat.UserID)
		code int
	}{
		"kick": {func(t *testing.T, w *world, id chat.UserID) {
			w.srv.End(func(l chat.LiveSession) bool { return l.Actor.ID == id }, chat.Refuse(chat.Forbidden, "kicked", "You were removed."))
		}, 4507},
		"ban": {func(t *testing.T, w *world, id chat.UserID) {
			w.against(t, id, "", chat.Ban, time.Hour)
		}, 4500},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, limits(func(l *ws.Limits) { l.QueueBytes = 64 << 20; l.Stall = time.Minute; l.Forget = 2 * time.Minute }))
			w.set(t, "general", chat.SettingsPatch{MaxLength: ptr(4000)})
			p := w.handshake(t, "/ws/chat/general?token="+w.token(t, "bob", nil), shake{})
			eventually(t, patience, "the reader is in", func() bool {
				l := w.srv.List()
				return len(l) == 1 && len(l[0].Rooms) == 1
			})
			for range 300 {
				w.post(t, "general", strings.Repeat("x", 4000))
			}

			tt.end(t, w, "u:bob")

			eventually(t, 5*time.Second, "the session is gone", func() bool {
				_, n, _ := w.Presence.Members(t.Context(), "general", 1)
				return n == 0 && len(w.srv.List()) == 0
			})
			eventually(t, 5*5*time.Second, "the socket is closed", func() bool { return w.srv.Stats().Connections == 0 })
			if code, reason, err := drainTo(p); code != tt.code {
				t.Errorf("got %d %q, %v, want %d", code, reason, err, tt.code)
			}
		})
	}
}

// TestLargeStateIsNotSlowness joins a room whose history is larger than the queue may be,
// while it is busy.
func TestLargeStateIsNotSlowness(t *testing.T) {
	w := newWorld(t, limits(func(l *ws.Limits) { l.QueueBytes = 64 << 10 }))
	w.set(t, "general", chat.SettingsPatch{MaxLength: ptr(4000)})
	for range 100 {
		w.post(t, "general", strings.Repeat("x", 4000))
	}
	p := w.v1(t, "")
	j := p.join("general")
	for i := range 20 {
		w.post(t, "general", text(i))
	}
	for i := range 20 {
		if f := p.expect("message"); f.at("message", "text") != text(i) {
			t.Fatalf("got %s", f)
		}
	}
	if n := len(j["history"].([]any)); n != 100 {
		t.Errorf("history: got %d messages, want 100", n)
	}
}

// TestFloodOfPings asks for more pongs than the reader takes: what waits is one pong.
func TestFloodOfPings(t *testing.T) {
	w := newWorld(t)
	p := w.handshake(t, "/ws", shake{})
	var batch []byte
	for i := range 500 {
		batch = append(batch, rawFrame(0x89, true, fmt.Appendf(nil, "%04d %0100d", i, 0))...)
	}
	for range 100 {
		p.write(batch)
	}
	p.write(rawFrame(0x89, true, []byte("last")))
	for {
		b, end := p.message(patience)
		if end != nil {
			t.Fatalf("ended: %+v", *end)
		}
		if string(b) == "pong:last" {
			break
		}
	}
	if got := w.srv.Stats().SlowReaders; got != 0 {
		t.Errorf("slow readers: got %d, want 0", got)
	}
}

// TestTooFastIsReadSlower sends more than a session may: nothing is lost, it only takes longer.
func TestTooFastIsReadSlower(t *testing.T) {
	w := newWorld(t, limits(func(l *ws.Limits) { l.FramesPerSecond = 50; l.FramesBurst = 10 }))
	p := w.in(t, "", "general")
	began := time.Now()
	for range 40 {
		p.ask("read", "room", "general", "seq", 0)
	}
	for range 40 {
		p.expect("ack")
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("40 requests at 50 a second took %s", took)
	}
}

package ws_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/ws"
)

// TestCyclesLeaveNothing opens and closes connections, in all the ways that there are.
func TestCyclesLeaveNothing(t *testing.T) {
	n := 600
	if os.Getenv("CHATD_TEST_LONG") == "1" {
		n = 10_000
	}
	w := newWorld(t, limits(func(l *ws.Limits) { l.Linger = 200 * time.Millisecond }))
	sockets := openSockets()
	var cycles sync.WaitGroup
	for part := range 10 {
		cycles.Go(func() {
			for i := range n / 10 {
				w.cycle(t, part*n+i)
			}
		})
	}
	cycles.Wait()

	eventually(t, 3*patience, "all is let go", func() bool { return w.srv.Leftovers() == 0 && w.srv.Stats().Connections == 0 })
	occupied, err := w.Presence.Occupied(t.Context())
	if err != nil || len(occupied) != 0 {
		t.Errorf("presence: got %v, %v, want none", occupied, err)
	}
	w.http.CloseClientConnections()
	eventually(t, patience, "no goroutine of a connection is left", func() bool {
		stacks := make([]byte, 4<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return !bytes.Contains(stacks, []byte("ws.(*conn)")) && !bytes.Contains(stacks, []byte("melody.(*Session)"))
	})
	eventually(t, patience, fmt.Sprintf("no more than %d sockets", sockets), func() bool { return openSockets() <= sockets })
}

// cycle opens a connection and ends it, somehow.
func (w *world) cycle(t *testing.T, i int) {
	raw, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(patience))
	protocol, path := "", "/ws/chat/room"+fmt.Sprint(i%7)
	if i%2 == 0 {
		protocol = "Sec-WebSocket-Protocol: chatd.v1\r\n"
	}
	fmt.Fprintf(raw, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n", path, w.addr, newKey(), protocol)
	switch i % 5 {
	case 0: // gone before the answer
		return
	case 1: // a reset in the middle of a frame
		_, _ = raw.Write(textFrame("hello")[:5])
		_ = raw.(*net.TCPConn).SetLinger(0)
		return
	}
	r := bufio.NewReader(raw)
	for line := ""; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			t.Error(err)
			return
		}
	}
	switch i % 5 {
	case 2: // a close handshake
		_, _ = raw.Write(rawFrame(0x88, true, []byte{3, 232}))
		for err == nil {
			_, err = readWire(r)
		}
	case 3: // half closed
		_ = raw.(*net.TCPConn).CloseWrite()
		for err == nil {
			_, err = readWire(r)
		}
	}
}

func openSockets() int {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	n := 0
	for _, f := range files {
		// The database's files come and go as it likes.
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// TestReadersComeAndGo has readers join, cut and recover at random places of a busy room.
// Each sees every message once, in order, whatever happens in between.
func TestReadersComeAndGo(t *testing.T) {
	const posts, readers = 300, 8
	w := newWorld(t)
	first := w.v1(t, "")
	start := first.join("general")
	var done sync.WaitGroup
	for r := range readers {
		done.Go(func() { w.follow(t, start, posts, 5+7*r) })
	}
	done.Go(func() {
		for i := range posts {
			w.post(t, "general", text(i))
			if i%50 == 0 {
				if _, err := w.Edit(t.Context(), speaker, "general", w.lastID(t), "edited "+text(i)); err != nil {
					t.Error(err)
				}
			}
		}
	})
	done.Wait()
}

func (w *world) lastID(t *testing.T) chat.MessageID {
	p, err := w.History(t.Context(), staff, "general", chat.PageQuery{Before: 1 << 60, Limit: 1})
	if err != nil || len(p.Messages) == 0 {
		t.Errorf("history: %v", err)
		return ""
	}
	return p.Messages[0].ID
}

// follow reads a room to its end, and reconnects after every so many events.
func (w *world) follow(t *testing.T, start frame, posts, every int) {
	epoch, seq := start["epoch"], start["seq"].(float64)
	var got []string
	for len(got) < posts {
		p := w.v1(t, "")
		p.ask("join", "room", "general", "since", map[string]any{"epoch": epoch, "seq": seq})
		p.expect("ack")
		if j := p.expect("joined"); j["recovered"] != true {
			t.Errorf("got %s, want recovered", j)
			return
		}
		for range every {
			f := p.frame()
			if at, ok := f["seq"].(float64); ok {
				if at <= seq {
					t.Errorf("got %s at %v", f, seq)
					return
				}
				seq = at
			}
			if f["type"] == "message" {
				said, _ := f.at("message", "text").(string)
				got = append(got, strings.TrimPrefix(said, "edited "))
			}
			if len(got) == posts {
				break
			}
		}
		p.close()
	}
	want := make([]string, posts)
	for i := range want {
		want[i] = text(i)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d messages out of order, lost or doubled: %v", len(got), got)
	}
}

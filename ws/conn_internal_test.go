package ws

import (
	"bytes"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

func TestRest(t *testing.T) {
	batch := [][]byte{[]byte("abc"), []byte("de"), []byte("f")}
	tests := []struct {
		n    int
		torn string
		next int
	}{{0, "", 0}, {1, "bc", 1}, {2, "c", 1}, {3, "", 1}, {4, "e", 2}, {5, "", 2}, {6, "", 3}}
	for _, tt := range tests {
		torn, next := rest(batch, tt.n, 0)
		if string(torn) != tt.torn || next != tt.next {
			t.Errorf("rest after %d: got %q, %d, want %q, %d", tt.n, torn, next, tt.torn, tt.next)
		}
	}
}

func TestFragments(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, maxFragment, maxFragment + 1, 3*maxFragment + 7, 70_000} {
		payload := bytes.Repeat([]byte("x"), n)
		frames := textFrames(payload)
		total := 0
		for i, f := range frames {
			if first, last := f[0]&15 == opText, f[0]&fin != 0; first != (i == 0) || last != (i == len(frames)-1) {
				t.Errorf("%d bytes: frame %d of %d begins with %x", n, i, len(frames), f[0])
			}
			total += len(f) - 2 - map[bool]int{true: 2}[f[1] == 126]
		}
		if total != n {
			t.Errorf("%d bytes: the frames hold %d", n, total)
		}
	}
}

// tcpPair is both ends of a TCP connection.
func tcpPair(t testing.TB) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return server, client
}

// testConn is a connection whose handshake is answered.
func testConn(t *testing.T, l Limits) (*conn, net.Conn) {
	t.Helper()
	server, client := tcpPair(t)
	l = l.withDefaults()
	c := newConn(server, nil, &l, newStats())
	c.greeted = true
	return c, client
}

func TestQueueIsBounded(t *testing.T) {
	c, client := testConn(t, Limits{QueueBytes: 100, Linger: time.Second})
	fits, large := bytes.Repeat([]byte("x"), 60), bytes.Repeat([]byte("y"), 50<<20)
	for range 2 { // the first is begun at once
		if !c.push([][]byte{large}) {
			t.Error("one frame was refused by an empty queue")
		}
	}
	if c.push([][]byte{fits}) {
		t.Error("a frame was taken beyond the bound")
	}
	if c.push([][]byte{fits}) || c.pushAsked([][]byte{fits}) || c.end(farewell{}) || c.waitForRoom() {
		t.Error("an ended connection takes more")
	}
	client.Close()
	c.finish()
}

func TestSnapshotsDontCount(t *testing.T) {
	large := textFrames(make([]byte, 4<<20))
	c, client := testConn(t, Limits{QueueBytes: 100, Linger: time.Second})
	if !c.pushAsked(slices.Concat(large, large)) || !c.push([][]byte{[]byte("live")}) {
		t.Error("what comes after a snapshot was refused")
	}
	if _, queued := c.load(); queued == 0 {
		t.Error("the socket has taken 8 MB at once")
	}
	waited := make(chan bool)
	go func() { waited <- c.waitForRoom() }()
	got := make([]byte, 2*size(large)+4)
	if _, err := io.ReadFull(client, got); err != nil || !bytes.HasSuffix(got, []byte("live")) {
		t.Errorf("got %q at the end, %v", got[len(got)-4:], err)
	}
	if !<-waited {
		t.Error("ended")
	}
	client.Close()
	c.finish()
}

// TestTheAnswerGoesFirst has what is said wait for the handshake's answer.
func TestTheAnswerGoesFirst(t *testing.T) {
	c, client := testConn(t, Limits{Linger: time.Second})
	c.greeted = false
	c.push([][]byte{[]byte("\x81\x01x")})
	for _, s := range []string{"HTTP/1.1 101", "\x8a\x01p", "\x89\x00"} {
		if _, err := c.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	c.end(farewell{code: 4507, flush: true})
	got, err := io.ReadAll(client)
	if want := "HTTP/1.1 101\x81\x01x\x8a\x01p\x89\x00\x88\x02\x11\x9b"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	client.Close()
	c.finish()
}

func TestRepliesKeepTheirOrder(t *testing.T) {
	c, client := testConn(t, Limits{Linger: time.Second})
	var r replies
	r.init(c, 2)
	first, second, third := r.begin(true), r.begin(false), r.begin(true)
	r.finish(third, [][]byte{[]byte("3")})
	r.finish(second, [][]byte{[]byte("2")})
	if out, _ := c.load(); out != 0 {
		t.Errorf("%d bytes were told before the first is answered", out)
	}
	r.finish(first, [][]byte{[]byte("1")})
	got := make([]byte, 3)
	if _, err := io.ReadFull(client, got); err != nil || string(got) != "123" || !r.wait() {
		t.Errorf("got %q, %v, want 123", got, err)
	}
	r.begin(true)
	r.begin(true)
	waits := make(chan *answer)
	go func() { waits <- r.begin(true) }()
	r.stop()
	if a := <-waits; a != nil || r.wait() {
		t.Error("a session that is over goes on")
	}
	client.Close()
	c.finish()
}

func TestPace(t *testing.T) {
	now := time.Now()
	p := pace{perSecond: 10, burst: 2}
	var pauses []time.Duration
	for range 4 {
		d, _ := p.take(now)
		pauses = append(pauses, d)
	}
	if want := []time.Duration{0, 0, 100 * time.Millisecond, 200 * time.Millisecond}; !slices.Equal(pauses, want) {
		t.Errorf("got %v, want %v", pauses, want)
	}
	refused := false
	for range 200 {
		now = now.Add(50 * time.Millisecond) // twice as fast as allowed, for ten seconds
		_, r := p.take(now)
		refused = refused || r
	}
	if !refused {
		t.Error("one who goes on for ten seconds is not refused")
	}
	if _, r := p.take(now.Add(time.Minute)); r {
		t.Error("one who has paused is refused")
	}
}

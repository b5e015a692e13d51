package ws

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/chatd/chatd/chat"
)

// TestStreamTellsEachTheirOwn compares what a reader is told of random nodes, in writes of random sizes, with what is
// meant for it, message by message.
func TestStreamTellsEachTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rm := newRoom(nil, "r")
		users := []chat.UserID{"a", "b", "c"}
		me := rapid.SampledFrom(users).Draw(t, "me")
		after := chat.Seq(rapid.IntRange(0, 12).Draw(t, "after"))
		c := &conn{limits: &Limits{}}
		r := &reader{session: &session{out: c, protocol: v1}, room: rm, user: me, started: true, node: rm.tails[v1].Load()}
		r.seekLocked(after, after)

		var want []string
		expect := func(text string, seq chat.Seq) {
			if text != "" && (seq == 0 || seq > after) {
				want = append(want, text)
			}
		}
		seq := chat.Seq(0)
		for n := range rapid.IntRange(1, 6).Draw(t, "nodes") {
			d := &draft{}
			for m := range rapid.IntRange(0, 5).Draw(t, "messages") {
				text := fmt.Sprintf("%d.%d%s", n, m, strings.Repeat("x", rapid.SampledFrom([]int{0, 200, maxFragment}).Draw(t, "size")))
				at := chat.Seq(0)
				if rapid.Bool().Draw(t, "event") {
					seq++
					at = seq
					d.counts(at)
				}
				from := len(d.node.bytes)
				if rapid.IntRange(0, 3).Draw(t, "only") == 0 {
					whom := rapid.SampledFrom(users).Draw(t, "whom")
					d.splice(whom, from, textFrames([]byte(text)), at)
					if whom == me {
						expect(text, at)
					}
					continue
				}
				d.add(textFrames([]byte(text)), at)
				if rapid.IntRange(0, 3).Draw(t, "own") > 0 {
					expect(text, at)
					continue
				}
				whom, own := rapid.SampledFrom(users).Draw(t, "whose"), ""
				var frames [][]byte
				if rapid.Bool().Draw(t, "something") {
					own = "own " + text
					frames = textFrames([]byte(own))
				}
				d.splice(whom, from, frames, at)
				if whom == me {
					text = own
				}
				expect(text, at)
			}
			d.link(&rm.tails[v1])
		}

		var told []byte
		for b := r.ahead(); b != nil; b = r.ahead() {
			n := rapid.IntRange(1, len(b)).Draw(t, "written")
			told = append(told, b[:n]...)
			r.passed(n)
			told = append(told, c.left...) // what the connection sends before everything else
			c.left = nil
			for _, o := range c.queue {
				told = append(told, o.frame...)
			}
			c.queue = nil
		}
		if got := messagesIn(told); !slices.Equal(got, want) {
			t.Fatalf("%s, after %d, was told %.300q, want %.300q", me, after, got, want)
		}
		if at, _ := r.position(); at.Seq > max(seq, after) || at.Seq < after {
			t.Fatalf("stands at %d, of %d", at.Seq, seq)
		}
		if n := r.behind(); n != 0 {
			t.Fatalf("is %d bytes behind", n)
		}
	})
}

// messagesIn joins frames to messages.
func messagesIn(b []byte) []string {
	var all []string
	for len(b) > 0 {
		size := frameSize(b)
		head := 2
		if b[1] == 126 {
			head = 4
		}
		if b[0]&15 == opText {
			all = append(all, "")
		}
		all[len(all)-1] += string(b[head:size])
		b = b[size:]
	}
	return all
}

// broadcast is a room with readers whose peers read everything at once.
func broadcast(tb testing.TB, n int) *room {
	l := Limits{}.withDefaults()
	s := &Server{limits: l, stats: newStats()}
	rm := newRoom(s, "r")
	for range n {
		server, client := tcpPair(tb)
		c := newConn(server, nil, &l, s.stats)
		c.greeted = true
		r := &reader{session: &session{srv: s, out: c, protocol: v1}, room: rm, started: true}
		rm.add(r)
		c.listen(r)
		go func() { _, _ = io.Copy(io.Discard, client) }()
		tb.Cleanup(func() { client.Close(); c.finish() })
	}
	return rm
}

// TestDeliveryAllocatesNothing: what an event costs doesn't grow with the readers.
func TestDeliveryAllocatesNothing(t *testing.T) {
	frame := textFrames([]byte(strings.Repeat("x", 300)))
	perEvent := func(readers int) float64 {
		rm := broadcast(t, readers)
		return testing.AllocsPerRun(100, func() {
			d := &draft{}
			d.add(frame, 1)
			d.link(&rm.tails[v1])
			for _, r := range rm.readers {
				r.flush()
			}
		})
	}
	if few, many := perEvent(1), perEvent(101); many > few+5 { // some of a hundred may find their socket full once in a while
		t.Errorf("an event costs %.0f allocations with one reader, %.0f with 101", few, many)
	}
}

// BenchmarkDelivery is a flush of a room of 1,000, a reader at a time.
func BenchmarkDelivery(b *testing.B) {
	frame := textFrames([]byte(strings.Repeat("x", 300)))
	rm := broadcast(b, 1000)
	i := len(rm.readers)
	b.ReportAllocs()
	for b.Loop() {
		if i == len(rm.readers) {
			d := &draft{}
			d.add(frame, 1)
			d.link(&rm.tails[v1])
			i = 0
		}
		rm.readers[i].flush()
		i++
	}
}

// wrapped hides the socket of a connection, as TLS does.
type wrapped struct{ net.Conn }

// TestNothingOfOnesOwn: what waits for a reader may turn out to be nothing that it is told, also where a goroutine writes.
func TestNothingOfOnesOwn(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"socket": func(c net.Conn) net.Conn { return c }, "writer": func(c net.Conn) net.Conn { return wrapped{c} },
	} {
		t.Run(name, func(t *testing.T) {
			l := Limits{Linger: time.Second}.withDefaults()
			s := &Server{limits: l, stats: newStats(), log: slog.New(slog.DiscardHandler)}
			rm := newRoom(s, "r")
			server, client := tcpPair(t)
			c := newConn(wrap(server), nil, &l, s.stats)
			c.session = &session{srv: s, out: c, protocol: v1}
			if _, err := c.Write([]byte("HTTP/1.1 101")); err != nil {
				t.Fatal(err)
			}
			r := &reader{session: c.session, room: rm, user: "me", started: true}
			rm.add(r)
			c.listen(r)
			say := func(text string, own bool) {
				d := &draft{}
				d.add(textFrames([]byte(text)), 0)
				if own {
					d.splice("me", 0, nil, 0)
				}
				d.link(&rm.tails[v1])
				r.flush()
			}
			read := func(want string) {
				got := make([]byte, len(want))
				if _, err := io.ReadFull(client, got); err != nil || string(got) != want {
					t.Fatalf("got %q, %v, want %q", got, err, want)
				}
			}
			read("HTTP/1.1 101")
			say("others", true)
			for _, queued := c.load(); queued > 0; _, queued = c.load() {
				runtime.Gosched() // the writer finds out that there is nothing
			}
			say("all", false)
			read("\x81\x03all")
			client.Close()
			c.finish()
		})
	}
}

// loneReader is the only one of a room.
func loneReader(t *testing.T, l *Limits) (*reader, *room, net.Conn) {
	s := &Server{limits: *l, stats: newStats()}
	rm := newRoom(s, "r")
	server, client := tcpPair(t)
	c := newConn(server, nil, l, s.stats)
	c.greeted = true
	r := &reader{session: &session{srv: s, out: c, protocol: v1}, room: rm, started: true}
	rm.add(r)
	c.listen(r)
	return r, rm, client
}

// sayBytes adds a message of so many bytes to a room's stream.
func (rm *room) sayBytes(bytes int, seq chat.Seq) {
	d := &draft{}
	d.add(textFrames(make([]byte, bytes)), seq)
	d.link(&rm.tails[v1])
}

// TestPlaceOfOneWhoReads: who has taken something lately may be further behind than who hasn't, but not however far.
func TestPlaceOfOneWhoReads(t *testing.T) {
	l := Limits{QueueBytes: 10 << 10, Linger: time.Second}.withDefaults()
	r, rm, client := loneReader(t, &l)
	c := r.session.out
	most := int64(0)
	for said := 1; said < 100_000 && !c.ended(); said++ {
		rm.sayBytes(1<<10, chat.Seq(said))
		r.flush()
		c.mu.Lock()
		if c.ending == nil {
			most = max(most, r.behind())
		}
		c.tookAt = time.Now()
		c.mu.Unlock()
	}
	if want := int64(readingFactor * l.QueueBytes); !c.ended() || most < want-4<<10 || most > want+4<<10 {
		t.Errorf("was %d bytes behind at most, ended %t, want about %d, and ended", most, c.ended(), want)
	}
	client.Close()
	c.finish()
}

// TestPlaceIsLost closes one who doesn't read as soon as it is further behind than may be, and nobody else.
func TestPlaceIsLost(t *testing.T) {
	l := Limits{QueueBytes: 100 << 10, Linger: time.Second}.withDefaults()
	r, rm, client := loneReader(t, &l)
	c := r.session.out
	for said := 0; said < 10_000 && !c.ended(); said++ {
		rm.sayBytes(10<<10, chat.Seq(said+1))
		r.flush()
		c.mu.Lock() // drain may have it
		n := r.behind()
		c.tookAt = time.Time{} // nothing was taken lately
		c.mu.Unlock()
		if n > int64(l.QueueBytes)+20<<10 {
			t.Fatalf("is %d bytes behind and still there", n)
		}
	}
	if !c.ended() {
		t.Fatal("is still there")
	}
	got, err := io.ReadAll(client)
	if err != nil {
		t.Fatal(err)
	}
	last := []byte{finClose, byte(len(slowReader.frame()) - 2)}
	if i := strings.LastIndex(string(got), string(last)); i < 0 || i+int(last[1])+2 != len(got) {
		t.Errorf("the last word is %q, want the close frame", got[max(0, len(got)-60):])
	}
	client.Close()
	c.finish()
}

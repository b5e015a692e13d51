package broker

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/chatd/chatd/broker/brokertest"
	"github.com/chatd/chatd/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	brokertest.Run(t, func(*testing.T) brokertest.Broker { return NewMemory(Config{}) }, brokertest.InBubble())
}

// counter counts the events it hears. It is no channel: what it sees must have happened
// before Announce returned.
type counter struct{ calls, events, signals int }

func (c *counter) Events(e []chat.Event) { c.calls, c.events = c.calls+1, c.events+len(e) }
func (c *counter) Signal(chat.Signal)    { c.signals++ }

func TestAnnounceTellsInline(t *testing.T) {
	m, c := NewMemory(Config{}), &counter{}
	stop, _ := m.Listen(t.Context(), "r", c)
	defer stop()
	m.Announce(t.Context(), []chat.Event{{Room: "r"}, {Room: "other"}, {Room: "r"}})
	m.Signal(t.Context(), chat.Signal{Room: "r"})
	if c.events != 2 || c.calls != 1 || c.signals != 1 {
		t.Errorf("got %d events in %d calls and %d signals when Announce and Signal had returned, want 2 in 1 and 1", c.events, c.calls, c.signals)
	}
}

type panics struct{ *counter }

func (p panics) Events([]chat.Event) { panic("listener") }

func TestListenerThatPanicsLocksNothing(t *testing.T) {
	m, c := NewMemory(Config{}), &counter{}
	stop, _ := m.Listen(t.Context(), "r", panics{c})
	func() {
		defer func() { _ = recover() }()
		m.Announce(t.Context(), []chat.Event{{Room: "r"}})
	}()
	stop() // would not return
	stop, _ = m.Listen(t.Context(), "r", c)
	defer stop()
	m.Announce(t.Context(), []chat.Event{{Room: "r"}})
	if c.events != 1 {
		t.Errorf("got %d events after a panic, want 1", c.events)
	}
}

func TestRoomsLeaveNothingBehind(t *testing.T) {
	m := NewMemory(Config{})
	for i := range 1000 {
		room := chat.RoomID(fmt.Sprintf("r%d", i))
		one, _ := m.Listen(t.Context(), room, &counter{})
		two, _ := m.Listen(t.Context(), room, &counter{})
		if _, err := m.Enter(t.Context(), room, "s", chat.Member{ID: "u:1"}, 1); err != nil {
			t.Fatal(err)
		}
		one()
		two()
		two()
		if _, err := m.Leave(t.Context(), room, "s"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(m.rooms.all()) + len(m.occupied.all()); n != 0 {
		t.Errorf("got %d rooms left, want 0", n)
	}
}

func TestLimiterForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Config{})
		take := func(prefix string, n int, period time.Duration) {
			for i := range n {
				if _, err := m.Take(t.Context(), fmt.Sprintf("%s%d", prefix, i), chat.Rate{Limit: 1, Period: period}); err != nil {
					t.Fatal(err)
				}
			}
		}
		take("old", 30_000, time.Second)
		time.Sleep(time.Minute)
		take("new", 100_000, time.Hour)
		if got := m.keys(); got > 100_000 {
			t.Errorf("got %d keys, want the expired ones gone: 100000", got)
		}
	})
}

func TestLimiterIsBounded(t *testing.T) {
	const bound = 6400
	m := NewMemory(Config{MaxKeys: bound})
	for i := range 5 * bound {
		if _, err := m.Take(t.Context(), fmt.Sprint(i), chat.Rate{Limit: 1, Period: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.keys(); got > bound || got < bound/4 {
		t.Errorf("got %d keys, want at most %d and not next to none", got, bound)
	}
}

// keys counts what the limiter remembers.
func (l *limits) keys() int {
	n := 0
	for i := range l.parts {
		l.parts[i].mu.Lock()
		n += l.parts[i].keys
		l.parts[i].mu.Unlock()
	}
	return n
}

func BenchmarkAnnounce(b *testing.B) {
	for _, rooms := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			m := NewMemory(Config{})
			for i := range rooms {
				stop, _ := m.Listen(b.Context(), chat.RoomID(fmt.Sprintf("r%d", i)), &counter{})
				defer stop()
			}
			events := []chat.Event{{Room: "r0"}}
			b.ReportAllocs()
			for b.Loop() {
				m.Announce(b.Context(), events)
			}
		})
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	m := NewMemory(Config{})
	for i := range 10_000 {
		s := fmt.Sprint(i)
		if _, err := m.Enter(b.Context(), "r", chat.SessionID(s), chat.Member{ID: chat.UserID(s), Name: s}, 0); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		_, _ = m.Enter(b.Context(), "r", "s", chat.Member{ID: "u:5", Name: "5000x"}, 0)
		_, _ = m.Leave(b.Context(), "r", "s")
	}
}

func BenchmarkTake(b *testing.B) {
	m := NewMemory(Config{})
	for b.Loop() {
		_, _ = m.Take(b.Context(), "user:u:1", chat.Rate{Limit: 10, Period: time.Second})
	}
}

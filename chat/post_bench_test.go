package chat_test

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/policies"
	"github.com/chatd/chatd/store"
)

// instantLog is a log that stores nothing and answers at once: what is left is what the core itself costs.
type instantLog struct {
	chat.Log
	seq chat.Seq
}

func (l *instantLog) Append(_ context.Context, c chat.Change, done func(chat.Committed, error)) {
	op, err := c.Still()
	if err != nil {
		done(chat.Committed{}, err)
		return
	}
	m := op.(chat.Post).Message
	l.seq++
	m.Seq = l.seq
	done(chat.Committed{Event: chat.Event{Room: c.Room, Seq: m.Seq, At: m.At, By: c.By, Kind: chat.EventMessage, Message: &m}}, nil)
}

// plenty are limits that count everything and refuse nobody.
func plenty() chat.Limits {
	r := chat.Rate{Limit: 1 << 40, Period: 10 * time.Second}
	return chat.Limits{
		PostsPerUser: r, PostsPerAddr: r, ActsPerUser: r, SignalsPerUser: r, ReadsPerUser: r, JoinsPerAddr: r, NewRoomsPerAddr: r,
	}
}

// newBenchWorld is the real core with the built-in policies over SQLite and the broker in memory.
func newBenchWorld(b *testing.B) (*chat.Service, *broker.Memory, *store.Store) {
	b.Helper()
	bell := broker.NewMemory(broker.Config{})
	st, err := store.Open(b.Context(), store.Config{DataDir: b.TempDir(), Durability: store.Process, Bell: bell})
	if err != nil {
		b.Fatal(err)
	}
	set, err := policies.Load(policies.Builtin())
	if err != nil {
		b.Fatal(err)
	}
	svc, err := chat.New(b.Context(), chat.Config{
		Log: st, Ledger: st, Directory: st, Accounts: st, Bell: bell, Presence: bell, Limiter: bell, Judge: set,
		Limits: plenty(), Now: time.Now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Aliases: []byte("a secret of the tests, 32 bytes."),
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- st.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Errorf("store.Run: %v", err)
		}
		if err := st.Close(); err != nil {
			b.Errorf("store.Close: %v", err)
		}
	})
	return svc, bell, st
}

// sentence is a text of n characters without markup.
func sentence(n int) string {
	return strings.Repeat("The quick brown fox jumps over the lazy dog, and nobody minds; ", n/60+1)[:n]
}

// BenchmarkSubmit is what the core spends on a post besides storing it.
func BenchmarkSubmit(b *testing.B) {
	for name, by := range map[string]chat.Actor{
		"user":  ann,
		"guest": {ID: "g:01920000-0000-7000-8000-000000000001", Name: "Guest 123456", Role: chat.RoleGuest, Addr: netip.MustParseAddr("192.0.2.3")},
	} {
		for kind, text := range map[string]string{
			"plain":  sentence(128),
			"markup": "*" + sentence(100) + "* see https://example.org",
		} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				svc, _, _ := newBenchWorld(b)
				if _, err := svc.Post(b.Context(), by, room, chat.Draft{Text: text}); err != nil {
					b.Fatal(err)
				}
				svc.Log = &instantLog{Log: svc.Log}
				d := chat.Draft{Text: text, Nonce: "n-0123456789abcdef"}
				b.ReportAllocs()
				for b.Loop() {
					svc.Submit(b.Context(), by, room, d, func(_ chat.Committed, err error) {
						if err != nil {
							b.Error(err)
						}
					})
				}
			})
		}
	}
}

// BenchmarkMemoryOfSessions tells what the core and the broker keep of somebody who has signed in and joined a room.
func BenchmarkMemoryOfSessions(b *testing.B) {
	for _, rooms := range []int{1, 2000} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			svc, _, _ := newBenchWorld(b)
			const sessions = 10_000
			for b.Loop() {
				before := heap()
				for i := range sessions {
					enter(b, svc, i, rooms)
				}
				b.ReportMetric(float64(heap()-before)/sessions, "B/session")
				if err := svc.WriteSightings(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(heap()-before)/sessions, "B/session-written")
			}
			runtime.KeepAlive(svc)
		})
	}
}

func enter(b *testing.B, svc *chat.Service, i, rooms int) {
	id := chat.UserID(fmt.Sprintf("g:01920000-0000-7000-8000-%012d", i))
	addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	a, err := svc.SignIn(b.Context(), chat.Actor{ID: id, Role: chat.RoleGuest, Addr: addr, Agent: "Mozilla/5.0 (X11; Linux x86_64)"})
	if err != nil {
		b.Fatal(err)
	}
	in := chat.RoomID(fmt.Sprintf("room-%d", i%rooms))
	if _, err := svc.Join(b.Context(), a, chat.SessionID(uuid.NewString()), in, nil); err != nil {
		b.Fatal(err)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

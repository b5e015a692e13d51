package chat_test

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
)

// BenchmarkReturn is what the core spends on a guest who connects again, and leaves: a room of 100 messages with 2,000 others in
// it: one after the other, and in a storm, 500 at once.
func BenchmarkReturn(b *testing.B) {
	for _, at := range []int{1, 500} {
		b.Run(fmt.Sprintf("at-once=%d", at), func(b *testing.B) { benchmarkReturn(b, at) })
	}
}

func benchmarkReturn(b *testing.B, atOnce int) {
	w := newWorld(b, chat.Limits{})
	for i := range 100 {
		ann := chat.Actor{ID: "u:ann", Name: "Ann", Role: chat.RoleUser}
		d := chat.Draft{Text: fmt.Sprintf("message %d of *some* length, as people write them, see https://example.org/%d", i, i)}
		if _, err := w.Post(b.Context(), ann, room, d); err != nil {
			b.Fatal(err)
		}
	}
	guests := make([]chat.Actor, 5000)
	var heard chat.Position
	for i := range guests {
		guests[i] = chat.Actor{
			ID: chat.UserID(chat.PrefixGuest + uuid.NewString()), Role: chat.RoleGuest, Issued: w.clock().Add(-time.Minute),
			Name: fmt.Sprintf("Guest %d", 100000+i), Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}),
		}
		if i >= 2000 {
			continue
		}
		j, err := w.Join(b.Context(), guests[i], chat.SessionID(fmt.Sprint("there ", i)), room, nil)
		if err != nil {
			b.Fatal(err)
		}
		heard = chat.Position{Epoch: j.Room.Epoch, Seq: j.Room.Seq}
	}
	var n atomic.Int64
	var all sync.WaitGroup
	runtime.GC()
	b.ReportAllocs()
	b.ResetTimer()
	for range atOnce {
		all.Go(func() {
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				connect(b, w, guests[i%5000], chat.SessionID(fmt.Sprint(i)), heard)
			}
		})
	}
	all.Wait()
}

func connect(b *testing.B, w *world, by chat.Actor, id chat.SessionID, heard chat.Position) {
	by, err := w.SignIn(b.Context(), by)
	if err != nil {
		b.Error(err)
	}
	if _, err := w.JoinFrom(b.Context(), by, id, room, nil, heard); err != nil {
		b.Error(err)
	}
	w.Leave(context.Background(), id, room)
}

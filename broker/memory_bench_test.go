package broker

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/chatd/chatd/chat"
)

// BenchmarkPresenceMemory tells what is kept of a session that is in a room, besides the texts of its ids and name.
func BenchmarkPresenceMemory(b *testing.B) {
	const sessions = 10_000
	members, ids := make([]chat.Member, sessions), make([]chat.SessionID, sessions)
	for i := range members {
		// As they come in life: names don't arrive in their order.
		members[i] = chat.Member{ID: chat.UserID(fmt.Sprintf("g:%036d", i)), Name: fmt.Sprintf("Guest %d", i*7919%1_000_000), Role: chat.RoleGuest}
		ids[i] = chat.SessionID(fmt.Sprintf("%036d", i))
	}
	for _, rooms := range []int{1, 2000, sessions} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			names := make([]chat.RoomID, rooms)
			for i := range names {
				names[i] = chat.RoomID(fmt.Sprintf("room-%d", i))
			}
			for b.Loop() {
				before := heap()
				m := NewMemory(Config{})
				for i := range sessions {
					if _, err := m.Enter(b.Context(), names[i%rooms], ids[i], members[i], 0); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(heap()-before)/sessions, "B/session")
				runtime.KeepAlive(m)
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

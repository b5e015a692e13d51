package chat_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
)

// BenchmarkConnect is what connecting costs in the core: signing in, joining and leaving, of guests from addresses of
// their own, where nothing is held against anybody and where a blocklist of 100,000 prefixes is.
func BenchmarkConnect(b *testing.B) {
	for _, n := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("prefixes=%d", n), func(b *testing.B) {
			w := newWorld(b, chat.Limits{})
			w.bell.Signal(b.Context(), chat.Signal{Control: &chat.ControlChange{Sanctions: blocklist(n)}})
			for i := 0; b.Loop(); i++ {
				by := chat.Actor{
					ID: chat.UserID(chat.PrefixGuest + uuid.NewString()), Name: "Guest", Role: chat.RoleGuest,
					Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}),
				}
				by, err := w.SignIn(b.Context(), by)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := w.Join(b.Context(), by, "1", room, nil); err != nil {
					b.Fatal(err)
				}
				w.Leave(b.Context(), "1", room)
			}
		})
	}
}

func blocklist(n int) []chat.Sanction {
	all := make([]chat.Sanction, n)
	for i := range all {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(11 + i>>16), byte(i >> 8), byte(i), byte(i * 7)}), 24+i%9).Masked()
		all[i] = chat.Sanction{ID: chat.SanctionID(fmt.Sprint(i)), Target: chat.Target{Prefix: p}, Effect: chat.Ban, Version: 1}
	}
	return all
}

package chat_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/chatd/chatd/chat"
)

// Nobody fills the moderators' list: neither one author, nor many guests of one address.
func TestHowManyMessagesMayWait(t *testing.T) {
	hold := chat.SanctionOrder{Target: &chat.Target{Prefix: netip.MustParsePrefix("192.0.2.0/24")}, Effect: chat.Review}
	tests := map[string]struct {
		by   func(i int) chat.Actor
		most int
	}{
		"one author": {func(int) chat.Actor { return guest }, 20},
		"an address": {func(i int) chat.Actor {
			g := guest
			g.ID = chat.UserID(fmt.Sprintf("g:%d", i/10))
			return g
		}, 100},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			w.sanction(t, hold)
			heard := w.hear(t)
			var mu sync.Mutex
			var held []chat.HeldID
			codes := make(map[string]int)
			var all sync.WaitGroup
			for i := range tt.most + 10 { // at once: what is on its way counts
				all.Go(func() {
					c, err := w.Post(t.Context(), tt.by(i), room, chat.Draft{Text: "look at me", Nonce: fmt.Sprint(i)})
					mu.Lock()
					defer mu.Unlock()
					if codes[chat.CodeOf(err)]++; err == nil {
						held = append(held, c.Held.Message.ID)
					}
				})
			}
			all.Wait()
			if codes[""] != tt.most || codes["under_review"] != 10 {
				t.Fatalf("got %v, want %d to wait", codes, tt.most)
			}
			if _, err := w.Decide(t.Context(), byStaff, held[0], false); err != nil {
				t.Fatal(err)
			}
			if heard.told()[tt.most].Held == nil {
				t.Error("the refusal wasn't told")
			}
			again := func(code string) {
				t.Helper()
				_, err := w.Post(t.Context(), tt.by(len(held)-1), room, chat.Draft{Text: "once more"})
				wantCode(t, err, code)
			}
			again("")
			again("under_review")
			if tt.most > 20 {
				return
			}
			restarted, err := chat.New(t.Context(), w.Config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = restarted.Post(t.Context(), guest, room, chat.Draft{Text: "after a restart"})
			wantCode(t, err, "under_review")
		})
	}
}

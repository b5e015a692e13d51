package brokertest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

var limiterCases = map[string]func(*testing.T, Broker){
	"takes as many as there are, then tells the wait": testTake,
	"spends nothing when it refuses":                  testRefusalSpendsNothing,
	"starts a window at the first take":               testWindowStart,
	"keeps keys apart":                                testKeysApart,
	"knows no limit by the zero rate":                 testUnlimited,
	"gives no more than there are to many at once":    testTakeRace,
	"tells what is left":                              testSpendTells,
}

// take returns whether there was one, and checks the wait.
func take(t *testing.T, b Broker, key string, r chat.Rate) bool {
	t.Helper()
	wait, err := b.Take(t.Context(), key, r)
	if err != nil {
		t.Fatalf("Take(%s): %v", key, err)
	}
	// Half as much again for the clocks of two machines.
	if wait < 0 || wait > r.Period+r.Period/2 {
		t.Fatalf("Take(%s) got a wait of %s, want at most the period of %s", key, wait, r.Period)
	}
	return wait == 0
}

func wantTakes(t *testing.T, b Broker, key string, r chat.Rate, want ...bool) {
	t.Helper()
	for i, w := range want {
		if got := take(t, b, key, r); got != w {
			t.Fatalf("Take(%s) number %d got %t, want %t", key, i+1, got, w)
		}
	}
}

func testTake(t *testing.T, b Broker) {
	r := chat.Rate{Limit: 3, Period: window}
	wantTakes(t, b, "k", r, true, true, true, false, false)
	wait, err := b.Take(t.Context(), "k", r)
	if err != nil || wait <= 0 {
		t.Fatalf("Take got %s, %v; want a wait", wait, err)
	}
	time.Sleep(wait) // exactly the wait that was told, and no more
	wantTakes(t, b, "k", r, true, true, true, false)
}

func testRefusalSpendsNothing(t *testing.T, b Broker) {
	small := chat.Rate{Limit: 1, Period: window}
	wantTakes(t, b, "k", small, true, false, false, false)
	// One was spent: a higher limit on the same window has exactly one left.
	wantTakes(t, b, "k", chat.Rate{Limit: 2, Period: window}, true, false)
	time.Sleep(window + window/4)
	wantTakes(t, b, "k", small, true, false)
}

func testWindowStart(t *testing.T, b Broker) {
	r := chat.Rate{Limit: 2, Period: window}
	wantTakes(t, b, "k", r, true)
	time.Sleep(window / 2)
	wantTakes(t, b, "k", r, true, false)
	time.Sleep(window/2 + window/4) // the first window ends by its own start
	wantTakes(t, b, "k", r, true, true, false)
}

func testKeysApart(t *testing.T, b Broker) {
	r := chat.Rate{Limit: 1, Period: window}
	wantTakes(t, b, "one", r, true, false)
	wantTakes(t, b, "two", r, true, false)
	wantTakes(t, b, "", r, true, false)
}

func testUnlimited(t *testing.T, b Broker) {
	for range 1000 {
		if !take(t, b, "k", chat.Rate{}) {
			t.Fatal("the zero rate refused")
		}
	}
	if _, err := b.Take(t.Context(), "k", chat.Rate{Limit: 1}); err == nil {
		t.Error("a rate without a period: got no error, want one")
	}
}

func testTakeRace(t *testing.T, b Broker) {
	r := chat.Rate{Limit: 50, Period: time.Minute}
	var got atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 25 {
				if wait, err := b.Take(t.Context(), "k", r); err != nil {
					t.Errorf("Take: %v", err)
				} else if wait == 0 {
					got.Add(1)
				}
			}
		})
	}
	all.Wait()
	if got.Load() != r.Limit {
		t.Errorf("got %d of %d", got.Load(), r.Limit)
	}
}

func testSpendTells(t *testing.T, b Broker) {
	r := chat.Rate{Limit: 2, Period: window}
	for i, want := range []chat.Allowance{{Left: 1}, {Left: 0}, {Refused: true}} {
		got, err := b.Spend(t.Context(), "teller", r)
		if err != nil {
			t.Fatal(err)
		}
		if got.Reset <= 0 || got.Reset > r.Period+r.Period/2 {
			t.Errorf("after %d: got a reset in %s, want at most the period of %s", i+1, got.Reset, r.Period)
		}
		if got.Reset = 0; got != want {
			t.Errorf("after %d: got %+v, want %+v", i+1, got, want)
		}
	}
	if take(t, b, "teller", r) {
		t.Error("Take gives what Spend has spent")
	}
	if got, err := b.Spend(t.Context(), "free", chat.Rate{}); err != nil || got != (chat.Allowance{}) {
		t.Errorf("got %+v, %v of an unlimited rate, want nothing said", got, err)
	}
}

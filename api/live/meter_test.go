package live_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
)

func posts(n int, by chat.UserID, took time.Duration) []chat.Event {
	all := make([]chat.Event, n)
	for i := range all {
		all[i] = chat.Event{Kind: chat.EventMessage, By: by, At: time.Now().Add(-took)}
	}
	return all
}

func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sockets live.Sockets
		bell := broker.NewMemory(broker.Config{})
		if _, err := bell.Enter(t.Context(), "lobby", "s1", chat.Member{ID: "u:ann"}, 0); err != nil {
			t.Fatal(err)
		}
		sockets = live.Sockets{V1: 3, Plain: 1, People: live.People{Guests: 2, SignedIn: 1}, BytesOut: 1000, Refusals: map[string]int64{"slow_mode": 2}}
		m := live.New(live.Config{Sockets: func() live.Sockets { return sockets }, Presence: bell, Now: time.Now})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx) }()
		time.Sleep(30*time.Second + time.Millisecond)
		m.Announced(posts(90, "u:ann", 10*time.Millisecond))
		m.Announced(posts(9, "g:1", 100*time.Millisecond))
		m.Announced(posts(1, "g:2", time.Second))
		m.Announced([]chat.Event{{Kind: chat.EventReaction, By: "g:3"}})
		time.Sleep(10 * time.Second)

		now := m.Now()

		if now.People != (live.People{Guests: 2, SignedIn: 1}) || now.Occupied["lobby"] != 1 || now.Sockets.V1 != 3 {
			t.Errorf("got %+v, %v, %+v", now.People, now.Occupied, now.Sockets)
		}
		if got, want := now.PerSecond, 100/40.0; got < 0.95*want || got > 1.05*want {
			t.Errorf("got %v messages a second, want about %v", got, want)
		}
		for name, q := range map[string]struct{ got, want time.Duration }{
			"p50": {now.P50, 10 * time.Millisecond}, "p95": {now.P95, 100 * time.Millisecond}, "p99": {now.P99, 100 * time.Millisecond},
		} {
			if q.got < q.want || q.got > q.want*12/10 {
				t.Errorf("%s: got %s, want %s or a fifth more", name, q.got, q.want)
			}
		}
		if top := live.Top(now.Talkers, 2); fmt.Sprint(top) != "[{u:ann 90} {g:1 9}]" {
			t.Errorf("got the talkers %v", top)
		}
		series := m.Series(live.FiveMinutes, live.Metrics())
		points := series.Points[live.Messages]
		if len(points) != 60 || points[0] != nil || series.Step != 5*time.Second || series.To.Sub(series.From) != 5*time.Minute {
			t.Errorf("got %d points of %s from %s to %s, the first %v", len(points), series.Step, series.From, series.To, points[0])
		}
		var most float64
		for _, p := range points {
			if p != nil {
				most = max(most, *p)
			}
		}
		if most != 20 { // 100 in five seconds
			t.Errorf("got %v messages a second at most, want 20", most)
		}

		time.Sleep(6 * time.Minute)
		if now := m.Now(); now.PerSecond != 0 || now.P99 != 0 || len(now.Talkers) != 0 {
			t.Errorf("six minutes later: %v a second, p99 %s, talkers %v", now.PerSecond, now.P99, now.Talkers)
		}
		if got := m.Series(live.Hour, []live.Metric{live.LatencyP50}); len(got.Points) != 1 || len(got.Points[live.LatencyP50]) != 120 {
			t.Errorf("got %v", got)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Who writes under ever new names doesn't fill the memory.
func TestTalkersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := live.New(live.Config{Now: time.Now})
		for i := range 10_000 {
			m.Announced(posts(1, chat.UserID(fmt.Sprintf("g:%d", i)), 0))
		}
		if n := len(m.Now().Talkers); n > 2000 {
			t.Errorf("%d talkers are remembered", n)
		}
	})
}

package client

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func diff(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("got (+), want (-):\n%s", d)
	}
}

func TestEventsComeOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		p.posted(11, 12, 12, 11, 14)
		wantSeqs(t, c, 11, 12, 14)
		p.end(errCut)
		next[Disconnected](t, c)

		p = s.accept()
		p.posted(99) // not ours yet: before joined there is no order to rely on
		q := p.join(`"seq":20,"recovered":true,"replay":2`)
		p.posted(15, 17, 20, 21)

		diff(t, q["since"], map[string]any{"epoch": "e", "seq": 14.0})
		next[Reconnected](t, c)
		if e := next[Joined](t, c); !e.Recovered {
			t.Errorf("got %+v, want a recovery", e)
		}
		// 20 is not above joined.seq, so after the replay it is known.
		wantSeqs(t, c, 15, 17, 21)
	})
}

func TestARecoveryThatFailsBringsTheFreshState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		p.end(errCut)
		next[Disconnected](t, c)
		p = s.accept()
		p.want("join")
		p.end(errCut) // before the answer: it is asked again
		p = s.accept()
		p.join(`"seq":3,"recovered":false,"history":[{"id":"m","seq":2}]`)
		p.posted(3, 4)
		next[Reconnected](t, c)
		next[Disconnected](t, c)
		next[Reconnected](t, c)
		if e := next[Joined](t, c); e.Recovered || len(e.History) != 1 {
			t.Errorf("got %+v, want a fresh state", e)
		}
		wantSeqs(t, c, 4)
	})
}

// TestASlowCallerLosesNothing shows that a full queue drops events unread, that
// requests are answered meanwhile, and that what was dropped is asked for again.
func TestASlowCallerLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{EventBuffer: 4})
		p.posted(11, 12, 13, 14, 15, 16)
		p.send(`{"type":"notice","text":"important"}`)
		wait := later(func() (Ack, error) { return c.Post(t.Context(), "general", "hi", PostOptions{}) })
		p.ack(p.want("post"), stored)
		if _, err := wait(); err != nil {
			t.Fatalf("a post beside a full queue: %v", err)
		}
		p.quiet()

		wantSeqs(t, c, 11, 12)
		p.quiet() // not worth a request yet
		wantSeqs(t, c, 13)
		q := p.join(`"seq":16,"recovered":true,"replay":2`)
		p.posted(15, 16, 17)

		diff(t, q["since"], map[string]any{"epoch": "e", "seq": 14.0})
		wantSeqs(t, c, 14)
		next[Notice](t, c)
		next[Joined](t, c)
		wantSeqs(t, c, 15, 16, 17)
	})
}

func TestNoticesBeyondTheReserveAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := connect(t, Options{EventBuffer: 4})
		for range 4 + reserve + 3 {
			p.send(`{"type":"notice","text":"x"}`)
		}
		synctest.Wait()
		for range 4 + reserve {
			next[Notice](t, c)
		}
		if e := next[Dropped](t, c); e.Count != 3 {
			t.Errorf("got %d dropped, want 3", e.Count)
		}
	})
}

func TestHeartbeatsFindWhatWasMissed(t *testing.T) {
	beat := `{"type":"heartbeat","positions":{"general":{"epoch":"e","seq":13},"other":{"epoch":"e","seq":99}}}`
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{})
		p.send(beat)
		p.posted(13) // it had only been on its way
		p.send(beat)
		p.quiet()
		p.send(`{"type":"heartbeat","positions":{"general":{"epoch":"e","seq":14}}}`)
		p.quiet()
		p.send(`{"type":"heartbeat","positions":{"general":{"epoch":"e","seq":14}}}`)
		q := p.join(`"seq":14,"recovered":true,"replay":1`)
		p.posted(14)
		diff(t, q["since"], map[string]any{"epoch": "e", "seq": 13.0})
		wantSeqs(t, c, 13)
		next[Joined](t, c)
		wantSeqs(t, c, 14)
	})
}

// TestARecoveryWaitsForSpace shows that a room which missed something while the queue
// was rather full, though it never overflowed, is asked for once there is space.
func TestARecoveryWaitsForSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{EventBuffer: 8})
		p.posted(11, 12, 13, 14, 15, 16)
		for range 3 {
			p.send(`{"type":"heartbeat","positions":{"general":{"epoch":"e","seq":17}}}`)
		}
		p.quiet()
		wantSeqs(t, c, 11)
		p.quiet() // not worth a request yet
		wantSeqs(t, c, 12)
		q := p.join(`"seq":17,"recovered":true,"replay":1`)
		p.posted(17)

		diff(t, q["since"], map[string]any{"epoch": "e", "seq": 16.0})
		wantSeqs(t, c, 13, 14, 15, 16)
		next[Joined](t, c)
		wantSeqs(t, c, 17)
	})
}

func TestJoinRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := connect(t, Options{})
		wait := later(func() (Joined, error) { return c.Join(t.Context(), "general") })
		p.refuse(p.want("join"), "room_closed", "")
		if _, err := wait(); CodeOf(err) != "room_closed" {
			t.Errorf("got %v, want room_closed", err)
		}
		p.end(errCut)
		s.accept().quiet() // a room that was refused is not asked for again
	})
}

func TestRejoinRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		p.end(errCut)
		p = s.accept()
		wait := later(func() (Ack, error) { return c.Post(t.Context(), "general", "hi", PostOptions{}) })
		began := time.Now()
		p.refuse(p.want("join"), "rate_limited", `,"retry_after_ms":9000`)
		p.refuse(p.want("join"), "room_closed", "")
		if got := time.Since(began); got != 9*time.Second {
			t.Errorf("asked again after %v, want 9 s", got)
		}
		p.refuse(p.want("post"), "not_joined", "")
		if _, err := wait(); CodeOf(err) != "not_joined" {
			t.Errorf("got %v, want not_joined", err)
		}
		next[Disconnected](t, c)
		next[Reconnected](t, c)
		if e := next[Left](t, c); e.Code != "room_closed" || e.Room != "general" {
			t.Errorf("got %+v, want general left for room_closed", e)
		}
	})
}

func TestJoinAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := connect(t, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		wait := later(func() (Joined, error) { return c.Join(ctx, "general") })
		q := p.want("join")
		cancel()
		if _, err := wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		p.want("leave")
		p.ack(q, "")
		p.send(`{"type":"joined","room":"general","epoch":"e","seq":1,"recovered":false}`)
		p.posted(2)
		p.send(`{"type":"notice","text":"x"}`)
		next[Notice](t, c)
	})
}

func TestLeaveAndComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{})
		left := later(func() (any, error) { return nil, c.Leave(t.Context(), "general") })
		synctest.Wait()
		back := later(func() (Joined, error) { return c.Join(t.Context(), "general") })
		p.posted(11) // on its way when we left
		q := p.want("leave")
		p.ack(q, "")
		if q := p.join(`"seq":11,"recovered":false`); q["since"] != nil {
			t.Errorf("came back since %v, want afresh", q["since"])
		}
		if _, err := left(); err != nil {
			t.Errorf("Leave: %v", err)
		}
		if _, err := back(); err != nil {
			t.Errorf("Join: %v", err)
		}
		next[Joined](t, c)
		p.posted(12)
		wantSeqs(t, c, 12)
	})
}

func TestRemovedFromARoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		p.send(`{"type":"left","room":"general","code":"kicked","message":"Out."}`)
		p.posted(11)
		if e := next[Left](t, c); e.Code != "kicked" {
			t.Errorf("got %+v, want kicked", e)
		}
		p.end(errCut)
		s.accept().quiet()
	})
}

func TestPresenceAndTyping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{})
		p.send(`{"type":"presence","room":"other","count":9}`)
		p.send(`{"type":"presence","room":"general","count":2,"joined":[{"id":"u:ann","name":"Ann","role":"user"}]}`)
		p.send(`{"type":"typing","room":"general","users":[{"id":"u:ann","name":"Ann","role":"user"}]}`)
		p.send(`{"type":"of a later version"}`)
		if e := next[Presence](t, c); e.Count != 2 || e.Joined[0].Name != "Ann" {
			t.Errorf("got %+v, want Ann as the second", e)
		}
		if e := next[Typing](t, c); e.Users[0].ID != "u:ann" {
			t.Errorf("got %+v, want u:ann", e)
		}
	})
}

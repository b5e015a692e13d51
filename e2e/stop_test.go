package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/chatd/chatd/client"
)

// TestStop ends the program with SIGTERM under load: clients hear that it goes away and
// when to come back, the program ends in time with code 0, and once it runs again all
// that was acknowledged is there and has been seen once.
func TestStop(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db, "CHATD_SHUTDOWN_TIMEOUT=10s")
		writers := &crowd{room: "general"}
		for i := range 4 {
			writers.clients = append(writers.clients, p.dial(t, client.Options{Token: user(t, fmt.Sprintf("writer-%d", i))}))
		}
		var readers []*reader
		for range 10 {
			readers = append(readers, follow(t, p.dial(t, client.Options{}), "general"))
		}
		publish(t, writers, 200)
		eventually(t, 20*time.Second, "posts are acknowledged", func() bool { return writers.count() >= 50 })

		code, took := p.stop()
		if code != 0 || took > 12*time.Second {
			t.Errorf("got exit code %d after %v, want 0 within 10 s and a little", code, took)
		}
		p.up()
		began := time.Now()

		again := writers.count() + 10
		eventually(t, time.Minute, "posts are acknowledged again", func() bool { return writers.count() >= again })
		writers.halt()
		v := fullView(t, p, "general")
		writers.stored(t, v)
		acks := writers.acknowledged()
		for _, r := range readers {
			r.reaches(t, v.Seq)
			r.saw(t, acks, nil)
			r.sameView(t, v)
			r.heardGoodbye(t)
		}
		t.Logf("stopped in %v; everybody was back %v after the start; %d messages", took, time.Since(began), len(acks))
	})
}

// heardGoodbye checks that the first connection ended with going_away, and a pause.
func (r *reader) heardGoodbye(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.closes) == 0 {
		t.Error("a reader was not disconnected")
		return
	}
	var ce *client.CloseError
	if !errors.As(r.closes[0], &ce) || ce.Code != 4000 || ce.Reason != "going_away" || ce.RetryAfter <= 0 {
		t.Errorf("got %v, want a close with 4000 going_away and a pause", r.closes[0])
	}
}

package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/client"
)

func trimmed(s string) string { return strings.TrimSpace(s) }

// TestKill ends the program with SIGKILL in the middle of 200 messages a second and
// starts it again, twenty times: every acknowledged message is in the room, none
// twice, and a reader that stayed has seen each once. On PostgreSQL a new start waits
// for the lease of the dead node, five seconds, so the short form has fewer rounds there.
func TestKill(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db)
		var posts int
		began := time.Now()
		rounds := 20
		if db.name == postgres.name {
			rounds = sized(4, 20)
		}
		for round := range rounds {
			posts += killed(t, p, fmt.Sprintf("round-%d", round))
			if t.Failed() {
				t.Fatalf("failed in round %d", round)
			}
		}
		t.Logf("%d kills, %d acknowledged messages, %v a round", rounds, posts, time.Since(began)/time.Duration(rounds))
	})
}

// killed plays one round in a room of its own.
func killed(t *testing.T, p *program, room string) (posts int) {
	writers := &crowd{room: room}
	for i := range 8 {
		writers.clients = append(writers.clients, p.dial(t, client.Options{Token: user(t, fmt.Sprintf("writer-%d", i))}))
	}
	c := p.dial(t, client.Options{Token: user(t, "reader")})
	r := follow(t, c, room)
	publish(t, writers, 200)
	enough := 20 + rand.IntN(60)
	eventually(t, 20*time.Second, "some posts are acknowledged", func() bool { return writers.count() >= enough })

	p.kill()
	p.up()

	again := writers.count() + 10
	eventually(t, 20*time.Second, "posts are acknowledged again", func() bool { return writers.count() >= again })
	writers.halt()
	v := fullView(t, p, room)
	writers.stored(t, v)
	r.reaches(t, v.Seq)
	r.saw(t, writers.acknowledged(), nil)
	r.sameView(t, v)
	for _, x := range append(writers.clients, c) {
		x.Close()
	}
	return len(writers.acks)
}

// TestRetriedNonce shows that a post which was acknowledged before a crash is not stored
// again after it.
func TestRetriedNonce(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db)
		c := p.dial(t, client.Options{Token: user(t, "ann")})
		join(t, c, "general")
		o := client.PostOptions{Nonce: "n-1"}
		first, err := c.Post(within(t, 20*time.Second), "general", "once", o)
		if err != nil || first.Duplicate {
			t.Fatalf("got %+v, %v, want a first", first, err)
		}

		p.kill()
		p.up()

		second, err := c.Post(within(t, 20*time.Second), "general", "once", o)
		if err != nil || second.MessageID != first.MessageID || second.Seq != first.Seq || !second.Duplicate {
			t.Errorf("got %+v, %v, want a duplicate of %+v", second, err, first)
		}
		if got := len(fullView(t, p, "general").Messages()); got != 1 {
			t.Errorf("got %d messages, want 1", got)
		}
	})
}

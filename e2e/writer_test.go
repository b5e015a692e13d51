package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/client"
)

// crowd is some publishers that write to one room at a steady rate.
type crowd struct {
	t       *testing.T
	room    string
	clients []*client.Client
	size    int  // of a message's text, at least
	meddle  bool // edit, delete and react, too

	stop context.CancelFunc
	wg   sync.WaitGroup

	mu    sync.Mutex
	acks  map[string]client.Ack // by message id
	texts map[string]string     // what was acknowledged last, by message id; deleted ones are absent
	gone  map[string]bool       // deletions that were acknowledged
	sent  int
}

// publish starts a crowd that posts rate messages a second between all its clients,
// until halt.
func publish(t *testing.T, c *crowd, rate int) *crowd {
	t.Helper()
	c.t = t
	c.acks, c.texts, c.gone = map[string]client.Ack{}, map[string]string{}, map[string]bool{}
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	each := time.Second * time.Duration(len(c.clients)) / time.Duration(rate)
	for i, x := range c.clients {
		join(t, x, c.room)
		c.wg.Go(func() { c.write(ctx, x, i, each) })
	}
	t.Cleanup(func() { stop(); c.wg.Wait() })
	return c
}

// halt ends the writing, and waits until all that was begun has been answered.
func (c *crowd) halt() {
	c.stop()
	c.wg.Wait()
}

// write posts in step with the clock; what it begins it waits for.
func (c *crowd) write(ctx context.Context, x *client.Client, who int, each time.Duration) {
	var mine []string // ids
	tick := time.NewTicker(each)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		text := fmt.Sprintf("w%d n%d ", who, n)
		for len(text) < c.size {
			text += "lorem ipsum "
		}
		answer, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		a, err := x.Post(answer, c.room, text, client.PostOptions{})
		if err == nil {
			mine = append(mine, a.MessageID)
			c.note(a, text)
			if c.meddle {
				mine, err = c.change(answer, x, mine)
			}
		}
		cancel()
		if err != nil && !errors.Is(err, client.ErrClosed) {
			c.t.Errorf("publisher %d: %v", who, err)
			return
		}
	}
}

func (c *crowd) note(a client.Ack, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	if before, ok := c.acks[a.MessageID]; ok {
		c.t.Errorf("two posts were acknowledged with the id %s, seq %d and %d", a.MessageID, before.Seq, a.Seq)
	}
	c.acks[a.MessageID] = a
	c.texts[a.MessageID] = text
}

// change edits, deletes or reacts to one of one's own messages, now and then.
func (c *crowd) change(ctx context.Context, x *client.Client, mine []string) ([]string, error) {
	i := rand.IntN(len(mine))
	id := mine[i]
	switch rand.IntN(6) {
	case 0:
		text := "edited " + id
		if _, err := x.Edit(ctx, c.room, id, text); err != nil {
			return mine, fmt.Errorf("edit: %w", err)
		}
		c.mu.Lock()
		c.texts[id] = text
		c.mu.Unlock()
	case 1:
		if _, err := x.Delete(ctx, c.room, id); err != nil {
			return mine, fmt.Errorf("delete: %w", err)
		}
		c.mu.Lock()
		delete(c.texts, id)
		c.gone[id] = true
		c.mu.Unlock()
		mine = append(mine[:i], mine[i+1:]...)
	case 2:
		if err := x.React(ctx, c.room, id, "👍", rand.IntN(2) == 0); err != nil {
			return mine, fmt.Errorf("react: %w", err)
		}
	}
	return mine, nil
}

// count returns how many posts have been acknowledged.
func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

func (c *crowd) acknowledged() map[string]client.Ack {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.acks)
}

// stored checks a room against what was acknowledged: all of it is there as it was
// acknowledged last, and nothing twice.
func (c *crowd) stored(t *testing.T, v *client.View) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	texts := map[string]int{}
	for _, m := range v.Messages() {
		texts[m.Text]++
		if c.gone[m.ID] {
			t.Errorf("message %s is in the room, want it deleted", m.ID)
		}
	}
	missing, twice := 0, 0
	for id, text := range c.texts {
		m, ok := v.Message(id)
		if !ok || m.Text != trimmed(text) || m.Seq != c.acks[id].Seq {
			missing++
		}
	}
	for _, n := range texts {
		if n > 1 {
			twice++
		}
	}
	if missing > 0 || twice > 0 {
		t.Errorf("of %d acknowledged messages %d are missing and %d are there twice, want none", len(c.acks), missing, twice)
	}
}

package main

import (
	"fmt"
	"time"

	"github.com/chatd/chatd/bench/load"
)

const (
	warmUp = time.Second
	// authorsMax is how many of a big room's readers write: no connection of chatd may
	// send more than 100 messages a second for long.
	authorsMax = 128
	// messageByMessage is how many deliveries a second may be read token by token; beyond
	// it, authors are, and one reader in sampleOf.
	messageByMessage = 300_000
	sampleOf         = 32
	dialAtOnce       = 64
	dialLimit        = 60 * time.Second
	// settle is for what servers do after many joins: presence, collecting garbage.
	settle = 2 * time.Second
	// lastOnes is how long messages may be on their way after the last was sent.
	lastOnes = 10 * time.Second
)

// fill makes a room with readers, of whom some write, and connects them.
func (t *trial) fill(name string, readers int, deliveries float64, prepare func(i int, c *load.Conn)) (r *load.Room, authors []*load.Conn, err error) {
	r = load.NewRoom(name)
	n := min(authorsMax, readers)
	conns := make([]*load.Conn, readers)
	for i := range conns {
		c := t.engine.Add(r)
		// Authors are spread over the order of joining, like the sample.
		if i*n/readers != (i+1)*n/readers {
			t.engine.Author(c)
			authors = append(authors, c)
		}
		c.Sampled = c.Sampled || deliveries <= messageByMessage || i%sampleOf == 0
		if prepare != nil {
			prepare(i, c)
		}
		conns[i] = c
	}
	if err := t.engine.Dial(t.ctx, conns, dialAtOnce, dialLimit); err != nil {
		return nil, nil, err
	}
	return r, authors, t.engine.For(t.ctx, settle)
}

// saturated keeps messages on their way: the most that a server delivers.
func (t *trial) saturated() error {
	r, authors, err := t.fill("bench", t.readers, messageByMessage+1, nil)
	if err != nil {
		return err
	}
	r.Follow()
	if err := t.engine.Saturate(t.ctx, r, t.outstanding, warmUp, authors); err != nil {
		return err
	}
	err = t.measured(func() error { return t.engine.Saturate(t.ctx, r, t.outstanding, t.window, authors) })
	if err != nil {
		return err
	}
	return t.finish(r)
}

// finish waits for what is on its way.
func (t *trial) finish(rooms ...*load.Room) error {
	err := t.engine.Until(t.ctx, lastOnes, "the last messages", func() bool {
		for _, r := range rooms {
			if r.Least+t.refusedPosts() < r.Sent {
				return false
			}
		}
		return true
	})
	t.latencies()
	return err
}

func (t *trial) refusedPosts() (n int64) {
	for _, k := range t.engine.Refused {
		n += k
	}
	return n
}

// fixed sends at a fixed rate into one room.
func (t *trial) fixed() error {
	r, authors, err := t.fill("bench", t.readers, float64(t.readers)*t.rate, nil)
	if err != nil {
		return err
	}
	r.Follow()
	return t.paced(authors, t.rate, r)
}

// paced warms up, measures at a fixed rate in all, and waits for the last messages.
func (t *trial) paced(authors []*load.Conn, rate float64, rooms ...*load.Room) error {
	post := func(i int, at int64) { t.engine.Post(authors[i%len(authors)], at) }
	if err := t.engine.Schedule(t.ctx, rate, warmUp, post); err != nil {
		return err
	}
	if err := t.measured(func() error { return t.engine.Schedule(t.ctx, rate, t.window, post) }); err != nil {
		return err
	}
	return t.finish(rooms...)
}

// perRoom is how many readers a small room has.
const perRoom = 5

// rooms has many rooms of five, in each of which one writes once a second.
func (t *trial) rooms() error {
	if t.data != "" { // the others store none
		if err := t.store(t.scenario.stored); err != nil {
			return fmt.Errorf("store rooms: %w", err)
		}
	}
	var rooms []*load.Room
	var conns, authors []*load.Conn
	for i := range t.scenario.rooms {
		r := load.NewRoom(fmt.Sprintf("room-%d", i))
		rooms = append(rooms, r)
		for j := range perRoom {
			c := t.engine.Add(r)
			c.Sampled = true
			if j == 0 {
				t.engine.Author(c)
				authors = append(authors, c)
			}
			conns = append(conns, c)
		}
	}
	if err := t.engine.Dial(t.ctx, conns, dialAtOnce, dialLimit); err != nil {
		return err
	}
	if err := t.engine.For(t.ctx, settle); err != nil {
		return err
	}
	for _, r := range rooms {
		r.Follow()
	}
	return t.paced(authors, float64(len(rooms)), rooms...)
}

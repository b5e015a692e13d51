package main

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/chatd/chatd/bench/load"
	"github.com/chatd/chatd/bench/proc"
)

// crowd is how many idle readers share a room.
const crowd = 100

// idle measures what a connection costs that nobody uses: the growth of the process's
// memory once its garbage is collected, and of the kernel's socket buffers.
func (t *trial) idle() error {
	base, err := t.quietMemory()
	if err != nil {
		return err
	}
	socketsBefore, err := proc.SocketMemory()
	if err != nil {
		return err
	}
	conns := make([]*load.Conn, 0, t.readers)
	var r *load.Room
	for i := range t.readers {
		if i%crowd == 0 {
			r = load.NewRoom(fmt.Sprintf("room-%d", i/crowd))
		}
		conns = append(conns, t.engine.Add(r))
	}
	before, err := t.usage()
	if err != nil {
		return err
	}
	if err := t.engine.Dial(t.ctx, conns, dialAtOnce, dialLimit); err != nil {
		return err
	}
	after, err := t.usage()
	if err != nil {
		return err
	}
	used, err := t.quietMemory()
	if err != nil {
		return err
	}
	socketsAfter, err := proc.SocketMemory()
	if err != nil {
		return err
	}
	n := float64(t.readers)
	t.metrics["connection"] = float64(used-base) / n
	t.metrics["socket"] = float64(socketsAfter-socketsBefore) / n
	t.metrics["base"] = float64(base)
	t.metrics["cpu_connect"] = (after.cpu - before.cpu).Seconds() / n
	return t.heap()
}

// alone is how long a server is left to itself before its memory counts: some give back what they don't need only after a while.
const alone = 25 * time.Second

// quietMemory waits until the server has given back what it doesn't need.
func (t *trial) quietMemory() (rss int64, err error) {
	if err := t.engine.For(t.ctx, alone); err != nil {
		return 0, err
	}
	last := int64(math.MaxInt64)
	for range 15 {
		// Go's runtime gives back what two collections in a row found to be free, slowly.
		if err := errors.Join(t.Collect(t.ctx), t.engine.For(t.ctx, time.Second)); err != nil {
			return 0, err
		}
		m, err := t.Memory()
		if err != nil {
			return 0, err
		}
		if m.RSS > last-last/200 {
			return min(m.RSS, last), nil
		}
		last = m.RSS
	}
	return last, nil
}

const (
	// missed is how many messages each reader gets when it comes back.
	missed = 100
	// stormAtOnce is how many connections are opened at a time: fewer than a listener's
	// backlog, so that no SYN is dropped and comes again a second later.
	stormAtOnce = 1000
)

// storm has all readers of a room come back at once, each with 100 messages to get: in
// mode storm by the history that chatd tells everyone who joins, in mode recover from where
// they were. The peer is always asked to recover, its way for both.
func (t *trial) storm() error {
	r := load.NewRoom("bench")
	author := t.engine.Add(r)
	t.engine.Author(author)
	conns := make([]*load.Conn, t.readers)
	for i := range conns {
		conns[i] = t.engine.Add(r)
	}
	if err := t.engine.Dial(t.ctx, append([]*load.Conn{author}, conns...), dialAtOnce, dialLimit); err != nil {
		return err
	}
	t.engine.Hangup(conns)
	if err := t.engine.For(t.ctx, settle); err != nil {
		return err
	}
	post := func(_ int, at int64) { t.engine.Post(author, at) }
	if err := t.engine.Schedule(t.ctx, missed, time.Second, post); err != nil {
		return err
	}
	if err := t.engine.For(t.ctx, settle); err != nil {
		return err
	}
	for _, c := range conns {
		c.Count, c.Past, c.Sampled, c.Resuming = 0, 0, true, true
		if t.mode == "storm" && t.server.name != "centrifuge" {
			c.Since = load.Position{}
		}
	}
	if err := errors.Join(t.Collect(t.ctx), t.ResetPeak()); err != nil {
		return err
	}
	return t.comeBack(conns)
}

func (t *trial) comeBack(conns []*load.Conn) error {
	wait := t.profiled()
	base, err := t.Memory()
	if err != nil {
		return err
	}
	before, err := t.usage()
	if err != nil {
		return err
	}
	if err := t.engine.Dial(t.ctx, conns, stormAtOnce, dialLimit); err != nil {
		return err
	}
	err = t.engine.Until(t.ctx, dialLimit, "everyone's messages", func() bool {
		for _, c := range conns {
			if c.Past+c.Count < missed {
				return false
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	after, err := t.usage()
	if err != nil {
		return err
	}
	m, err := t.Memory()
	t.metrics["seconds"] = (after.at - before.at).Seconds()
	t.metrics["cpu_total"] = (after.cpu - before.cpu).Seconds()
	t.metrics["cpu_connect"] = (after.cpu - before.cpu).Seconds() / float64(len(conns))
	t.metrics["peak"] = float64(m.Peak)
	t.metrics["growth"] = float64(m.Peak - base.RSS)
	t.metrics["bytes_connect"] = float64(after.bytes-before.bytes) / float64(len(conns))
	t.metrics["generator"] = (after.own - before.own).Seconds() / (after.at - before.at).Seconds()
	return errors.Join(err, wait())
}

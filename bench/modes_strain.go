package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/chatd/chatd/bench/load"
	"github.com/chatd/chatd/bench/proc"
)

const (
	offered = 4 * time.Second  // how long more is offered than a server can deliver
	later   = 10 * time.Second // when it is counted what hasn't come
)

// overload offers more than can be delivered, and looks what has become of it later.
func (t *trial) overload() error {
	r, authors, err := t.fill("bench", t.readers, messageByMessage+1, nil)
	if err != nil {
		return err
	}
	r.Follow()
	if err := t.ResetPeak(); err != nil {
		return err
	}
	e := t.engine
	e.Window(offered)
	before := e.Delivered
	if err := e.Schedule(t.ctx, t.rate, offered, func(i int, at int64) { e.Post(authors[i%len(authors)], at) }); err != nil {
		return err
	}
	inTime := e.Delivered - before
	sockets, err := proc.SocketMemory()
	if err != nil {
		return err
	}
	wanted := func() int64 { return (r.Sent-t.refusedPosts())*int64(t.readers) - (e.Delivered - before) }
	begin := e.Now()
	for e.Now()-begin < int64(later) && wanted() > 0 {
		if err := e.For(t.ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	m, err := t.Memory()
	if err != nil {
		return err
	}
	t.metrics["offered"] = float64(r.Sent) * float64(t.readers)
	t.metrics["refused"] = float64(t.refusedPosts()) * float64(t.readers)
	t.metrics["in_time"] = float64(inTime)
	t.metrics["missing"] = float64(wanted())
	t.metrics["seconds"] = time.Duration(e.Now() - begin).Seconds()
	t.metrics["peak"] = float64(m.Peak)
	t.metrics["sockets"] = float64(sockets)
	t.latencies()
	return nil
}

// smallBuffer is the receive buffer of readers that will stall, in bytes: the kernel
// takes little for them.
const smallBuffer = 32 << 10

// slow measures first with all readers reading, then with some that don't, and then
// whether these were told and get all they missed.
func (t *trial) slow() error {
	var stalled []*load.Conn
	every := t.readers / t.stalled
	r, authors, err := t.fill("bench", t.readers, float64(t.readers)*t.rate, func(i int, c *load.Conn) {
		if i%every == every/2 && len(stalled) < t.stalled {
			c.Sampled, c.Resuming, c.Aside, c.Buffer = true, true, true, smallBuffer
			stalled = append(stalled, c)
		}
	})
	if err != nil {
		return err
	}
	writers := authors[:0:0]
	for _, a := range authors {
		if !a.Aside {
			writers = append(writers, a)
		}
	}
	r.Follow()
	if err := t.paced(writers, t.rate, r); err != nil {
		return err
	}
	t.metrics["p99_before"], t.metrics["p50_before"] = t.metrics["p99"], t.metrics["p50"]
	if err := t.ResetPeak(); err != nil {
		return err
	}
	for _, c := range stalled {
		c.Stall()
	}
	// Long enough for the kernel's buffers and the server's to fill.
	t.window = 10 * time.Second
	if err := t.paced(writers, t.rate, r); err != nil {
		return err
	}
	m, err := t.Memory()
	if err != nil {
		return err
	}
	sockets, err := proc.SocketMemory()
	if err != nil {
		return err
	}
	t.metrics["peak"], t.metrics["sockets"] = float64(m.Peak), float64(sockets)
	t.metrics["p99_ratio"] = t.metrics["p99"] / t.metrics["p99_before"]
	return t.awake(stalled, r)
}

// awake lets the stalled read on, and come back as they are told.
func (t *trial) awake(stalled []*load.Conn, r *load.Room) error {
	for _, c := range stalled {
		c.Resume()
	}
	told := func() (n int) {
		for _, c := range stalled {
			if c.Ended() {
				n++
			}
		}
		return n
	}
	if err := t.engine.Until(t.ctx, lastOnes, "the stalled to be ended", func() bool { return told() == len(stalled) }); err != nil {
		t.metrics["told"] = float64(told())
		return err
	}
	for _, c := range stalled {
		if strings.HasPrefix(c.Close, "4001") {
			t.metrics["told"]++
		}
	}
	for _, c := range stalled {
		c.Sampled = true
	}
	if err := t.engine.Dial(t.ctx, stalled, dialAtOnce, dialLimit); err != nil {
		return err
	}
	_ = t.engine.Until(t.ctx, lastOnes, "what the stalled missed", func() bool { return t.engine.Faults().Lost == 0 })
	for _, c := range stalled {
		if c.Recovered {
			t.metrics["recovered"]++
		}
	}
	if lost := t.engine.Faults().Lost; lost > 0 {
		return fmt.Errorf("%d messages lost; %d readers recovered", lost, int(t.metrics["recovered"]))
	}
	return nil
}

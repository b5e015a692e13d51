package main

import (
	"slices"
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

// stallFor is long enough for the kernel's buffers and the server's to fill at 200 messages a
// second, and short enough for what is missing then to be within the 1,000 events that
// can be recovered.
const stallFor = 6 * time.Second

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
	t.window = stallFor
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
	return t.awake(stalled)
}

// awake lets the stalled read on: each reads what is there and has all then, or finds that
// it was ended, and comes back from where it was.
func (t *trial) awake(stalled []*load.Conn) error {
	for _, c := range stalled {
		c.Resume()
	}
	err := t.engine.Until(t.ctx, lastOnes, "the stalled to get all or to be ended", func() bool {
		return all(stalled, func(c *load.Conn) bool { return c.Ended() || t.engine.Missing(c) == 0 })
	})
	if err != nil {
		return err
	}
	var ended []*load.Conn
	for _, c := range stalled {
		if c.Ended() {
			ended = append(ended, c)
			if c.Close[0] == '3' || c.Close[0] == '4' { // a code of the server's own; 4001 is chatd's
				t.metrics["told"]++
			}
		}
	}
	t.metrics["read_on"] = float64(len(stalled) - len(ended))
	return t.recovered(ended)
}

// recovered brings readers back, and counts those who get all that they missed.
func (t *trial) recovered(ended []*load.Conn) error {
	if err := t.engine.Dial(t.ctx, ended, dialAtOnce, dialLimit); err != nil {
		return err
	}
	err := t.engine.Until(t.ctx, lastOnes, "what the stalled missed", func() bool {
		return all(ended, func(c *load.Conn) bool { return t.engine.Missing(c) == 0 })
	})
	for _, c := range ended {
		if c.Recovered && t.engine.Missing(c) == 0 {
			t.metrics["recovered"]++
		}
	}
	return err
}

func all(conns []*load.Conn, is func(*load.Conn) bool) bool {
	return !slices.ContainsFunc(conns, func(c *load.Conn) bool { return !is(c) })
}

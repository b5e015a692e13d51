package main

import (
	"fmt"
	"time"

	"github.com/chatd/chatd/bench/load"
)

// roomsAConn is how many rooms a connection of chatd visits: it may send 400 messages at
// once, and a room takes three.
const roomsAConn = 100

// store has chatd store n rooms, with a message each and nobody in them.
func (t *trial) store(n int) error {
	if n == 0 {
		return nil
	}
	var conns []*load.Conn
	for range (n + roomsAConn - 1) / roomsAConn {
		c := t.engine.Add(nil)
		c.Sampled = true
		conns = append(conns, c)
	}
	if err := t.engine.Dial(t.ctx, conns, dialAtOnce, dialLimit); err != nil {
		return err
	}
	begun := t.engine.Acked
	for i := range n {
		c := conns[i/roomsAConn]
		c.Send(fmt.Sprintf(`{"type":"join","id":"j","room":"stored-%d"}`, i))
		c.Send(fmt.Sprintf(`{"type":"post","id":"%d","room":"stored-%d","text":"Nobody is here any more."}`, i, i))
		c.Send(fmt.Sprintf(`{"type":"leave","id":"l","room":"stored-%d"}`, i))
		if i%roomsAConn == roomsAConn-1 {
			// One connection after the other: the store needs no more of a hurry.
			err := t.engine.Until(t.ctx, time.Minute, "rooms to be stored", func() bool {
				return t.engine.Acked-begun+t.refusedPosts() > int64(i)
			})
			if err != nil {
				return err
			}
		}
	}
	if len(t.engine.Refused) > 0 {
		return fmt.Errorf("refused: %v", t.engine.Refused)
	}
	t.engine.Hangup(conns)
	return t.engine.For(t.ctx, settle)
}

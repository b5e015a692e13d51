package client

import (
	"context"
	"errors"
	"slices"
	"time"
)

// room is a room that the caller wants to be in.
type room struct {
	name string

	// Everything up to position has been put into the queue.
	position position
	known    bool // position means something

	// On the present connection:
	admitted bool     // the server acknowledged a join
	synced   bool     // live events go on from position
	joining  bool     // a join is under way
	replay   int      // so many frames of a recovery are still to come,
	head     int64    // and then position is this
	promised position // of the last heartbeat

	wanted    bool // a join is to be sent,
	notBefore time.Time

	waiters int           // callers of Join
	ready   chan struct{} // closed when the first join has an outcome:
	joined  Joined
	err     error
}

// rejoinPause is how long a refused attempt to come back to a room waits before the
// next, unless the server says how long.
const rejoinPause = time.Second

// Join reads a room from now on, and returns its present state; the same comes out of
// Next, before the room's events. A room that has been joined stays so across
// reconnects; joining it twice returns the state of the last time.
func (c *Client) Join(ctx context.Context, name string) (Joined, error) {
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return Joined{}, c.err
	}
	r := c.rooms[name]
	if r == nil {
		r = &room{name: name, wanted: true, ready: make(chan struct{})}
		c.rooms[name] = r
		c.wakeLocked()
	}
	r.waiters++
	c.mu.Unlock()

	select {
	case <-r.ready:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r.waiters--
	select {
	case <-r.ready:
		return r.joined, r.err
	default:
		c.forgetLocked(r)
		return Joined{}, ctx.Err()
	}
}

// forgetLocked gives up a first join that nobody waits for any more.
func (c *Client) forgetLocked(r *room) {
	if r.waiters > 0 || c.rooms[r.name] != r {
		return
	}
	delete(c.rooms, r.name)
	if !r.joining && !r.admitted {
		return
	}
	// The server may have let us in, or be about to.
	if x, err := c.newCallLocked(request{Type: "leave", Room: r.name}); err == nil {
		x.settle = func([]byte, error) {}
		c.calls = append(c.calls, x)
		c.wakeLocked()
	}
}

// nextJoinLocked returns the frame of a join that is due.
func (c *Client) nextJoinLocked(now time.Time, wait func(time.Time)) []byte {
	for _, r := range c.rooms {
		switch {
		case !r.wanted, r.joining, c.leavingLocked(r.name):
		case r.notBefore.After(now):
			wait(r.notBefore)
		case r.admitted && !c.queue.wantSpace(): // the queue wakes us
		default:
			return c.joinLocked(r)
		}
	}
	return nil
}

// leavingLocked reports whether the server has yet to be told that we left this room
// before we come back to it.
func (c *Client) leavingLocked(name string) bool {
	return slices.ContainsFunc(c.calls, func(x *call) bool { return x.kind == "leave" && x.room == name && !x.sent })
}

func (c *Client) joinLocked(r *room) []byte {
	q := request{Type: "join", Room: r.name}
	if r.known {
		at := r.position
		q.Since = &at
	}
	x, err := c.newCallLocked(q)
	if err != nil {
		r.wanted = false
		r.fail(err)
		return nil
	}
	r.wanted, r.joining = false, true
	x.internal = true
	x.settle = func(_ []byte, err error) { c.joinAnsweredLocked(r, err) }
	c.calls = append(c.calls, x)
	c.sentLocked(x)
	return x.frame
}

func (c *Client) joinAnsweredLocked(r *room, err error) {
	r.joining = false
	if err == nil {
		r.admitted = true
		return
	}
	var refusal *Error
	ok := errors.As(err, &refusal)
	if ok && r.known && refusal.temporary() {
		r.wanted = true
		r.notBefore = time.Now().Add(max(refusal.RetryAfter, rejoinPause))
		return
	}
	if c.rooms[r.name] != r {
		return // left meanwhile
	}
	delete(c.rooms, r.name)
	if ok && r.known {
		c.queue.tell(Left{Room: r.name, Code: refusal.Code, Message: refusal.Message})
	}
	r.fail(err)
}

// fail gives the callers of Join the reason why there was no first join.
func (r *room) fail(err error) {
	select {
	case <-r.ready:
	default:
		r.err = err
		close(r.ready)
	}
}

func (r *room) disconnected() {
	r.admitted, r.synced, r.joining, r.replay = false, false, false, 0
	r.wanted, r.notBefore = true, time.Time{}
}

// desync ignores the room's events from now on, and asks for them again from position.
func (r *room) desync() { r.synced, r.wanted = false, true }

// roomJoined puts the state of a room before its events.
func (c *Client) roomJoined(j Joined) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rooms[j.Room]
	if r == nil {
		return // left meanwhile
	}
	if !r.admitted {
		r.admitted, r.wanted = true, false // by the address /ws/chat/{room}
		c.wakeLocked()
	}
	r.joined = j
	if !c.queue.put(j) {
		r.desync()
	} else {
		r.start(j)
	}
	r.fail(nil) // that is, succeed
}

// start says where live events go on.
func (r *room) start(j Joined) {
	r.synced, r.replay, r.promised = true, 0, position{}
	if !j.Recovered || !r.known {
		r.position, r.known = position{j.Epoch, j.Seq}, true
		return
	}
	r.replay, r.head = j.Replay, j.Seq
	r.replayed()
}

// replayed moves the position to the end of a recovery that is complete.
func (r *room) replayed() {
	if r.replay == 0 {
		r.position.Seq = max(r.position.Seq, r.head)
	}
}

// logged puts an event of a room's log in the queue, once and in order.
func (c *Client) logged(e Logged) {
	name, seq := e.Position()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rooms[name]
	if r == nil || !r.synced {
		return // it comes again with the next recovery
	}
	if seq > r.position.Seq {
		if !c.queue.put(e) {
			r.desync()
			return
		}
		r.position.Seq = seq
	}
	if r.replay > 0 {
		r.replay--
		r.replayed()
	}
}

// aside puts an event that is about a room, but not of its log, in the queue.
func (c *Client) aside(name string, e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rooms[name]
	if r == nil || !r.synced || c.queue.put(e) {
		return
	}
	if _, fades := e.(Typing); !fades {
		r.desync() // the next Joined brings the members anew
	}
}

// behind notes where the server says that the room stands, and reports whether what it
// said with the heartbeat before has still not come.
func (r *room) behind(at position) bool {
	before := r.promised
	r.promised = at
	return r.synced && r.replay == 0 && before.Epoch != "" &&
		(before.Epoch != r.position.Epoch || before.Seq > r.position.Seq)
}

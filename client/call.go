package client

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// maxFlying is how many requests may await their answer on the wire; the server reads
// no further beyond 32 posts.
const maxFlying = 32

// repeatPause is how long a request that the server could not do, or of which it does
// not know the outcome, waits before it is repeated, unless the server says how long.
const repeatPause = 500 * time.Millisecond

// call is a request that awaits its answer.
type call struct {
	id        string
	kind      string
	room      string
	frame     []byte
	repeat    bool // send it again on the next connection
	internal  bool // a join of the client's own: made anew for each connection
	sent      bool // on the present connection
	everSent  bool
	notBefore time.Time
	// settle gets the answer, or why there is none; exactly once, under Client.mu: it must not block.
	settle func(answer []byte, err error)
}

// request is any request of v1; the pointers are those whose zero value means something.
type request struct {
	Type            string         `json:"type"`
	ID              string         `json:"id"`
	Room            string         `json:"room,omitempty"`
	Token           string         `json:"token,omitempty"`
	Name            string         `json:"name,omitempty"`
	Since           *position      `json:"since,omitempty"`
	Text            *string        `json:"text,omitempty"`
	Nonce           string         `json:"nonce,omitempty"`
	ReplyTo         string         `json:"reply_to,omitempty"`
	MessageID       string         `json:"message_id,omitempty"`
	MessageIDs      []string       `json:"message_ids,omitempty"`
	Emoji           string         `json:"emoji,omitempty"`
	On              *bool          `json:"on,omitempty"`
	Seq             *int64         `json:"seq,omitempty"`
	Before          *int64         `json:"before,omitempty"`
	Around          string         `json:"around,omitempty"`
	Limit           int            `json:"limit,omitempty"`
	Settings        *SettingsPatch `json:"settings,omitempty"`
	User            string         `json:"user,omitempty"`
	Effect          string         `json:"effect,omitempty"`
	Seconds         *int64         `json:"seconds,omitempty"`
	Reason          string         `json:"reason,omitempty"`
	IntervalSeconds int64          `json:"interval_seconds,omitempty"`
	SanctionID      string         `json:"sanction_id,omitempty"`
}

type position struct {
	Epoch string `json:"epoch"`
	Seq   int64  `json:"seq"`
}

type answer struct {
	frame []byte
	err   error
}

// ask makes a request, waits for its answer and decodes it.
func ask[T any](ctx context.Context, c *Client, q request, repeat bool) (T, error) {
	var v T
	frame, err := c.ask(ctx, q, repeat)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(frame, &v); err != nil {
		return v, fmt.Errorf("client: decode the answer to %s: %w", q.Type, err)
	}
	return v, nil
}

func (c *Client) ask(ctx context.Context, q request, repeat bool) ([]byte, error) {
	ch := make(chan answer, 1)
	x, err := c.enqueue(q, repeat, func(frame []byte, err error) { ch <- answer{frame, err} })
	if err != nil {
		return nil, err
	}
	select {
	case a := <-ch:
		return a.frame, a.err
	case <-ctx.Done():
		return nil, c.abandon(x, ctx.Err())
	}
}

// enqueue gives a request its id and its place.
func (c *Client) enqueue(q request, repeat bool, settle func([]byte, error)) (*call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	x, err := c.newCallLocked(q)
	if err != nil {
		return nil, err
	}
	x.repeat, x.settle = repeat, settle
	c.calls = append(c.calls, x)
	c.wakeLocked()
	return x, nil
}

func (c *Client) newCallLocked(q request) (*call, error) {
	c.lastID++
	q.ID = strconv.FormatInt(c.lastID, 10)
	frame, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("client: encode %s: %w", q.Type, err)
	}
	// Sent, it would cost the connection, on every repetition.
	if limit := c.welcome.Limits.FrameBytes; limit > 0 && len(frame) > limit {
		return nil, ErrTooLarge
	}
	return &call{id: q.ID, kind: q.Type, room: q.Room, frame: frame}, nil
}

// abandon forgets a request whose caller has gone.
func (c *Client) abandon(x *call, cause error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.calls, x); i >= 0 {
		c.removeLocked(i)
	}
	if x.everSent {
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, cause)
	}
	return cause
}

func (c *Client) removeLocked(i int) *call {
	x := c.calls[i]
	c.calls = slices.Delete(c.calls, i, i+1)
	if x.sent {
		c.flying--
	}
	return x
}

// nextFrame returns the next frame to write, or how long to wait before there may be
// one; zero: until woken.
func (c *Client) nextFrame(now time.Time) (frame []byte, pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := func(until time.Time) {
		if d := until.Sub(now); pause == 0 || d < pause {
			pause = d
		}
	}
	if frame := c.nextJoinLocked(now, wait); frame != nil {
		return frame, 0
	}
	for _, x := range c.calls {
		switch r := c.rooms[x.room]; {
		case c.flying >= maxFlying:
			return nil, pause
		case x.sent, x.kind != "leave" && r != nil && !r.admitted:
		case x.notBefore.After(now):
			wait(x.notBefore)
		default:
			c.sentLocked(x)
			return x.frame, 0
		}
	}
	return nil, pause
}

func (c *Client) sentLocked(x *call) {
	x.sent, x.everSent = true, true
	c.flying++
}

// answered settles the request with this id. A frame without one it leaves alone.
func (c *Client) answered(h head, frame []byte) {
	var refusal *Error
	if h.Type == "error" {
		refusal = new(Error)
		if err := json.Unmarshal(frame, refusal); err != nil {
			c.opts.Logger.Warn("can't decode an error frame", "err", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.calls, func(x *call) bool { return x.id == h.ID })
	if i < 0 || !c.calls[i].sent {
		return // its caller has gone
	}
	defer c.wakeLocked()
	x := c.calls[i]
	switch {
	case refusal == nil:
		c.removeLocked(i).settle(frame, nil)
	case refusal.unavailable() && x.repeat:
		x.sent = false
		c.flying--
		x.notBefore = time.Now().Add(max(refusal.RetryAfter, repeatPause))
	default:
		c.removeLocked(i).settle(nil, refusal)
	}
}

// disconnected sorts what was under way: some of it is repeated on the next connection.
func (c *Client) disconnected() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = nil
	c.flying = 0
	c.calls = slices.DeleteFunc(c.calls, func(x *call) bool {
		lost := x.sent && !x.repeat
		x.sent = false
		switch {
		case x.internal:
			return true
		case x.kind == "leave":
			x.settle(nil, nil) // the next connection never enters the room
			return true
		case lost:
			x.settle(nil, ErrOutcomeUnknown)
		}
		return lost
	})
	for _, r := range c.rooms {
		r.disconnected()
	}
}

package client

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"
)

// Client is a connection to a chatd server that comes back by itself.
type Client struct {
	opts  Options
	queue *queue
	stop  context.CancelFunc
	done  chan struct{} // closed when everything that Dial started has returned

	mu      sync.Mutex
	closed  bool
	err     error    // why the client has ended; nil: it has not
	session *session // nil between connections
	welcome welcome  // of the last connection
	name    string   // a guest's, for the next handshake
	guest   string   // the guest token, for the next handshake
	rooms   map[string]*room
	calls   []*call // those that await an answer, in order
	flying  int     // those of calls that have been sent
	lastID  int64
}

// Dial connects, and returns when the server has said welcome. A first connection that
// fails is not tried again: the error says why (*CloseError, *HandshakeError, or the
// network's). ctx bounds the dialling only; call Close when done.
func Dial(ctx context.Context, o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{
		opts:  o,
		done:  make(chan struct{}),
		rooms: map[string]*room{},
		name:  o.Name,
		guest: o.GuestToken,
	}
	c.queue = newQueue(o.EventBuffer, c.wake)
	s, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	c.session = s
	go c.run(run, s)
	return c, nil
}

// Next returns the next event, and waits for it. Once the client has ended and all
// events have been taken it returns why: ErrClosed, *CloseError or *HandshakeError.
func (c *Client) Next(ctx context.Context) (Event, error) { return c.queue.next(ctx) }

// Events yields what Next returns until the client or ctx ends; Err tells why it did.
func (c *Client) Events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			e, err := c.Next(ctx)
			if err != nil || !yield(e) {
				return
			}
		}
	}
}

// Err returns why the client has ended; nil while it has not.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// User returns who the server took this client for at the last welcome or Auth.
func (c *Client) User() User {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.welcome.User
}

// GuestToken returns what makes another Client the same guest (Options.GuestToken);
// empty for those who signed in. It is a secret.
func (c *Client) GuestToken() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.guest
}

// Close says goodbye and returns when everything that Dial started has ended. Requests
// under way fail with ErrClosed. Closing twice is harmless.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	s := c.session
	c.mu.Unlock()
	if s != nil {
		_ = s.conn.Close() // whether the server heard it changes nothing
	}
	c.stop()
	<-c.done
	return nil
}

// run serves one connection after another until there is a reason to stop.
func (c *Client) run(ctx context.Context, s *session) {
	defer close(c.done)
	defer c.stop()
	attempt := 0
	for {
		began := time.Now()
		err := c.serve(ctx, s)
		if ctx.Err() != nil || c.isClosed() {
			err = ErrClosed
		}
		if errors.Is(err, ErrClosed) || final(err) {
			c.end(err)
			return
		}
		c.opts.Logger.Info("disconnected", "err", err)
		c.queue.tell(Disconnected{Err: err})
		if !c.endedEarly(err, attempt, time.Since(began)) {
			attempt = 0
		}
		if s, attempt, err = c.reopen(ctx, err, attempt); err != nil {
			c.end(err)
			return
		}
		c.queue.tell(Reconnected{User: c.User()})
	}
}

// endedEarly reports whether a connection counts as one more failed attempt: where the
// server itself ended it, after no longer than the pause before it. A server that lets
// everybody in and closes at once is left in peace; a bad network is not waited for.
func (c *Client) endedEarly(err error, attempt int, lasted time.Duration) bool {
	var ce *CloseError
	return errors.As(err, &ce) && attempt > 0 && lasted < c.opts.Backoff.wait(attempt-1)
}

// reopen dials until it has a connection. It returns how many attempts in a row were
// needed, those given in attempt included.
func (c *Client) reopen(ctx context.Context, cause error, attempt int) (*session, int, error) {
	for ; ; attempt++ {
		pause := c.opts.Backoff.wait(attempt)
		if asked := retryAfter(cause); asked > 0 {
			pause = asked // the server spreads its clients itself
			if attempt > 0 {
				pause = max(asked, c.opts.Backoff.wait(attempt))
			}
		}
		if !sleep(ctx, pause) || c.isClosed() {
			return nil, 0, ErrClosed
		}
		s, err := c.open(ctx)
		switch {
		case err == nil && c.resume(s):
			return s, attempt + 1, nil
		case err == nil:
			_ = s.conn.Abort() // Close came first; there is nobody left to tell
			return nil, 0, ErrClosed
		case ctx.Err() != nil:
			return nil, 0, ErrClosed
		case final(err):
			return nil, 0, err
		}
		c.opts.Logger.Info("can't reconnect yet", "attempt", attempt+1, "err", err)
		cause = err
	}
}

// resume makes s the connection in use; false: the client was closed meanwhile.
func (c *Client) resume(s *session) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.session = s
	return true
}

func (c *Client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// end lets everybody who waits know why the client has ended.
func (c *Client) end(err error) {
	c.mu.Lock()
	c.err = err
	for _, x := range c.calls {
		x.settle(nil, err)
	}
	c.calls, c.flying = nil, 0
	for _, r := range c.rooms {
		r.fail(err)
	}
	c.mu.Unlock()
	c.queue.end(err)
}

// sleep waits for d; false: ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

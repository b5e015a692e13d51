package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// session is one connection, from its welcome to its end.
type session struct {
	conn    Conn
	wake    chan struct{} // of capacity 1: there may be something to write
	refresh chan struct{} // of capacity 1: the token is about to expire
	silence time.Duration // after this long without a frame the connection counts as dead
	refusal *Error        // the last error frame that answered no request; the reader's
}

type welcome struct {
	User        User   `json:"user"`
	GuestToken  string `json:"guest_token"`
	HeartbeatMS int64  `json:"heartbeat_ms"`
	Limits      struct {
		FrameBytes int `json:"frame_bytes"`
	} `json:"limits"`
}

// head is what decides where a frame goes.
type head struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Room string `json:"room"`
}

// open dials once and waits for the welcome.
func (c *Client) open(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	u, header, err := c.handshake(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := c.opts.Dial(ctx, u, header)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, wake: make(chan struct{}, 1), refresh: make(chan struct{}, 1)}
	if err := c.greet(ctx, s); err != nil {
		_ = conn.Abort() // the reason to give up is the one worth telling
		return nil, err
	}
	return s, nil
}

// handshake returns the address and the header of the next connection.
func (c *Client) handshake(ctx context.Context) (string, http.Header, error) {
	header := c.opts.HTTPHeader.Clone()
	if header == nil {
		header = http.Header{}
	}
	c.mu.Lock()
	token, name := c.guest, c.name
	c.mu.Unlock()
	was := ""
	if c.opts.Token != nil {
		was = c.opts.GuestToken
		var err error
		if token, err = c.opts.Token(ctx); err != nil {
			return "", nil, fmt.Errorf("client: get a token: %w", err)
		}
	}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	if name == "" && was == "" {
		return c.opts.URL, header, nil
	}
	u, err := url.Parse(c.opts.URL)
	if err != nil {
		return "", nil, fmt.Errorf("client: parse URL: %w", err)
	}
	q := u.Query()
	for key, value := range map[string]string{"name": name, "guest_token": was} {
		if value != "" {
			q.Set(key, value)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), header, nil
}

// greet reads up to the welcome. What concerns the person is refused here: an error
// frame, then a close.
func (c *Client) greet(ctx context.Context, s *session) error {
	for {
		frame, err := s.conn.Read(ctx)
		if err != nil {
			return s.explain(err)
		}
		var h head
		if err := json.Unmarshal(frame, &h); err != nil {
			return fmt.Errorf("client: decode frame: %w", err)
		}
		switch h.Type {
		case "error":
			s.note(frame)
		case "welcome":
			return c.welcomed(s, frame)
		}
	}
}

func (c *Client) welcomed(s *session, frame []byte) error {
	var w welcome
	if err := json.Unmarshal(frame, &w); err != nil {
		return fmt.Errorf("client: decode welcome: %w", err)
	}
	s.silence = 2*time.Duration(w.HeartbeatMS)*time.Millisecond + 10*time.Second
	c.mu.Lock()
	defer c.mu.Unlock()
	c.welcome = w
	c.guest = w.GuestToken
	return nil
}

// note remembers an error frame that answers no request: a close may follow it.
func (s *session) note(frame []byte) {
	e := new(Error)
	if json.Unmarshal(frame, e) == nil {
		s.refusal = e
	}
}

// explain adds the last error frame to what ended the connection.
func (s *session) explain(err error) error {
	var ce *CloseError
	if errors.As(err, &ce) {
		ce.Refusal = s.refusal
	}
	return err
}

// serve reads and writes until the connection ends, and says why it did.
func (c *Client) serve(ctx context.Context, s *session) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { c.write(ctx, s) })
	if c.opts.Token != nil {
		wg.Go(func() { c.renew(ctx, s) })
	}
	c.wake()
	err := c.read(ctx, s)
	cancel()
	_ = s.conn.Abort() // it has ended already, or will be no use
	wg.Wait()
	c.disconnected()
	return err
}

func (c *Client) read(ctx context.Context, s *session) error {
	for {
		one, cancel := context.WithTimeout(ctx, s.silence)
		frame, err := s.conn.Read(one)
		cancel()
		if err != nil {
			return s.explain(err)
		}
		if err := c.handle(s, frame); err != nil {
			return err
		}
	}
}

// writeTimeout bounds how long a server may refuse to read before the connection
// counts as dead. A server that waits for its own store reads on after seconds.
const writeTimeout = 60 * time.Second

func (c *Client) write(ctx context.Context, s *session) {
	for {
		frame, pause := c.nextFrame(time.Now())
		if frame == nil {
			if !s.rest(ctx, pause) {
				return
			}
			continue
		}
		one, cancel := context.WithTimeout(ctx, writeTimeout)
		err := s.conn.Write(one, frame)
		cancel()
		if err != nil {
			_ = s.conn.Abort() // the reader finds out, and why if the server said so
			return
		}
	}
}

// rest waits for something to write, for pause at most if it is not zero; false: ctx ended.
func (s *session) rest(ctx context.Context, pause time.Duration) bool {
	var elapsed <-chan time.Time
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		elapsed = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-s.wake:
	case <-elapsed:
	}
	return true
}

// renew brings a new token whenever the one in use is about to expire.
func (c *Client) renew(ctx context.Context, s *session) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.refresh:
		}
		token, err := c.opts.Token(ctx)
		if err == nil {
			_, err = c.Auth(ctx, token)
		}
		if err != nil && ctx.Err() == nil {
			// The server closes when the old one is over; the next handshake asks again.
			c.opts.Logger.Warn("can't renew the token", "err", err)
		}
	}
}

// wake makes the writer look for work.
func (c *Client) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wakeLocked()
}

func (c *Client) wakeLocked() {
	if c.session == nil {
		return
	}
	signal(c.session.wake)
}

// signal sends to a channel of capacity 1 unless something is in it already.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

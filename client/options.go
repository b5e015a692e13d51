package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// Options say where to connect and as whom. Only URL is required.
type Options struct {
	// URL is the server's v1 address, such as wss://chat.example.com/ws.
	URL string
	// Token returns the token to connect with; it is asked before every connection, and
	// when the one in use is about to expire. Nil: a guest, who stays the same guest
	// across reconnects.
	Token func(context.Context) (string, error)
	// GuestToken makes a guest the one that an earlier Client was (see Client.GuestToken). Beside Token it says which guest
	// the user has been.
	GuestToken string
	// Name is a guest's name; empty: the server makes one up.
	Name string
	// HTTPHeader is sent with every handshake.
	HTTPHeader http.Header
	// HTTPClient makes the handshakes; nil: http.DefaultClient.
	HTTPClient *http.Client
	// Logger hears of reconnects, never of tokens or texts. Nil: nobody does.
	Logger *slog.Logger
	// Backoff spaces the attempts to reconnect.
	Backoff Backoff
	// EventBuffer bounds the events that wait for Next; 0: 1024, at least 4. A small one
	// costs a slow caller many recoveries.
	EventBuffer int
	// Dial opens a connection; nil: Network(HTTPClient).
	Dial DialFunc
}

// Backoff spaces attempts: Min before the second, then twice as long each time up to
// Max, each shortened at random by up to a half so that clients don't come back as one.
type Backoff struct {
	Min time.Duration // 0: 250 ms
	Max time.Duration // 0: 30 s
}

// wait returns the pause before attempt n, counted from 0.
func (b Backoff) wait(n int) time.Duration {
	d := b.Max
	if n < 30 { // beyond it the shift could overflow
		d = min(d, b.Min<<n)
	}
	return d - rand.N(d/2+1) //nolint:gosec // it spreads clients, it guards nothing
}

// handshakeTimeout bounds a connection's opening, welcome included.
const handshakeTimeout = 15 * time.Second

func (o Options) withDefaults() (Options, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return o, errors.New("client: URL can't be parsed") // its text may hold a token
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return o, fmt.Errorf("client: URL has scheme %q, want ws or wss", u.Scheme)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Backoff.Min <= 0 {
		o.Backoff.Min = 250 * time.Millisecond
	}
	if o.Backoff.Max <= 0 {
		o.Backoff.Max = 30 * time.Second
	}
	o.Backoff.Max = max(o.Backoff.Max, o.Backoff.Min)
	if o.EventBuffer <= 0 {
		o.EventBuffer = 1024
	}
	// Half of it has to take a Joined and an event, or a recovery makes no progress.
	o.EventBuffer = max(o.EventBuffer, 4)
	if o.Dial == nil {
		o.Dial = Network(o.HTTPClient)
	}
	return o, nil
}

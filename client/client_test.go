package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestDialTellsWhyItWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		wait := later(func() (*Client, error) {
			return Dial(t.Context(), Options{URL: "ws://chat.example/ws", Dial: s.dial})
		})
		p := <-s.peers
		p.send(`{"type":"error","code":"banned","message":"You are banned.","until":"2030-01-01T00:00:00.000Z"}`)
		p.end(closeError(4500, `{"code":"banned"}`))

		_, err := wait()

		var ce *CloseError
		if !errors.As(err, &ce) || ce.Code != 4500 || !ce.Final() || CodeOf(err) != "banned" || ce.Refusal.Until.Year() != 2030 {
			t.Errorf("got %#v, want a final close with the refusal banned until 2030", err)
		}
	})
}

func TestDialHidesTokens(t *testing.T) {
	_, err := Dial(t.Context(), Options{URL: "ws://127.0.0.1:1/ws?token=sesame"})
	if err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("got %v, want an error without the token", err)
	}
	_, err = Dial(t.Context(), Options{URL: "ftp://x/?token=sesame"})
	if err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("got %v, want an error without the token", err)
	}
}

func TestReconnectWaits(t *testing.T) {
	tests := map[string]struct {
		end      error
		min, max time.Duration
	}{
		"as long as asked":        {closeError(4000, `{"code":"going_away","retry_after_ms":7000}`), 7 * time.Second, 7 * time.Second},
		"its own backoff":         {closeError(4001, `{"code":"slow_reader"}`), 125 * time.Millisecond, 250 * time.Millisecond},
		"after a network failure": {errCut, 125 * time.Millisecond, 250 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, p := connect(t, Options{})
				began := time.Now()

				p.end(tt.end)
				next[Disconnected](t, c)
				s.accept()
				next[Reconnected](t, c)

				if got := time.Since(began); got < tt.min || got > tt.max {
					t.Errorf("got a pause of %v, want %v to %v", got, tt.min, tt.max)
				}
			})
		})
	}
}

func TestReconnectBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := connect(t, Options{Backoff: Backoff{Min: time.Second, Max: 8 * time.Second}})
		refused := &HandshakeError{Status: http.StatusServiceUnavailable}
		s.mu.Lock()
		s.fail = []error{refused, refused, refused, &HandshakeError{Status: 429, RetryAfter: time.Minute}}
		s.mu.Unlock()
		began := time.Now()

		p.end(errCut)
		next[Disconnected](t, c)
		s.accept()
		next[Reconnected](t, c)

		// 1+2+4+8 s less up to a half, then the minute that was asked for.
		if got := time.Since(began); got < 67*time.Second || got > 75*time.Second {
			t.Errorf("got %v until the fifth attempt, want 67.5 s to 75 s", got)
		}
	})
}

func TestAServerThatClosesAtOnceIsLeftInPeace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := connect(t, Options{Backoff: Backoff{Min: time.Second, Max: time.Minute}})
		began := time.Now()
		for range 5 {
			p.end(closeError(4003, `{"code":"internal"}`))
			next[Disconnected](t, c)
			p = s.accept()
			next[Reconnected](t, c)
		}
		if got := time.Since(began); got < 15500*time.Millisecond {
			t.Errorf("got five reconnects within %v, want 1+2+4+8+16 s less up to a half", got)
		}
		began = time.Now()
		p.end(errCut) // that was not the server's wish
		next[Disconnected](t, c)
		s.accept()
		next[Reconnected](t, c)
		if got := time.Since(began); got > time.Second {
			t.Errorf("after a cut: got a reconnect after %v, want at most 1 s", got)
		}
	})
}

func TestFinalCloseEndsTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		p.send(`{"type":"banned","room":"general","reason":"Spam","sanction_id":"x"}`)
		p.send(`{"type":"error","code":"banned","message":"You are banned. Reason: Spam"}`)
		p.end(closeError(4500, `{"code":"banned"}`))

		if e := next[Banned](t, c); e.Reason != "Spam" || !e.Until.IsZero() {
			t.Errorf("got %+v, want a ban for good for spam", e)
		}
		_, err := c.Next(t.Context())
		if CodeOf(err) != "banned" || CodeOf(c.Err()) != "banned" {
			t.Errorf("got %v and %v, want the refusal banned", err, c.Err())
		}
		if _, err := c.Post(t.Context(), "general", "hi", PostOptions{}); CodeOf(err) != "banned" {
			t.Errorf("Post got %v, want the refusal banned", err)
		}
		if _, err := c.Join(t.Context(), "other"); CodeOf(err) != "banned" {
			t.Errorf("Join got %v, want the refusal banned", err)
		}
		if s.dials != 1 {
			t.Errorf("got %d dials, want 1", s.dials)
		}
	})
}

func TestGuestStaysTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := connect(t, Options{Name: "Ann B"})
		if got := p.header.Get("Authorization"); got != "" {
			t.Errorf("got Authorization %q at first, want none", got)
		}
		if got, want := p.url, "ws://chat.example/ws?name=Ann+B"; got != want {
			t.Errorf("got address %q, want %q", got, want)
		}
		p.end(errCut)
		p = s.accept()
		if got, want := p.header.Get("Authorization"), "Bearer gt"; got != want {
			t.Errorf("got Authorization %q, want %q", got, want)
		}
		if got := c.GuestToken(); got != "gt" {
			t.Errorf("got guest token %q, want gt", got)
		}
	})
}

func TestTokenIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, _, p := connect(t, Options{Token: func(context.Context) (string, error) {
			n++
			return strings.Repeat("t", n), nil
		}})
		if got := p.header.Get("Authorization"); got != "Bearer t" {
			t.Errorf("got Authorization %q, want the first token", got)
		}

		p.send(`{"type":"expiring","at":"2030-01-01T00:00:00.000Z"}`)

		q := p.want("auth")
		p.ack(q, `,"user":{"id":"u:ann","name":"Ann","role":"user"}`)
		synctest.Wait()
		if q["token"] != "tt" || c.User().ID != "u:ann" {
			t.Errorf("got %v as %v, want the second token as u:ann", q, c.User())
		}
		next[Expiring](t, c)
	})
}

func TestSilenceEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := connect(t, Options{})
		began := time.Now()
		time.Sleep(50 * time.Second)
		p.send(`{"type":"heartbeat","positions":{}}`)

		e := next[Disconnected](t, c)

		if got := time.Since(began); got != 110*time.Second || !errors.Is(e.Err, context.DeadlineExceeded) {
			t.Errorf("got %v after %v, want a deadline 60 s after the last frame", e.Err, got)
		}
		s.accept()
		next[Reconnected](t, c)
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{})
		wait := later(func() (Ack, error) { return c.Post(t.Context(), "general", "hi", PostOptions{}) })
		p.want("post")

		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}

		if _, err := wait(); !errors.Is(err, ErrClosed) {
			t.Errorf("Post got %v, want ErrClosed", err)
		}
		if _, err := c.Next(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Next got %v, want ErrClosed", err)
		}
		c.Close()
	})
}

func TestCloseWhileReconnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := connect(t, Options{Backoff: Backoff{Min: time.Minute}})
		p.end(errCut)
		next[Disconnected](t, c)
		c.Close()
		if got := c.Err(); !errors.Is(got, ErrClosed) || s.dials != 1 {
			t.Errorf("got %v after %d dials, want ErrClosed after 1", got, s.dials)
		}
	})
}

func TestBackoff(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 30 * time.Second}
	for n, most := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 60: 30} {
		most *= time.Second
		if most == 0 {
			continue
		}
		if got := b.wait(n); got < most/2 || got > most {
			t.Errorf("wait(%d): got %v, want %v to %v", n, got, most/2, most)
		}
	}
}

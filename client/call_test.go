package client

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const stored = `,"message_id":"m1","seq":11,"at":"2026-11-23T18:00:00.000Z"`

func TestPostIsRepeatedUntilItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		wait := later(func() (Ack, error) { return c.Post(t.Context(), "general", "hi", PostOptions{}) })
		first := p.want("post")
		p.end(errCut)

		p = s.accept()
		p.join(`"seq":10,"recovered":true,"replay":0`)
		second := p.want("post")
		p.refuse(second, "outcome_unknown", "")
		third := p.want("post")
		p.ack(third, stored+`,"duplicate":true`)

		got, err := wait()
		if err != nil || got.MessageID != "m1" || got.Seq != 11 || !got.Duplicate {
			t.Errorf("got %+v, %v, want the message m1 at 11", got, err)
		}
		for i, q := range []map[string]any{second, third} {
			if q["nonce"] != first["nonce"] || q["nonce"] == "" {
				t.Errorf("repetition %d has nonce %v, want %v", i+1, q["nonce"], first["nonce"])
			}
		}
	})
}

func TestPostsKeepTheirOrderAcrossReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		for _, text := range []string{"a", "b", "c"} {
			go c.Post(t.Context(), "general", text, PostOptions{})
			synctest.Wait()
		}
		p.want("post")
		p.end(errCut)
		p = s.accept()
		p.join(`"seq":10,"recovered":true,"replay":0`)
		for _, want := range []string{"a", "b", "c"} {
			q := p.want("post")
			if q["text"] != want {
				t.Errorf("got %v, want %v", q["text"], want)
			}
			p.ack(q, stored)
		}
		synctest.Wait()
	})
}

func TestRefusalsReachTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{})
		wait := later(func() (Ack, error) { return c.Post(t.Context(), "general", "hi", PostOptions{}) })
		p.refuse(p.want("post"), "slow_mode", `,"room":"general","retry_after_ms":4200`)

		_, err := wait()

		var e *Error
		if !errors.As(err, &e) || e.Code != "slow_mode" || e.RetryAfter != 4200*time.Millisecond || e.Room != "general" {
			t.Errorf("got %#v, want slow_mode for 4.2 s", err)
		}
	})
}

func TestWhatMayNotBeRepeatedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		wait := later(func() (string, error) {
			return c.Sanction(t.Context(), "general", Sanction{User: "u:bob", Effect: "mute", For: time.Minute})
		})
		if q := p.want("sanction"); q["seconds"] != 60.0 {
			t.Errorf("got %v seconds, want 60", q["seconds"])
		}
		p.end(errCut)
		if _, err := wait(); !errors.Is(err, ErrOutcomeUnknown) {
			t.Errorf("got %v, want ErrOutcomeUnknown", err)
		}
		p = s.accept()
		p.join(`"seq":10,"recovered":true,"replay":0`)
		p.quiet()
	})
}

func TestAbandonedRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, p := joined(t, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		wait := later(func() (Ack, error) { return c.Post(ctx, "general", "hi", PostOptions{}) })
		q := p.want("post")
		cancel()
		if _, err := wait(); !errors.Is(err, ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want ErrOutcomeUnknown and context.Canceled", err)
		}
		p.ack(q, stored) // nobody waits for it any more
		p.end(errCut)
		p = s.accept()
		p.join(`"seq":10,"recovered":true,"replay":0`)
		p.quiet()
	})
}

func TestRequestsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{})
		for range 40 {
			go c.Post(t.Context(), "general", "hi", PostOptions{})
		}
		var first map[string]any
		for range maxFlying {
			q := p.want("post")
			if first == nil {
				first = q
			}
		}
		p.quiet()
		p.ack(first, stored)
		p.want("post")
		p.quiet()
	})
}

func TestTooLargeRequestsAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := joined(t, Options{})
		if _, err := c.Post(t.Context(), "general", strings.Repeat("x", 2000), PostOptions{}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v, want ErrTooLarge", err)
		}
		p.quiet()
	})
}

// TestRequestsOnTheWire shows what each method sends, and what it makes of the answer.
func TestRequestsOnTheWire(t *testing.T) {
	ctx := context.Background()
	tests := map[string]struct {
		call func(c *Client) (any, error)
		sent map[string]any // besides type, id and room
		ack  string
		want any
	}{
		"edit": {
			func(c *Client) (any, error) { return c.Edit(ctx, "general", "m", "") },
			map[string]any{"message_id": "m", "text": ""}, `,"seq":5`, int64(5),
		},
		"delete": {
			func(c *Client) (any, error) { return c.Delete(ctx, "general", "m", "n") },
			map[string]any{"message_ids": []any{"m", "n"}}, `,"seq":5`, int64(5),
		},
		"restore": {
			func(c *Client) (any, error) { return c.Restore(ctx, "general", "m") },
			map[string]any{"message_ids": []any{"m"}}, `,"seq":5`, int64(5),
		},
		"react": {
			func(c *Client) (any, error) { return nil, c.React(ctx, "general", "m", "👍", false) },
			map[string]any{"message_id": "m", "emoji": "👍", "on": false}, ``, nil,
		},
		"typing": {func(c *Client) (any, error) { return nil, c.Typing(ctx, "general") }, nil, ``, nil},
		"read": {
			func(c *Client) (any, error) { return nil, c.MarkRead(ctx, "general", 0) },
			map[string]any{"seq": 0.0}, ``, nil,
		},
		"history": {
			func(c *Client) (any, error) {
				p, err := c.History(ctx, "general", HistoryQuery{Before: 9, Limit: 2})
				return p.MoreBefore, err
			},
			map[string]any{"before": 9.0, "limit": 2.0}, `,"messages":[],"more_before":true,"more_after":true`, true,
		},
		"members": {
			func(c *Client) (any, error) { m, err := c.Members(ctx, "general", 0); return m.Count, err },
			nil, `,"members":[],"count":3`, 3,
		},
		"pin": {
			func(c *Client) (any, error) { return c.Pin(ctx, "general", "m", true) },
			map[string]any{"message_id": "m", "on": true}, `,"seq":5`, int64(5),
		},
		"set": {
			func(c *Client) (any, error) {
				return c.Set(ctx, "general", SettingsPatch{Topic: new(""), SlowMode: new(int64(5))})
			},
			map[string]any{"settings": map[string]any{"topic": "", "slow_mode_seconds": 5.0}}, `,"seq":5`, int64(5),
		},
		"lift": {
			func(c *Client) (any, error) { return nil, c.Lift(ctx, "general", "s") },
			map[string]any{"sanction_id": "s"}, ``, nil,
		},
		"leave": {func(c *Client) (any, error) { return nil, c.Leave(ctx, "general") }, nil, ``, nil},
	}
	for kind, tt := range tests {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, p := joined(t, Options{})
				wait := later(func() (any, error) { return tt.call(c) })
				q := p.want(kind)
				p.ack(q, tt.ack)

				got, err := wait()

				if err != nil || got != tt.want {
					t.Errorf("got %v, %v, want %v", got, err, tt.want)
				}
				want := map[string]any{"type": kind, "id": q["id"], "room": "general"}
				for k, v := range tt.sent {
					want[k] = v
				}
				diff(t, q, want)
			})
		})
	}
}

package brokertest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/chatd/chatd/chat"
)

// Broker is all that a broker implements.
type Broker interface {
	chat.Bell
	chat.Presence
	chat.Meter
}

// Option changes how the suite runs.
type Option func(*suite)

// InBubble runs the limiter's cases in a bubble of testing/synctest, where waiting takes no
// time: for brokers that do no I/O. The other cases stay outside: a bubble's clock stands
// still while somebody waits for a mutex, and stop may well do that.
func InBubble() Option { return func(s *suite) { s.bubble = true } }

const (
	// deadline bounds the wait for what must come.
	deadline = 5 * time.Second
	// window is the period of rates in the suite: outside of a bubble it is waited for.
	window = 400 * time.Millisecond
)

type suite struct {
	open   func(t *testing.T) Broker
	bubble bool
}

// Run tries the brokers that open returns: an empty one for each case, closed by
// t.Cleanup where it needs closing.
func Run(t *testing.T, open func(t *testing.T) Broker, options ...Option) {
	s := suite{open: open}
	for _, o := range options {
		o(&s)
	}
	for _, group := range []struct {
		name  string
		cases map[string]func(t *testing.T, b Broker)
	}{
		{"Bell", bellCases}, {"Presence", presenceCases},
	} {
		for name, f := range group.cases {
			t.Run(group.name+"/"+name, func(t *testing.T) { f(t, s.open(t)) })
		}
	}
	for name, f := range limiterCases {
		t.Run("Limiter/"+name, func(t *testing.T) {
			if s.bubble {
				synctest.Test(t, func(t *testing.T) { f(t, s.open(t)) })
				return
			}
			f(t, s.open(t))
		})
	}
}

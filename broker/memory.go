package broker

import "github.com/chatd/chatd/chat"

// Config configures a Memory. Its zero value is ready to use.
type Config struct {
	// MaxKeys bounds the rate limiter's table, in keys; zero: 1,000,000. See Take.
	MaxKeys int
}

// Memory is the broker of a node that runs alone. It is safe for concurrent use.
//
// It takes no clock: the limiter's library reads the time of the process, so its
// tests run in a bubble of testing/synctest.
type Memory struct {
	bell
	presence
	limits
}

var (
	_ chat.Bell     = (*Memory)(nil)
	_ chat.Presence = (*Memory)(nil)
	_ chat.Meter    = (*Memory)(nil)
)

// NewMemory returns an empty broker. It starts nothing.
func NewMemory(c Config) *Memory {
	m := &Memory{}
	m.rooms.init()
	m.occupied.init()
	m.limits.init(c.MaxKeys)
	return m
}

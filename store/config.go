package store

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
)

// Durability says what an acknowledged message survives; docs/durability.md has the
// cost of each.
type Durability string

// The durabilities. Power is the default.
const (
	// Power: a power cut. SQLite syncs every commit; PostgreSQL's synchronous_commit is on.
	Power Durability = "power"
	// Process: the death of this process. SQLite leaves syncing to its checkpoints, and
	// the epoch changes after an unclean start of the machine. PostgreSQL still flushes
	// every commit, but waits for no standby (synchronous_commit local).
	Process Durability = "process"
)

// Config is what Open needs. Only DataDir or DatabaseURL must be given.
type Config struct {
	// DatabaseURL is postgres://…; empty: SQLite, file chatd.db in DataDir.
	DatabaseURL string
	DataDir     string
	Durability  Durability // empty: Power

	// Bell hears of every event, in commit order; may be nil.
	Bell   chat.Bell
	Logger *slog.Logger
	Clock  func() time.Time
	NewID  func() string // UUID version 7
	// Rand decides which numbers of a room are left out, about one in eight.
	Rand mathrand.Source

	// Exclusive lets only one live node use a PostgreSQL database: without Redis, nodes
	// can't tell each other what happens. SQLite always is exclusive.
	Exclusive bool
	Node      string        // how this node is called in messages; empty: host and process id
	Lease     time.Duration // of a node, renewed at a third of it; default 5 s

	QueueSize int           // changes that may wait; default 4096
	BatchSize int           // changes in one commit; default 256
	QueueWait time.Duration // how long Append waits for room in the queue; default 2 s

	// CommitTimeout bounds one commit and each look for its outcome; default 10 s. A
	// server that doesn't even say that it gave up is waited for half as long again.
	CommitTimeout time.Duration
	// UnknownAfter is when callers hear ErrOutcomeUnknown; default 3 s.
	UnknownAfter time.Duration
	// DrainTimeout bounds what Run still does for a database that is away when it is to end; default 10 s.
	DrainTimeout time.Duration
	// Housekeeping is how often retention and cleaning run; default 1 min.
	Housekeeping time.Duration
}

// withDefaults fills what was left empty and refuses what can't be.
func (c Config) withDefaults() (Config, error) {
	if c.Durability == "" {
		c.Durability = Power
	}
	if c.Durability != Power && c.Durability != Process {
		return c, fmt.Errorf("store: durability %q: must be %q or %q", c.Durability, Power, Process)
	}
	if c.DatabaseURL == "" && c.DataDir == "" {
		return c, fmt.Errorf("store: neither a data folder nor a database URL is given")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.NewID == nil {
		c.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if c.Rand == nil {
		var seed [16]byte
		_, _ = rand.Read(seed[:]) // never fails (crypto/rand)
		c.Rand = mathrand.NewPCG(binary.LittleEndian.Uint64(seed[:8]), binary.LittleEndian.Uint64(seed[8:]))
	}
	if c.Node == "" {
		host, _ := os.Hostname()
		c.Node = fmt.Sprintf("%s, process %d", host, os.Getpid())
	}
	orDefault(&c.Lease, 5*time.Second)
	orDefault(&c.QueueSize, 4096)
	orDefault(&c.BatchSize, 256)
	orDefault(&c.QueueWait, 2*time.Second)
	orDefault(&c.CommitTimeout, 10*time.Second)
	orDefault(&c.UnknownAfter, 3*time.Second)
	orDefault(&c.DrainTimeout, 10*time.Second)
	orDefault(&c.Housekeeping, time.Minute)
	return c, nil
}

func orDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

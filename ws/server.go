package ws

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// Config is what a Server needs. Service, Door, Guests and Origins must be there.
type Config struct {
	// Service is asked for everything; its Bell, Limiter, Log, Now and NewID are used too.
	Service *chat.Service
	Door    *access.Door
	Guests  *access.Guests
	Origins *access.Origins
	Proxies access.Proxies
	Limits  Limits
	// Heartbeat is how often v1 sessions are told their positions; default 25 s.
	Heartbeat time.Duration
	// Workers is how many rooms are told their events at the same time; default 2.
	Workers int
	Logger  *slog.Logger
}

// Server holds this node's sessions. Its handlers may be called before Run, but nothing is
// delivered until then. It implements chat.Sessions.
type Server struct {
	cfg    Config
	svc    *chat.Service
	limits Limits
	log    *slog.Logger
	stats  *stats
	melody *melody.Melody

	index    index
	doors    doors
	rooms    rooms
	delivery delivery
	control  control
	stopBell func()

	conns   sync.WaitGroup // connections
	errands sync.WaitGroup

	mu       sync.Mutex
	draining bool // guarded by mu
}

var _ chat.Sessions = (*Server)(nil)

// New makes a Server. It listens to the bell and starts nothing.
func New(ctx context.Context, c Config) (*Server, error) {
	if c.Service == nil || c.Door == nil || c.Guests == nil || c.Origins == nil {
		return nil, errors.New("ws: Service, Door, Guests and Origins are needed")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	orDuration(&c.Heartbeat, 25*time.Second)
	orInt(&c.Workers, 2)
	s := &Server{cfg: c, svc: c.Service, limits: c.Limits.withDefaults(), log: c.Logger, stats: newStats()}
	s.melody = s.newMelody()
	s.index.init()
	s.doors.init()
	s.rooms.init(s)
	s.delivery.init()
	s.control.init()
	stop, err := c.Service.Bell.ListenAll(ctx, controlListener{&s.control})
	if err != nil {
		return nil, fmt.Errorf("listen for sanctions: %w", err)
	}
	if err := s.recall(ctx); err != nil {
		stop()
		return nil, err
	}
	s.stopBell = stop
	return s, nil
}

// recall reads what was decided earlier and begins, or ends, later.
func (s *Server) recall(ctx context.Context) error {
	now := s.svc.Now()
	var c chat.ControlChange
	err := s.svc.Directory.Standing(ctx, now, func(x chat.Sanction) error {
		if now.Before(x.Starts) {
			c.Sanctions = append(c.Sanctions, x)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read sanctions: %w", err)
	}
	if c.Lockdowns, err = s.svc.Directory.Lockdowns(ctx, now); err != nil {
		return fmt.Errorf("read lock-downs: %w", err)
	}
	s.control.remember(&c, now)
	return nil
}

// Run delivers until ctx has ended; then it drains, for at most ten seconds, and returns when
// everything has ended that was started here.
func (s *Server) Run(ctx context.Context) error {
	var work sync.WaitGroup
	for range s.cfg.Workers {
		work.Go(s.delivery.work)
	}
	work.Go(s.obey)
	s.beatUntil(ctx)

	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := s.Drain(drain)
	s.stopBell()
	s.delivery.stop()
	s.control.stop()
	work.Wait()
	s.errands.Wait()
	return err
}

// beatUntil does what time asks for, until ctx ends.
func (s *Server) beatUntil(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := s.svc.Now()
			s.rooms.beat(now)
			if n%beatsPerSweep == 0 {
				s.sweep(now)
			}
		}
	}
}

// Drain accepts nobody any more (503), waits until what was posted is answered, and asks
// every session to come back in a while that differs from one to the other, so that the other nodes aren't
// run over. It returns when all connections have ended, or with ctx.
func (s *Server) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	sessions := s.index.all()
	for _, x := range sessions {
		x.quiet.Store(true)
	}
	answered := make(chan struct{})
	go func() { // ends when the last post is answered, or its session ends below
		defer close(answered)
		for _, x := range sessions {
			x.replies.wait()
		}
	}()
	bound := time.NewTimer(drainPosts)
	defer bound.Stop()
	select {
	case <-answered:
	case <-bound.C:
	case <-ctx.Done():
	}
	for _, x := range s.index.all() {
		x.goAway()
	}
	<-answered
	return s.wait(ctx)
}

const (
	drainPosts = 2 * time.Second
	comeBack   = 2 * time.Second // on average; half to one and a half of it
)

// wait waits for the connections.
func (s *Server) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		s.conns.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		<-done // each connection is bounded by Linger
		return fmt.Errorf("ws: drain: %w", ctx.Err())
	}
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// errand does what would make a worker wait. Only workers may call it: Run waits for the
// errands after them.
func (s *Server) errand(f func()) {
	s.errands.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				s.panicked("errand", "", p)
			}
		}()
		f()
	})
}

// newMelody makes Melody read, ping and close; see conn for what is written.
func (s *Server) newMelody() *melody.Melody {
	m := melody.New()
	m.Config.MaxMessageSize = int64(s.limits.MessageBytes)
	m.Config.MessageBufferSize = 1 // never used but for pings
	m.Config.PingPeriod = s.limits.PingEvery
	m.Config.PongWait = s.limits.PongWait
	m.Upgrader.ReadBufferSize = 256  // what is larger is read past it
	m.Upgrader.WriteBufferSize = 256 // the largest control frame has 127 bytes
	m.Upgrader.WriteBufferPool = &sync.Pool{}
	m.Upgrader.EnableCompression = false
	m.HandleConnect(func(ms *melody.Session) {
		c := connOf(ms)
		ms.Request = nil // it was needed for the upgrade
		ms.WebsocketConnection().SetPingHandler(func(data string) error { return c.session.pinged(c, data) })
		apart(func() { s.guarded(c.session, c.session.open) })
	})
	m.HandleMessage(func(ms *melody.Session, text []byte) {
		c := connOf(ms)
		c.heard()
		s.guarded(c.session, func() { c.session.received(text) })
	})
	m.HandleMessageBinary(func(ms *melody.Session, _ []byte) {
		connOf(ms).session.end(farewell{code: closeUnsupported, flush: true})
	})
	m.HandleError(func(ms *melody.Session, err error) {
		// The upgrader's reader says so itself where the announced length is too large, but
		// not where it overflows.
		if errors.Is(err, websocket.ErrReadLimit) {
			connOf(ms).end(farewell{code: closeTooBig, flush: true})
		}
	})
	m.HandlePong(func(ms *melody.Session) {
		c := connOf(ms)
		c.heard()
		c.session.throttle()
	})
	return m
}

// apart does something on a stack of its own and waits for it. What is done once, and needs much of a stack, would else make
// that of a goroutine large which lasts as long as its connection.
func apart(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

func connOf(ms *melody.Session) *conn {
	return ms.WebsocketConnection().UnderlyingConn().(*conn)
}

// guarded does something for a session; a panic ends that session alone.
func (s *Server) guarded(x *session, do func()) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked("session", x.id, p)
			x.end(farewell{code: closeInternal, reason: "internal", flush: true})
		}
	}()
	do()
}

func (s *Server) panicked(what string, id any, p any) {
	s.stats.panics.Add(1)
	s.log.Error("panic", "in", what, "id", id, "panic", p, "stack", string(debug.Stack()))
}

// jitter returns a duration between half and one and a half of d.
func jitter(d time.Duration) time.Duration {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return d/2 + time.Duration(float64(d)*float64(binary.BigEndian.Uint32(b[:]))/(1<<32))
}

// ServeRoom serves /ws/chat/{room}: plain, or v1 where the client asks for it, joined to the
// room. It returns when the connection has been taken over, or refused.
func (s *Server) ServeRoom(w http.ResponseWriter, r *http.Request, room string) {
	s.accept(w, r, &room)
}

// ServeMulti serves /ws: v1, with any number of rooms.
func (s *Server) ServeMulti(w http.ResponseWriter, r *http.Request) { s.accept(w, r, nil) }

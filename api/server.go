package api

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"github.com/chatd/chatd/access"
	adminui "github.com/chatd/chatd/admin-ui"
	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/chat"
)

// apiBase is where the operations of openapi.yaml stand.
const apiBase = "/api/v1"

// Config is what a server needs. All fields are required but for those that say what they
// are without a value.
type Config struct {
	Chat      *chat.Service
	Passwords *access.Passwords
	Limiter   chat.Meter
	// LogInsPerAddr and LogInsPerAccount bound the passwords and keys that are looked up and
	// checked: of an address, and of an address on one account. An account takes 20 times
	// the second from all addresses together. Zero: 20 and 10 a minute; never unlimited.
	LogInsPerAddr, LogInsPerAccount chat.Rate
	// Requests is how many requests each key and each account may make. Zero: unlimited.
	Requests chat.Rate
	// A staff session ends SessionIdle after it was last used, and SessionLifetime after it began in any case.
	// Zero: 12 hours and 7 days.
	SessionIdle, SessionLifetime time.Duration
	// Secret makes cursors and seals kept answers: the same on all nodes, 32 bytes.
	Secret []byte
	// ClientAddr finds a request's client behind trusted proxies; Secure says whether it speaks TLS.
	ClientAddr func(*http.Request) netip.Addr
	Secure     func(*http.Request) bool
	// Live measures how the node is doing.
	Live    *live.Meter
	Sockets Sockets
	// Metrics answers /metrics.
	Metrics http.Handler
	// Observe hears of each request but probes and sockets: route is one of chatd's own, or
	// "unknown". nil: nobody does.
	Observe func(route string, status int, took time.Duration)
	// Leaving is closed when the node begins to stop: streams end then. nil: they end with their requests.
	Leaving <-chan struct{}
	// Checks are what must be well for the node to serve.
	Checks []Check
	// Pages are the files that adminui.Pages names.
	Pages fs.FS
	// OpenAPI and AsyncAPI are served as they are; requests are held to the first.
	OpenAPI, AsyncAPI []byte
	Logger            *slog.Logger
	Now               func() time.Time
}

// Sockets answers what becomes a WebSocket. What it is given is its own once it has hijacked it.
type Sockets interface {
	// ServeRoom answers /ws/chat/{room}; room is what the address says, whatever that is.
	ServeRoom(w http.ResponseWriter, r *http.Request, room string)
	// ServeMulti answers /ws.
	ServeMulti(w http.ResponseWriter, r *http.Request)
}

// Check is one thing that must be well for the node to serve.
type Check struct {
	Name string
	Ask  func(context.Context) error
}

// Server answers all of chatd's addresses.
type Server struct {
	http  http.Handler
	gate  *gate
	tasks *tasks
	log   *slog.Logger
}

type server struct {
	Config
	echo    *echo.Echo
	pages   map[string]*asset   // by file
	known   map[string]struct{} // the routes
	cursors cursors
	running running
	gate    *gate
	tasks   *tasks
}

// New makes a Server. It starts nothing.
func New(c Config) (*Server, error) {
	contract, err := readContract(c.OpenAPI)
	if err != nil {
		return nil, err
	}
	return newOn(c, contract)
}

// newOn makes a Server that holds requests to a contract that was read.
func newOn(c Config, contract *contract) (*Server, error) {
	if c.SessionIdle == 0 {
		c.SessionIdle = 12 * time.Hour
	}
	if c.SessionLifetime == 0 {
		c.SessionLifetime = 7 * 24 * time.Hour
	}
	s, err := newServer(c, contract)
	if err != nil {
		return nil, err
	}
	return &Server{http: s.echo, gate: s.gate, tasks: s.tasks, log: c.Logger}, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.http.ServeHTTP(w, r) }

// Run does the tasks that requests begin, and notes when keys are used. It returns when ctx has ended and the
// tasks have stopped.
func (s *Server) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error {
		s.gate.used.run(ctx, s.gate.accounts, s.log)
		return nil
	})
	g.Go(func() error {
		s.tasks.run(ctx)
		return nil
	})
	return g.Wait()
}

func newServer(c Config, contract *contract) (*server, error) {
	pages, err := readAssets(c.Pages)
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	if c.Observe == nil {
		c.Observe = func(string, int, time.Duration) {}
	}
	s := &server{
		Config: c, echo: echo.New(), pages: pages, known: make(map[string]struct{}),
		cursors: cursors{c.Secret}, running: running{all: make(map[string]struct{})},
		gate: newGate(c), tasks: newTasks(c.Chat.Ledger, c.Now, c.Chat.NewID, c.Logger),
	}
	s.echo.HTTPErrorHandler = s.refuse
	s.echo.Use(s.identifyRequest, s.logAccess, s.recover, commonHeaders)
	s.routes(contract)
	for _, r := range s.echo.Routes() {
		s.known[r.Path] = struct{}{}
	}
	return s, nil
}

// routes is the map of everything that chatd answers.
func (s *server) routes(contract *contract) {
	e := s.echo
	h := &handler{chat: s.Chat, gate: s.gate, secret: s.Secret, tasks: s.tasks, live: s.Live, leaving: s.Leaving}
	RegisterHandlersWithOptions(e, NewStrictHandler(h, nil), RegisterHandlersOptions{
		BaseURL: apiBase,
		// Not a group: Echo's groups answer for addresses that aren't theirs.
		OperationMiddlewares: contract.each(s.passage(contract)),
	})

	e.GET("/ws", func(c echo.Context) error {
		s.Sockets.ServeMulti(c.Response(), c.Request())
		return nil
	})
	e.GET("/ws/chat/:room", func(c echo.Context) error {
		s.Sockets.ServeRoom(c.Response(), c.Request(), c.Param("room"))
		return nil
	})

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.GET("/metrics", echo.WrapHandler(s.Metrics))
	e.GET("/openapi.yaml", document(s.OpenAPI))
	e.GET("/asyncapi.yaml", document(s.AsyncAPI))

	for _, p := range adminui.Pages() {
		h := s.page(p)
		path := p.Path
		if p.File == "" {
			path += "*"
		}
		e.GET(path, h)
		e.HEAD(path, h)
	}
}

// passage is what a request to an operation goes through before its handler.
func (s *server) passage(contract *contract) func(operation) []echo.MiddlewareFunc {
	return func(op operation) []echo.MiddlewareFunc {
		return []echo.MiddlewareFunc{
			noStore, offerHeaders, s.receive(op), refuseCrossOrigin, s.gate.authenticate, s.allow, authorize,
			s.turnPage, contract.validate, s.once,
		}
	}
}

// document serves a text of the repository.
func document(text []byte) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-cache")
		return c.Blob(http.StatusOK, "application/yaml", text)
	}
}

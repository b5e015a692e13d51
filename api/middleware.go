package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/chat"
)

type requestIDKey struct{}

// requestID returns the id under which the log knows a request.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// identifyRequest gives each request an id of its own. A client's X-Request-Id is ignored: it
// would put the client's words into the log.
func (s *server) identifyRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := uuid.NewString()
		c.Response().Header().Set("X-Request-Id", id)
		r := c.Request()
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
		return next(c)
	}
}

// logAccess writes one line a request: its path, never its query, headers or body.
func (s *server) logAccess(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		r, status, took, level := c.Request(), c.Response().Status, time.Since(start), slog.LevelInfo
		switch {
		case c.IsWebSocket() && !c.Response().Committed:
			status = http.StatusSwitchingProtocols // its answer didn't pass through here
		case isProbe(c.Path()):
			level = slog.LevelDebug
		default:
			s.Observe(s.route(c), status, took)
		}
		s.Logger.LogAttrs(r.Context(), level, "request",
			slog.String("request_id", requestID(r.Context())),
			slog.String("method", r.Method),
			slog.String("path", r.URL.Path),
			slog.Int("status", status),
			slog.Int64("bytes", c.Response().Size),
			slog.Float64("took_ms", float64(took.Microseconds())/1000),
			slog.String("client", s.ClientAddr(r).String()))
		return nil
	}
}

// route is a request's route as it was registered, never a word of the client's.
func (s *server) route(c echo.Context) string {
	if _, ok := s.known[c.Path()]; ok {
		return c.Path()
	}
	return "unknown"
}

// isProbe reports whether machines ask a route all the time.
func isProbe(path string) bool { return path == "/healthz" || path == "/readyz" || path == "/metrics" }

// recover makes an error of a panic: it ends the request, not the program.
func (s *server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // the server's own way to cut a response
			default:
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}

// commonHeaders are on every response. What is no page has nothing to load and is framed nowhere.
func commonHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		return next(c)
	}
}

// refuseCrossOrigin keeps other sites' pages from acting with credentials that a browser remembers.
func refuseCrossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return chat.Refuse(chat.Forbidden, "cross_origin", "A page of another site sent this request.")
		}
		return next(c)
	}
}

// noStore keeps answers that need credentials out of caches.
func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		return next(c)
	}
}

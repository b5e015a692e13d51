package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/chat"
)

// statuses is what HTTP makes of each kind of refusal.
var statuses = map[chat.Kind]int{
	chat.Internal:        http.StatusInternalServerError,
	chat.Invalid:         http.StatusUnprocessableEntity,
	chat.Unauthenticated: http.StatusUnauthorized,
	chat.Forbidden:       http.StatusForbidden,
	chat.NotFound:        http.StatusNotFound,
	chat.Conflict:        http.StatusConflict,
	chat.Stale:           http.StatusPreconditionFailed,
	chat.Rejected:        http.StatusUnprocessableEntity,
	chat.RateLimited:     http.StatusTooManyRequests,
	chat.Unavailable:     http.StatusServiceUnavailable,
}

// httpCodes are the stable codes of what HTTP itself refuses.
var httpCodes = map[int]string{
	http.StatusBadRequest:            "bad_request",
	http.StatusNotFound:              "address_unknown",
	http.StatusMethodNotAllowed:      "method_not_allowed",
	http.StatusRequestEntityTooLarge: "body_too_large",
	http.StatusUnsupportedMediaType:  "not_json",
	http.StatusServiceUnavailable:    "unavailable",
}

// refusal is a refusal that only HTTP has: a status of its own, or named fields.
type refusal struct {
	status int
	code   string
	detail string
	fields []FieldError
}

func (r *refusal) Error() string { return r.code + ": " + r.detail }

// problem makes the body of an answer that refuses.
func problem(err error) Problem {
	var r *refusal
	var h *echo.HTTPError
	switch {
	case errors.As(err, &r):
		p := plainProblem(r.status, r.code, r.detail)
		if len(r.fields) > 0 {
			p.Errors = &r.fields
		}
		return p
	case errors.As(err, &h) && httpCodes[h.Code] != "":
		return plainProblem(h.Code, httpCodes[h.Code], http.StatusText(h.Code)+".")
	}
	e := chat.AsError(err)
	p := plainProblem(statuses[e.Kind], e.Code, e.Message)
	if e.RetryAfter > 0 {
		ms := max(1, int64(math.Ceil(float64(e.RetryAfter)/float64(time.Millisecond))))
		p.RetryAfterMs = &ms
	}
	if !e.Until.IsZero() {
		until := e.Until.UTC()
		p.Until = &until
	}
	return p
}

func plainProblem(status int, code, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// refuse is the one writer of refusals: Echo calls it with whatever a handler returned.
func (s *server) refuse(err error, c echo.Context) {
	ctx := c.Request().Context()
	if c.Response().Committed {
		// Too late for an answer; the client sees it cut short.
		s.logFailure(ctx, err)
		return
	}
	p := problem(err)
	p.RequestID = requestID(ctx)
	if p.Status == http.StatusInternalServerError {
		s.logFailure(ctx, err)
	}
	body, err := json.Marshal(p)
	if err != nil {
		s.logFailure(ctx, err)
		return
	}
	h := c.Response().Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="chatd"`)
	}
	if p.RetryAfterMs != nil {
		h.Set("Retry-After", strconv.FormatInt((*p.RetryAfterMs+999)/1000, 10))
	}
	c.Response().WriteHeader(p.Status)
	if c.Request().Method != http.MethodHead {
		_, _ = c.Response().Write(body) // the client may have gone
	}
}

func (s *server) logFailure(ctx context.Context, err error) {
	if errors.Is(err, context.Canceled) {
		return // the client hung up
	}
	s.Logger.LogAttrs(ctx, slog.LevelError, "request failed",
		slog.String("request_id", requestID(ctx)), slog.Any("error", err))
}

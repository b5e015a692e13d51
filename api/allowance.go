package api

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/chat"
)

// allow holds each key and each account, whatever sessions it has, to its allowance of requests, and tells what is left of it.
func (s *server) allow(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c.Request().Context())
		who := string(k.caller.actor.ID)
		if who == "" || s.Requests.Limit == 0 {
			return next(c)
		}
		a, err := s.Limiter.Spend(k.request.Context(), "api:"+who, s.Requests)
		if err != nil {
			return fmt.Errorf("limit requests: %w", err)
		}
		tellAllowance(c.Response().Header(), s.Requests, a)
		if a.Refused {
			return chat.Refuse(chat.RateLimited, "too_many_requests",
				"Too many requests: %d in %s are allowed.", s.Requests.Limit, s.Requests.Period).After(a.Reset)
		}
		return next(c)
	}
}

// tellAllowance sets the headers of draft-ietf-httpapi-ratelimit-headers (its version 02, the one with a header a figure).
func tellAllowance(h http.Header, r chat.Rate, a chat.Allowance) {
	h.Set("RateLimit-Limit", strconv.FormatInt(r.Limit, 10))
	h.Set("RateLimit-Remaining", strconv.FormatInt(a.Left, 10))
	h.Set("RateLimit-Reset", strconv.FormatInt(int64((a.Reset+time.Second-1)/time.Second), 10))
}

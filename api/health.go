package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// checkFor bounds how long /readyz waits for each check.
const checkFor = 2 * time.Second

type health struct {
	Status string            `json:"status"`           // "ok" or "unavailable"
	Checks map[string]string `json:"checks,omitempty"` // by name: "ok" or "failed"
}

// healthz says that the process answers; it asks nothing else, so that a slow store gets
// the node taken out of service (readyz) and not killed.
func (s *server) healthz(c echo.Context) error {
	return answerHealth(c, health{Status: "ok"})
}

// readyz says whether the node should be sent anyone. Why a check fails stands in the log.
func (s *server) readyz(c echo.Context) error {
	h := health{Status: "ok", Checks: make(map[string]string)}
	for _, check := range s.Checks {
		h.Checks[check.Name] = "ok"
		if err := ask(c.Request().Context(), check); err != nil {
			h.Status, h.Checks[check.Name] = "unavailable", "failed"
			s.Logger.LogAttrs(c.Request().Context(), slog.LevelWarn, "not ready",
				slog.String("check", check.Name), slog.Any("error", err))
		}
	}
	return answerHealth(c, h)
}

func ask(ctx context.Context, check Check) error {
	ctx, cancel := context.WithTimeout(ctx, checkFor)
	defer cancel()
	return check.Ask(ctx)
}

func answerHealth(c echo.Context, h health) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	status := http.StatusOK
	if h.Status != "ok" {
		status = http.StatusServiceUnavailable
	}
	return c.JSON(status, h)
}

package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
)

type headersKey struct{}

// offerHeaders lets handlers set headers of the answer, through headersOf.
func offerHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := context.WithValue(c.Request().Context(), headersKey{}, c.Response().Header())
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// headersOf is where a handler sets what openapi.yaml declares: ETag, X-Act-Id, Set-Cookie.
func headersOf(ctx context.Context) http.Header {
	h, _ := ctx.Value(headersKey{}).(http.Header)
	return h
}

package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// defaultLimit is how many items a page holds where the request doesn't say.
const defaultLimit = 50

func limitOf(limit *int) int {
	if limit == nil {
		return defaultLimit
	}
	return *limit
}

// cursors makes and reads cursors: the list's path, its filters and the last item's key, under a MAC. Clients can't make
// any, so that what comes out of one went into it.
type cursors struct{ key []byte }

const cursorMAC = 16 // bytes

func (k cursors) seal(list, filters, after string) string {
	text := list + "\n" + filters + "\n" + after
	return base64.RawURLEncoding.EncodeToString(append(k.mac(text), text...))
}

// open returns what seal was given for the same list. Code cursor_invalid.
func (k cursors) open(list, cursor string) (filters, after string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) < cursorMAC {
		return "", "", badCursor()
	}
	text := string(raw[cursorMAC:])
	if !hmac.Equal(raw[:cursorMAC], k.mac(text)) {
		return "", "", badCursor()
	}
	rest, ok := strings.CutPrefix(text, list+"\n")
	filters, after, cut := strings.Cut(rest, "\n")
	if !ok || !cut || after == "" {
		return "", "", badCursor()
	}
	return filters, after, nil
}

func (k cursors) mac(text string) []byte {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte("cursor\n" + text))
	return h.Sum(nil)[:cursorMAC]
}

func badCursor() error {
	return &refusal{
		status: http.StatusUnprocessableEntity, code: "cursor_invalid",
		detail: "The cursor doesn't belong to this list with these filters.",
	}
}

// turnPage reads the cursor of a list. With other filters than the list began with it is refused; without any it brings them along.
func (s *server) turnPage(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c.Request().Context())
		if !k.op.listed {
			return next(c)
		}
		query := k.request.URL.Query()
		cursor := query.Get("cursor")
		paging := url.Values{}
		for _, name := range []string{"cursor", "limit"} {
			if v, ok := query[name]; ok {
				paging[name] = v
			}
			query.Del(name)
		}
		k.filters = query.Encode()
		if cursor == "" {
			return next(c)
		}
		filters, after, err := s.cursors.open(k.request.URL.EscapedPath(), cursor)
		if err != nil {
			return err
		}
		switch {
		case k.filters == "" && filters != "":
			u := *k.request.URL
			u.RawQuery = filters + "&" + paging.Encode()
			k.request.URL = &u
		case k.filters != filters:
			return badCursor()
		}
		k.filters, k.after = filters, after
		return next(c)
	}
}

// nextOf makes the cursor of the page after the item with this key.
func nextOf(ctx context.Context, key string) *string {
	k := callOf(ctx)
	c := k.cursors.seal(k.request.URL.EscapedPath(), k.filters, key)
	return &c
}

// pageOf reads one page of a list: list returns at most limit items, those after the one with the key after; key
// is an item's.
func pageOf[T, J any](
	ctx context.Context, limit *int, list func(after string, limit int) ([]T, error), key func(T) string, to func(T) J,
) (items []J, next *string, err error) {
	n := limitOf(limit)
	all, err := list(callOf(ctx).after, n+1)
	if err != nil {
		return nil, nil, err
	}
	items = make([]J, 0, min(n, len(all)))
	for _, x := range all[:min(n, len(all))] {
		items = append(items, to(x))
	}
	if len(all) > n {
		next = nextOf(ctx, key(all[n-1]))
	}
	return items, next, nil
}

package api

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/chatd/chatd/chat"
)

// etagOf writes a version as a strong entity tag (RFC 9110, section 8.8.3); empty for none.
func etagOf(version int64) string {
	if version == 0 {
		return ""
	}
	return `"` + strconv.FormatInt(version, 10) + `"`
}

// ifMatch returns the version that a request wants to change; zero: any. A tag that etagOf never wrote matches nothing: stale.
func ifMatch(ctx context.Context) (int64, error) {
	value := callOf(ctx).request.Header.Get("If-Match")
	if value == "" || value == "*" {
		return 0, nil
	}
	version, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 64)
	if err != nil || version <= 0 || etagOf(version) != value {
		return 0, stale()
	}
	return version, nil
}

// neverVersion is the version of nothing.
const neverVersion = math.MaxInt64

// onlyThere reports whether a PUT or PATCH is only to change what is there (If-Match: *).
func onlyThere(ctx context.Context) bool { return callOf(ctx).request.Header.Get("If-Match") == "*" }

// onlyNew reports whether a PUT is only to make what isn't there yet (If-None-Match: *, RFC 9110, section 13.1.2).
func onlyNew(ctx context.Context) bool {
	k := callOf(ctx)
	return k.request.Method == http.MethodPut && k.request.Header.Get("If-None-Match") == "*"
}

func stale() error {
	return chat.Refuse(chat.Stale, "stale", "It has changed since you read it. Read it again, then decide.")
}

package api

import (
	"context"
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

func stale() error {
	return chat.Refuse(chat.Stale, "stale", "It has changed since you read it. Read it again, then decide.")
}

package api

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// defaultLimit is how many items a page holds where the request doesn't say.
const defaultLimit = 50

func limitOf(limit *int) int {
	if limit == nil {
		return defaultLimit
	}
	return *limit
}

// A cursor is the list's name and the last item's key. It is opaque to clients, so that it
// can hold more one day; the name keeps it from being used with another list.

func encodeCursor(list, key string) *string {
	c := base64.RawURLEncoding.EncodeToString([]byte(list + "\n" + key))
	return &c
}

// decodeCursor returns the key after which the list goes on; "" at its start.
func decodeCursor(list string, cursor *string) (string, error) {
	if cursor == nil {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err != nil {
		return "", badCursor()
	}
	key, ok := strings.CutPrefix(string(raw), list+"\n")
	if !ok || key == "" {
		return "", badCursor()
	}
	return key, nil
}

func badCursor() error {
	return &refusal{
		status: http.StatusUnprocessableEntity, code: "cursor_invalid",
		detail: "The cursor doesn't belong to this list.",
	}
}

package access

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/chatd/chatd/chat"
)

// otherClaims reads what chatd itself has no use for, but a room may ask for: strings, numbers,
// booleans, and lists of these. Of more than chat.MaxClaims the first by name count; values of other types, and
// those that are longer than chat.MaxClaim, don't. A number or boolean is what the token spells.
func otherClaims(m map[string]json.RawMessage) map[string][]string {
	others := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if len(others) == chat.MaxClaims {
			break
		}
		if name == "" || len(name) > chat.MaxClaimName || name == "jti" {
			continue
		}
		if values := claimValues(m[name]); len(values) > 0 {
			others[name] = values
		}
	}
	if len(others) == 0 {
		return nil
	}
	return others
}

func claimValues(raw json.RawMessage) []string {
	raw = bytes.TrimSpace(raw)
	var list []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' {
		list = []json.RawMessage{raw}
	} else if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var values []string
	for _, v := range list {
		if s, ok := claimValue(v); ok {
			values = append(values, s)
		}
	}
	return values
}

func claimValue(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 {
		return "", false
	}
	s := string(raw)
	switch raw[0] {
	case '{', '[', 'n': // objects, lists in lists, null
		return "", false
	case '"':
		if json.Unmarshal(raw, &s) != nil {
			return "", false
		}
	}
	return s, s != "" && len(s) <= chat.MaxClaim
}

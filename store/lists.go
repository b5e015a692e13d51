package store

import (
	"encoding/json"
	"fmt"
)

// encodeList is how a list of names is stored: JSON, and empty where it is nil.
func encodeList[T ~string](all []T) string {
	if all == nil {
		return ""
	}
	return string(mustJSON(all))
}

// decodeList is the opposite of encodeList.
func decodeList[T ~string](stored string) ([]T, error) {
	if stored == "" {
		return nil, nil
	}
	all := []T{}
	if err := json.Unmarshal([]byte(stored), &all); err != nil {
		return nil, fmt.Errorf("decode list: %w", err)
	}
	return all, nil
}

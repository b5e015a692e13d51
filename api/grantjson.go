package api

import (
	"net/netip"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/chatd/chatd/chat"
)

// What grants look like: null is "unbounded", or "all rooms".

func toScopes(all []chat.Scope) []Scope {
	return each(all, func(s chat.Scope) Scope { return Scope(s) })
}

func fromScopes(all []Scope) []chat.Scope {
	return each(all, func(s Scope) chat.Scope { return chat.Scope(s) })
}

func toRooms(rooms []string) *[]string {
	if rooms == nil {
		return nil
	}
	return &rooms
}

func toSeconds(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	n := wholeSeconds(d)
	return &n
}

func toCount(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

func parseAddr(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// addrText writes an address; empty for who has none, as over a Unix socket.
func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// given tells what to set: nil for nothing, the zero value for null.
func given[T any](n nullable.Nullable[T]) *T {
	if !n.IsSpecified() {
		return nil
	}
	var v T
	if !n.IsNull() {
		v = n.MustGet()
	}
	return &v
}

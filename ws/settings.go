package ws

import (
	"math"
	"time"

	"github.com/chatd/chatd/chat"
)

func doSet(x *session, id string, room chat.RoomID, a *args) (any, error) {
	in := a.nested("settings")
	a.must(in != nil, "settings")
	var p chat.SettingsPatch
	if in != nil {
		p = patchOf(in)
	}
	a.endNested(in)
	if err := a.end(); err != nil {
		return nil, err
	}
	o, err := x.srv.svc.Configure(x.ctx, x.order(), chat.SetStep{Room: room, Patch: p})
	return ackSeq{ack(id), seqIn(room, o)}, err
}

// patchOf reads the settings that are there; whether they are in their bounds is for the core.
func patchOf(a *args) chat.SettingsPatch {
	return chat.SettingsPatch{
		Title: optional[string](a, "title", "a string"), Topic: optional[string](a, "topic", "a string"),
		MinLength: optional[int](a, "min_length", "an integer"), MaxLength: optional[int](a, "max_length", "an integer"),
		History:     optional[int](a, "history", "an integer"),
		RetainCount: optional[int](a, "retain_count", "an integer"), RetainFor: optSeconds(a, "retain_seconds"),
		SlowMode: optSeconds(a, "slow_mode_seconds"),
		ReadOnly: optional[bool](a, "read_only", "true or false"), Closed: optional[bool](a, "closed", "true or false"),
		Guests:       optional[chat.GuestAccess](a, "guests", "write, read or none"),
		MembersLimit: optional[int](a, "members_limit", "an integer"),
		AllowedSites: optional[[]string](a, "allowed_sites", "a list of origins"),
	}
}

func optional[T any](a *args, name, form string) *T {
	var v T
	if !a.take(name, form, &v) {
		return nil
	}
	return &v
}

func optSeconds(a *args, name string) *time.Duration {
	n := optional[int64](a, name, "an integer")
	if n == nil {
		return nil
	}
	const most = int64(math.MaxInt64 / time.Second)
	d := time.Duration(max(-most, min(*n, most))) * time.Second
	return &d
}

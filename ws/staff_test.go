package ws_test

import (
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// order is one of staff, who insist.
func order() chat.Order { return chat.Order{By: staff, Force: true, Reason: "a test"} }

// set changes settings of a room.
func (w *world) set(t testing.TB, room chat.RoomID, p chat.SettingsPatch) {
	t.Helper()
	_, err := w.Configure(t.Context(), order(), chat.SetStep{Room: room, Patch: p})
	must(t, err)
}

// impose sanctions; what comes back is the one that was asked for, or the first of them.
func (w *world) impose(t testing.TB, so chat.SanctionOrder) chat.Sanction {
	t.Helper()
	if so.AddressFor == 0 {
		so.AddressFor = -1 // all who connect here do from one address
	}
	o, err := w.Sanction(t.Context(), order(), so)
	must(t, err)
	for _, s := range o.Sanctions {
		if s.With == "" {
			return s
		}
	}
	t.Fatal("no sanction was made")
	return chat.Sanction{}
}

// against sanctions a user, in a room (empty: all), for a time (zero: for good).
func (w *world) against(t testing.TB, user chat.UserID, room chat.RoomID, e chat.Effect, d time.Duration) chat.Sanction {
	t.Helper()
	return w.impose(t, chat.SanctionOrder{Target: &chat.Target{User: user}, Rooms: string(room), Effect: e, Duration: d, Reason: "Rude"})
}

func (w *world) lift(t testing.TB, s chat.Sanction) {
	t.Helper()
	_, err := w.Lift(t.Context(), order(), []chat.SanctionID{s.ID})
	must(t, err)
}

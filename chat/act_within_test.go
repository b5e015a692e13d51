package chat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func limited(id string, rooms ...string) chat.Actor {
	return staffWith(id, chat.GrantOf(chat.StaffModerator, rooms))
}

// actsOf lists the acts that an actor sees, once each, and checks that all ways of looking agree.
func (d *desk) actsOf(t *testing.T, by chat.Actor) []chat.ActID {
	t.Helper()
	listed, err := d.ListActs(t.Context(), by, chat.ActQuery{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	var ids []chat.ActID
	for _, a := range listed {
		if slices.Contains(ids, a.ID) {
			t.Errorf("act %s is listed twice", a.ID)
		}
		ids = append(ids, a.ID)
	}
	all, err := d.ListActs(t.Context(), staff, chat.ActQuery{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		_, err := d.ShowAct(t.Context(), by, a.ID)
		if sees := d.SeesAct(by, a); sees != slices.Contains(ids, a.ID) || sees != (err == nil) {
			t.Errorf("of the act %s %s: listed %v, shown %v, told %v", a.Kind, a.ID, slices.Contains(ids, a.ID), err, sees)
		}
	}
	return ids
}

// What is only partly in somebody's rooms is none of their business.
func TestWhoIsLimitedSeesAndUndoesWhatIsWithinTheirRooms(t *testing.T) {
	everywhere := chat.SanctionOrder{Target: on(bob), Effect: chat.Mute}
	within := func(rooms string) chat.SanctionOrder {
		return chat.SanctionOrder{Target: on(bob), Effect: chat.Mute, Rooms: rooms}
	}
	mia := limited("s:mia", "general", "team-*")
	sanction := func(o chat.Order, so chat.SanctionOrder) func(*testing.T, *desk) (chat.Outcome, error) {
		return func(t *testing.T, d *desk) (chat.Outcome, error) { return d.Sanction(t.Context(), o, so) }
	}
	imported := func(orders ...chat.SanctionOrder) func(*testing.T, *desk) (chat.Outcome, error) {
		return func(t *testing.T, d *desk) (chat.Outcome, error) {
			return d.ImportSanctions(t.Context(), byStaff, orders)
		}
	}
	purge := func(o chat.Order, rooms string) func(*testing.T, *desk) (chat.Outcome, error) {
		return func(t *testing.T, d *desk) (chat.Outcome, error) {
			return d.Purge(t.Context(), o, chat.PurgeOrder{Selection: chat.Selection{Users: []chat.UserID{ann.ID}}, Rooms: rooms})
		}
	}
	byMia := chat.Order{By: mia}
	tests := map[string]struct {
		act  func(*testing.T, *desk) (chat.Outcome, error)
		sees bool
	}{
		"a mute in a room":              {sanction(byStaff, within("general")), true},
		"a mute everywhere":             {sanction(byStaff, everywhere), false},
		"a ban everywhere with a purge": {sanction(byStaff, chat.SanctionOrder{Target: on(ann), Effect: chat.Ban, Purge: chat.PurgeAll}), false},
		"a wider glob":                  {sanction(byStaff, within("t*")), false},
		"their glob":                    {sanction(byMia, within("team-*")), true},
		"a narrower glob, of another":   {sanction(byStaff, within("team-a*")), true},
		"a ban by a glob, with a purge": {sanction(byMia, chat.SanctionOrder{Target: on(ann), Effect: chat.Ban, Rooms: "team-*", Purge: chat.PurgeAll}), true},
		"imported, their rooms":         {imported(within("general"), within("team-x"), within("team-*")), true},
		"imported, mixed":               {imported(within("general"), everywhere), false},
		"imported, another room":        {imported(within("general"), within("other")), false},
		"a purge everywhere":            {purge(byStaff, ""), false},
		"a purge in a room":             {purge(byStaff, "general"), true},
		"their purge of all they have":  {purge(byMia, ""), true},
		"a purge that finds nothing":    {purge(byMia, "team-*"), true},
		"their note": {func(t *testing.T, d *desk) (chat.Outcome, error) {
			return d.AddNote(t.Context(), byMia, ann.ID, "hm")
		}, true},
		"another's note": {func(t *testing.T, d *desk) (chat.Outcome, error) {
			return d.AddNote(t.Context(), byStaff, ann.ID, "hm")
		}, false},
		"a lock-down of all rooms": {func(t *testing.T, d *desk) (chat.Outcome, error) {
			return d.LockDown(t.Context(), byStaff, chat.Lockdown{Level: chat.LockReadOnly, Until: d.clock().Add(time.Hour)})
		}, false},
		"tokens": {func(t *testing.T, d *desk) (chat.Outcome, error) {
			return d.RevokeTokens(t.Context(), byStaff, ann.ID, d.clock())
		}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.mustPost(t, ann, "hi")
			if err := d.WriteSightings(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.arrive(t, ann, room)
			if err := d.WriteSightings(t.Context()); err != nil {
				t.Fatal(err)
			}
			out, err := tt.act(t, d)
			if err != nil {
				t.Fatal(err)
			}
			if sees := slices.Contains(d.actsOf(t, mia), out.Act.ID); sees != tt.sees {
				t.Errorf("the moderator sees it: %v, want %v; effects %+v", sees, tt.sees, out.Act.Effects)
			}
			undo, err := d.Undo(t.Context(), byMia, out.Act.ID)
			if !tt.sees {
				wantCode(t, err, "act_not_found")
				return
			}
			if err != nil {
				t.Fatalf("the moderator's undo: %v", err)
			}
			if !slices.Contains(d.actsOf(t, mia), undo.Act.ID) {
				t.Errorf("the moderator doesn't see their undo; effects %+v", undo.Act.Effects)
			}
			if _, err := d.Undo(t.Context(), byMia, undo.Act.ID); err != nil {
				t.Errorf("the moderator's redo: %v", err)
			}
		})
	}
}

// A purge of all rooms that others see a difference of in one room only isn't that room's: it may hide more elsewhere.
func TestUndoOfAWideActIsWide(t *testing.T) {
	d := newDesk(t)
	d.mustPost(t, ann, "hi")
	purge, err := d.Purge(t.Context(), byStaff, chat.PurgeOrder{Selection: chat.Selection{Users: []chat.UserID{ann.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	undo, err := d.Undo(t.Context(), byStaff, purge.Act.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Undo(t.Context(), byStaff, undo.Act.ID); err != nil {
		t.Fatal(err)
	}
	if seen := d.actsOf(t, limited("s:mia", "general")); len(seen) != 0 {
		t.Errorf("the room's moderator sees %d of the acts, want none", len(seen))
	}
}

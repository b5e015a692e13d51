package storetest

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// testUndoRestored: a restoration undone has its message hidden by what hid it, so that undoing that as well
// shows it again; and so on, to and fro.
func testUndoRestored(t *testing.T, b Backend) {
	f := start(t, b)
	one, two := f.say("a", ann, "1"), f.say("a", ann, "2")
	deleted := f.must(chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{one, two}})
	restored := f.must(chat.ActRestore, chat.RestoreStep{Room: "a", IDs: []chat.MessageID{one}})
	undo := f.undone(restored)
	if f.visible("a") != "" {
		t.Errorf("the restoration undone: got %q", f.visible("a"))
	}
	redo := f.undone(undo)
	if f.visible("a") != "1" {
		t.Errorf("and redone: got %q", f.visible("a"))
	}
	again := f.undone(redo)
	if f.visible("a") != "" || words(again) != "messages_hidden" {
		t.Errorf("and undone: got %q, %q", f.visible("a"), words(again))
	}
	all := f.undone(deleted)
	if f.visible("a") != "1 2" || len(all.Skipped) != 0 {
		t.Errorf("the deletion undone: got %q, %+v left", f.visible("a"), all.Skipped)
	}
	wantSkipped(t, "what hid one until then", f.undone(again), "messages_hidden changed_later")
	f.undone(all)
	if f.visible("a") != "" {
		t.Errorf("the deletion redone: got %q", f.visible("a"))
	}
}

// testCarried: whoever knows a sanction hears of everybody that it comes to hold against, and doesn't any more.
func testCarried(t *testing.T, b Backend) {
	f := start(t, b)
	mute := ban(chat.Target{User: bob})
	f.must(chat.ActSanction, chat.ImposeStep{Sanctions: []chat.Sanction{mute}})
	carried := f.must(chat.ActCarry, chat.CarryStep{IDs: []chat.SanctionID{mute.ID}, User: ann})
	undo := f.undone(carried)
	was, now := carried.Sanctions[0], undo.Sanctions[0]
	if was.Version != 2 || now.Version != 3 || len(now.Also) != 0 || !slices.Equal(now.Excused, []chat.UserID{ann}) || !slices.Equal(undo.Freed, []chat.UserID{ann}) {
		t.Errorf("carried: got %+v; taken back: %+v, %v freed", was, now, undo.Freed)
	}
	if !slices.Contains(undo.Act.Users, ann) {
		t.Errorf("got %v hit", undo.Act.Users)
	}
	again := f.must(chat.ActCarry, chat.CarryStep{IDs: []chat.SanctionID{mute.ID}, User: ann})
	wantSkipped(t, "carried once more", again, "sanction_carried taken_back")
	redo := f.undone(undo)
	if x := redo.Sanctions[0]; x.Version != 4 || !slices.Equal(x.Also, []chat.UserID{ann}) || len(x.Excused) != 0 {
		t.Errorf("redone: got %+v", x)
	}
	f.undone(redo)
	err := f.Standing(t.Context(), noon, func(x chat.Sanction) error {
		if len(x.Also) != 0 || !slices.Equal(x.Excused, []chat.UserID{ann}) {
			t.Errorf("standing: got %+v", x)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if all, err := f.ListSanctions(t.Context(), chat.SanctionQuery{User: ann, Limit: 9}); err != nil || len(all) != 0 {
		t.Errorf("sanctions against whom it was taken off: got %+v, %v", all, err)
	}
	_, err = f.decree(chat.ActLift, chat.LiftStep{IDs: []chat.SanctionID{mute.ID}, IfVersion: 4})
	wantCode(t, "lifted at an old version", err, "stale")
	f.must(chat.ActLift, chat.LiftStep{IDs: []chat.SanctionID{mute.ID}, IfVersion: 5})
}

// testForgotten: the address of a sanction that has ended is forgotten, first for its alias, then altogether.
func testForgotten(t *testing.T, b Backend) {
	f := start(t, b, often)
	at := func(prefix, trace string, expires time.Time) chat.Sanction {
		x := ban(chat.Target{Prefix: netip.MustParsePrefix(prefix)})
		x.Trace, x.Expires = trace, expires
		return x
	}
	over, lifted, wide := at("192.0.2.1/32", "addr_one", noon.Add(time.Hour)), at("192.0.2.2/32", "addr_two", time.Time{}), at("192.0.2.0/24", "", noon.Add(time.Hour))
	stands := at("192.0.2.3/32", "addr_three", time.Time{})
	alias := ban(chat.Target{Alias: "addr_four"})
	alias.Expires = noon.Add(time.Hour)
	f.must(chat.ActSanction, chat.ImposeStep{Sanctions: []chat.Sanction{over, lifted, wide, stands, alias}})
	act := f.must(chat.ActLift, chat.LiftStep{IDs: []chat.SanctionID{lifted.ID}})
	target := func(x chat.Sanction) string {
		t.Helper()
		got, err := f.Sanction(t.Context(), x.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Target.Prefix.IsValid() {
			return got.Target.Alias
		}
		return got.Target.Prefix.String()
	}
	all := func() string {
		return fmt.Sprint(target(over), " ", target(lifted), " ", target(wide), " ", target(stands), " ", target(alias))
	}
	f.clock.advance(7 * 24 * time.Hour)
	f.undone(f.undone(act)) // it stood for a moment
	if got := all(); got != "192.0.2.1/32 192.0.2.2/32 192.0.2.0/24 192.0.2.3/32 addr_four" {
		t.Errorf("within a week: got %s", got)
	}
	f.clock.advance(7*24*time.Hour + 2*time.Hour)
	f.eventually("addresses in clear", 1, `SELECT count(*) FROM sanctions WHERE prefix <> ''`)
	if got := all(); got != "addr_one addr_two  192.0.2.3/32 addr_four" {
		t.Errorf("a week later: got %s", got)
	}
	last, err := f.Acts(t.Context(), chat.ActQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	wantSkipped(t, "its lifting undone", f.must(chat.ActUndo, chat.UndoStep{ID: last[0].ID}), "sanction_lifted gone")
	f.clock.advance(30 * 24 * time.Hour)
	f.eventually("aliases", 0, `SELECT count(*) FROM sanctions WHERE alias <> '' AND prefix = ''`)
	if got := all(); got != "   192.0.2.3/32 " {
		t.Errorf("a month later: got %s", got)
	}
}

// testHeldBounds: an author is told of the last that wait, they can be counted, and nothing waits for ever.
func testHeldBounds(t *testing.T, b Backend) {
	f := start(t, b, often)
	var last chat.HeldID
	for i := range chat.MaxHeldShown + 5 {
		h := held(ann, fmt.Sprint(i), "")
		h.Message.At = f.clock.Now()
		last = h.Message.ID
		f.do(chat.RoomID([]string{"a", "b"}[i/(chat.MaxHeldShown+2)]), ann, h)
	}
	if got := f.snapshot("a").Held; len(got) != chat.MaxHeldShown || got[0].Message.Text != "2" || got[chat.MaxHeldShown-1].Message.Text != "51" {
		t.Errorf("got %d held from %q on", len(got), got[0].Message.Text)
	}
	for author, want := range map[chat.UserID]int{ann: chat.MaxHeldShown + 5, bob: 0} {
		if n, err := f.CountHeldOf(t.Context(), author); n != want || err != nil {
			t.Errorf("CountHeldOf(%s): got %d, %v, want %d", author, n, err, want)
		}
	}
	f.must(chat.ActRelease, chat.DecideStep{ID: last, Release: true})
	f.clock.advance(chat.HeldFor + time.Second)
	f.eventually("what waits after a week", 0, `SELECT count(*) FROM held WHERE state = 'pending'`)
	all, err := f.ListHeld(t.Context(), chat.HeldQuery{Limit: 1, State: chat.HeldRefused})
	if err != nil || all[0].Code != "expired" || all[0].By != chat.System || f.clock.Now().Sub(all[0].At).Abs() > time.Minute {
		t.Errorf("got %+v, %v", all, err)
	}
	if n := f.number(`SELECT count(*) FROM held WHERE state = 'released'`); n != 1 {
		t.Errorf("got %d released, want what was decided to stay", n)
	}
}

// testOwnersOwnAll: no owner is limited to rooms, and who is can't be the last one.
func testOwnersOwnAll(t *testing.T, b Backend) {
	f := start(t, b)
	if err := f.FirstStaff(t.Context(), account("one", chat.Owner)); err != nil {
		t.Fatal(err)
	}
	_, err := f.decree(chat.ActChangeStaff, chat.ChangeStaffStep{Name: "one", Patch: chat.StaffPatch{Rooms: &[]string{"ra"}}})
	wantCode(t, "an owner of a room", err, "rooms_invalid")
	some := account("two", chat.Owner)
	some.Rooms = []string{"ra"}
	_, err = f.decree(chat.ActJoinStaff, chat.AddStaffStep{Account: some})
	wantCode(t, "a new owner of a room", err, "rooms_invalid")
	some.Role = chat.StaffModerator
	f.must(chat.ActJoinStaff, chat.AddStaffStep{Account: some})
	_, err = f.decree(chat.ActChangeStaff, chat.ChangeStaffStep{Name: "two", Patch: chat.StaffPatch{Role: set(chat.Owner)}})
	wantCode(t, "made an owner, of a room", err, "rooms_invalid")
	f.exec(`UPDATE staff SET role = 'owner' WHERE name = 'two'`) // as it could be made once
	_, err = f.decree(chat.ActRemoveStaff, chat.RemoveStaffStep{Name: "one"})
	wantCode(t, "without an owner of all", err, "last_owner")
}

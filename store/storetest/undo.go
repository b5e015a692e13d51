package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/chat"
)

// visible is what everybody reads in a room.
func (f *fixture) visible(room chat.RoomID) string {
	f.t.Helper()
	return strings.Join(texts(f.snapshot(room).Messages), " ")
}

// words are the effects of an act, without their values.
func words(e chat.Enacted) string {
	var all []string
	for _, x := range e.Act.Effects {
		all = append(all, x.What)
	}
	return strings.Join(all, " ")
}

func testUndoHides(t *testing.T, b Backend) {
	f := start(t, b)
	one, two := f.say("a", ann, "1"), f.say("a", bob, "2")
	f.do("a", mod, pin(two, true))
	f.do("a", mod, pin(one, true))
	hidden := f.must(chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{one}})
	if got := words(hidden); got != "message_unpinned messages_hidden" || !slices.Equal(hidden.Act.Users, []chat.UserID{ann}) {
		t.Errorf("hidden: got %q of %v", got, hidden.Act.Users)
	}
	undo := f.undone(hidden)
	if got := strings.Join(texts(f.snapshot("a").Pins), " "); got != "1 2" || f.visible("a") != "1 2" || len(undo.Skipped) > 0 {
		t.Errorf("undone: got %q pinned, %q visible, %v left, want all as it was", got, f.visible("a"), undo.Skipped)
	}
	if undo.Act.Undoes != hidden.Act.ID || undo.Events[0].Kind != chat.EventRestored {
		t.Errorf("the undo: got %+v", undo)
	}
	_, err := f.decree(chat.ActUndo, chat.UndoStep{ID: hidden.Act.ID})
	wantCode(t, "undone twice", err, "already_undone")
	redo := f.undone(undo)
	if got := strings.Join(texts(f.snapshot("a").Pins), " "); got != "2" || f.visible("a") != "2" {
		t.Errorf("undo undone: got %q pinned and %q visible, want what was hidden to be hidden", got, f.visible("a"))
	}
	f.undone(redo)
	if f.visible("a") != "1 2" {
		t.Errorf("and back: got %q", f.visible("a"))
	}

	restored := f.must(chat.ActRestore, chat.RestoreStep{Room: "a", IDs: []chat.MessageID{one, "nothing"}})
	wantSkipped(t, "restoring what isn't hidden", restored, "messages_restored already", "messages_restored gone")
	pinned := f.must(chat.ActPin, chat.PinStep{Room: "a", ID: f.say("a", ann, "3"), On: true})
	f.undone(f.undone(f.undone(pinned)))
	if got := strings.Join(texts(f.snapshot("a").Pins), " "); got != "1 2" {
		t.Errorf("a pin undone, redone, undone: got %q", got)
	}
}

// testUndoPurge purges over rooms, with what others hid before and what its authors deleted.
func testUndoPurge(t *testing.T, b Backend) {
	f := start(t, b)
	var ids []chat.MessageID
	for i := range 12 {
		f.clock.advance(time.Second)
		p := post([]chat.UserID{ann, bob}[i%2], fmt.Sprint(i))
		p.Message.At = f.clock.Now()
		f.do(chat.RoomID([]string{"a", "a-2", "b"}[i/4]), p.Message.Author.ID, p)
		ids = append(ids, p.Message.ID)
	}
	f.do("a", bob, own(bob, ids[1]))
	f.do("a", mod, hide(ids[3]))
	waits := chat.Hold{Message: post(bob, "waits").Message}
	f.do("a-2", bob, waits)
	all := func() string { return f.visible("a") + "|" + f.visible("a-2") + "|" + f.visible("b") }
	was := "0 2|4 5 6 7|8 9 10 11"
	if all() != was {
		t.Fatalf("got %q before", all())
	}
	purge := f.must(chat.ActPurge, chat.PurgeStep{Authors: []chat.UserID{bob, "g:absent"}, Rooms: []string{"a*"}, Since: noon.Add(4 * time.Second)})
	if all() != "0 2|4 6|8 9 10 11" || len(purge.Events) != 1 || len(purge.Held) != 0 {
		t.Errorf("purged: got %q, %d events, want one of the one room that shows a change", all(), len(purge.Events))
	}
	undo := f.undone(purge)
	wantSkipped(t, "the purge undone", undo, "messages_hidden still_hidden")
	if all() != was {
		t.Errorf("undone: got %q, want %q", all(), was)
	}
	f.undone(undo)
	if all() != "0 2|4 6|8 9 10 11" {
		t.Errorf("redone: got %q", all())
	}
	whole := f.must(chat.ActPurge, chat.PurgeStep{Authors: []chat.UserID{ann, bob}})
	if all() != "||" || len(whole.Held) != 1 || whole.Held[0].Code != "purged" {
		t.Errorf("all purged: got %q, held %+v", all(), whole.Held)
	}
	undo = f.undone(whole)
	if all() != "0 2|4 6|8 9 10 11" || len(undo.Held) != 1 || undo.Held[0].State != chat.HeldPending {
		t.Errorf("undone: got %q, held %+v, want what it changed back, and no more", all(), undo.Held)
	}
	if n := f.number(`SELECT count(*) FROM message_hides WHERE act = $1 AND ended_by = $2`, string(whole.Act.ID), string(undo.Act.ID)); n != 12 {
		t.Errorf("got %d hides ended, want those of all 12 messages", n)
	}
}

// testUndoChangedLater: what a later act changed, too, stays as that made it.
func testUndoChangedLater(t *testing.T, b Backend) {
	f := start(t, b)
	one, two := f.say("a", ann, "1"), f.say("a", ann, "2")
	hidden := f.must(chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{one, two}})
	restored := f.must(chat.ActRestore, chat.RestoreStep{Room: "a", IDs: []chat.MessageID{one}})
	f.must(chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{one}})
	again := f.must(chat.ActRestore, chat.RestoreStep{Room: "a", IDs: []chat.MessageID{one}})
	wantSkipped(t, "a restoration that was repeated since", f.undone(restored), "messages_restored changed_later")
	undo := f.undone(hidden)
	wantSkipped(t, "a hide of what was restored", undo, "messages_hidden changed_later")
	if f.visible("a") != "1 2" {
		t.Errorf("got %q", f.visible("a"))
	}
	f.undone(again)
	if f.visible("a") != "2" {
		t.Errorf("the last restoration undone: got %q, want its message hidden again", f.visible("a"))
	}

	f.must(chat.ActChangeRoom, chat.SetStep{Room: "a", Patch: chat.SettingsPatch{Title: set("zero")}})
	changed := f.must(chat.ActChangeRoom, chat.SetStep{Room: "a", Patch: chat.SettingsPatch{
		Title: set("one"), Topic: set("t"), SlowMode: set(time.Minute), Claim: &chat.Claim{Name: "plan"},
	}})
	f.must(chat.ActChangeRoom, chat.SetStep{Room: "a", Patch: chat.SettingsPatch{Topic: set("later")}})
	undo = f.undone(changed)
	wantSkipped(t, "settings", undo, "setting changed_later")
	if got := f.snapshot("a").Room.Settings; got.Title != "zero" || got.Topic != "later" || got.SlowMode != 0 || got.Claim.Name != "" || len(undo.Events) != 1 {
		t.Errorf("got %+v, want what nobody changed since as it was, by one event", got)
	}
	f.undone(undo)
	if got := f.snapshot("a").Room.Settings; got.Title != "one" || got.SlowMode != time.Minute {
		t.Errorf("redone: got %+v", got)
	}

	lost := f.say("a", ann, "lost")
	hidden = f.must(chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{lost}})
	f.exec(`DELETE FROM messages WHERE id = $1`, string(lost))
	wantSkipped(t, "what retention took", f.undone(hidden), "messages_hidden gone")
	told := f.act(mod, chat.ActNotice)
	told.Act.Effects = []chat.ActEffect{{What: "notice_sent"}}
	e, err := f.enact(told)
	if err != nil {
		t.Fatal(err)
	}
	wantSkipped(t, "a notice", f.undone(e), "notice_sent not_undoable")
}

func testUndoRooms(t *testing.T, b Backend) {
	f := start(t, b)
	one := f.say("a", ann, "1")
	f.say("a", bob, "2")
	f.do("a", mod, pin(one, true))
	was := f.snapshot("a").Room
	cleared := f.must(chat.ActClear, chat.ClearStep{Room: "a"})
	if got := f.snapshot("a"); len(got.Messages)+len(got.Pins) != 0 || got.Room.Epoch != was.Epoch || cleared.Events[0].Kind != chat.EventCleared || len(cleared.Reset) > 0 {
		t.Errorf("cleared: got %+v by %+v", got, cleared)
	}
	f.say("a", ann, "3")
	undo := f.undone(cleared)
	now := f.snapshot("a")
	if got := strings.Join(texts(now.Messages), " "); got != "1 2 3" || now.Room.Epoch == was.Epoch || !slices.Equal(undo.Reset, []chat.RoomID{"a"}) {
		t.Errorf("undone: got %q, epoch %q after %q, %v reset", got, now.Room.Epoch, was.Epoch, undo.Reset)
	}
	if got := strings.Join(texts(now.Pins), " "); got != "1" {
		t.Errorf("undone: got %q pinned, want what was", got)
	}
	_, _, err := f.Since(t.Context(), "a", position(was), 1000, chat.SnapshotQuery{})
	wantCode(t, "recovery from before", err, "cannot_recover")
	if e := f.do("a", ann, post(ann, "4")); e.Epoch != now.Room.Epoch || e.Prev == 0 {
		t.Errorf("the next event: got %+v, want the new epoch, and numbers that go on", e)
	}
	redo := f.undone(undo)
	if f.visible("a") != "3 4" || len(redo.Reset) != 1 {
		t.Errorf("redone: got %q, want what was said since to stay", f.visible("a"))
	}
	f.undone(redo)
	if f.visible("a") != "1 2 3 4" {
		t.Errorf("undone again: got %q", f.visible("a"))
	}

	archived := f.must(chat.ActArchive, chat.ArchiveStep{Room: "a", On: true})
	if r := f.snapshot("a").Room; !r.ArchivedAt.Equal(f.clock.Now()) || archived.Events[0].Archived == nil || !*archived.Events[0].Archived {
		t.Errorf("archived: got %+v by %+v", r, archived.Events)
	}
	undo = f.undone(archived)
	if r := f.snapshot("a").Room; !r.ArchivedAt.IsZero() || *undo.Events[0].Archived {
		t.Errorf("undone: got %+v by %+v", r, undo.Events)
	}
	wantSkipped(t, "what isn't archived, taken back", f.must(chat.ActArchive, chat.ArchiveStep{Room: "a"}), "room_unarchived already")
	removed := f.must(chat.ActRemoveRoom, chat.RemoveRoomStep{Room: "a"})
	wantSkipped(t, "a removed room", f.undone(removed), "room_deleted not_undoable")
	wantSkipped(t, "what was done in it", f.undone(redoOf(f, undo)), "room_archived gone")
}

// redoOf is the undoing of an undo.
func redoOf(f *fixture, undo chat.Enacted) chat.Enacted {
	f.t.Helper()
	f.swept()
	f.say("a", ann, "made again")
	f.must(chat.ActArchive, chat.ArchiveStep{Room: "a", On: true})
	f.must(chat.ActArchive, chat.ArchiveStep{Room: "a"})
	redo := f.undone(undo)
	f.must(chat.ActRemoveRoom, chat.RemoveRoomStep{Room: "a"})
	return redo
}

func testUndoSanctions(t *testing.T, b Backend) {
	f := start(t, b)
	mute := chat.Sanction{ID: chat.SanctionID(newID()), Target: chat.Target{User: bob}, Rooms: "a", Effect: chat.Mute, Reason: "loud", Expires: noon.Add(time.Hour)}
	made := f.must(chat.ActSanction, chat.ImposeStep{Sanctions: []chat.Sanction{mute}})
	stands := func(what string, want bool) {
		t.Helper()
		x, err := f.Sanction(t.Context(), mute.ID)
		if err != nil || x.Standing(f.clock.Now()) != want {
			t.Errorf("%s: got %+v, %v, want it to stand: %v", what, x, err, want)
		}
	}
	undo := f.undone(made)
	stands("undone", false)
	redo := f.undone(undo)
	stands("redone", true)
	if len(undo.Lifted) != 1 || len(redo.Sanctions) != 1 || redo.Sanctions[0].Version != 3 {
		t.Errorf("got %+v lifted and %+v made again", undo.Lifted, redo.Sanctions)
	}
	lifted := f.must(chat.ActLift, chat.LiftStep{IDs: []chat.SanctionID{mute.ID}})
	wantSkipped(t, "lifted twice", f.must(chat.ActLift, chat.LiftStep{IDs: []chat.SanctionID{mute.ID}}), "sanction_lifted already")
	wantSkipped(t, "what was lifted since", f.undone(redo), "sanction_unlifted changed_later")
	f.undone(lifted)
	stands("its lifting undone", true)

	altered := f.must(chat.ActAlter, chat.AlterStep{ID: mute.ID, Reason: set("very loud"), Note: set("n"), Expires: set(time.Time{})})
	f.must(chat.ActAlter, chat.AlterStep{ID: mute.ID, Note: set("later"), IfVersion: altered.Sanctions[0].Version})
	_, err := f.decree(chat.ActAlter, chat.AlterStep{ID: mute.ID, Note: set("x"), IfVersion: altered.Sanctions[0].Version})
	wantCode(t, "an old version", err, "stale")
	undo = f.undone(altered)
	wantSkipped(t, "a change", undo, "sanction_changed changed_later")
	if x := undo.Sanctions[0]; x.Reason != "loud" || x.Note != "later" || !x.Expires.Equal(noon.Add(time.Hour)) {
		t.Errorf("got %+v, want what nobody changed since as it was", x)
	}
	if n := f.number(`SELECT count(*) FROM acts WHERE effects LIKE '%loud%' OR effects LIKE '%later%'`); n > 0 {
		t.Errorf("%d records hold texts", n)
	}
	carried := f.must(chat.ActCarry, chat.CarryStep{IDs: []chat.SanctionID{mute.ID}, User: ann})
	also := func(what string, want ...chat.UserID) {
		t.Helper()
		x, err := f.Sanction(t.Context(), mute.ID)
		if err != nil || !cmp.Equal(x.Also, want, cmpopts.EquateEmpty()) {
			t.Errorf("%s: got %v, %v, want %v", what, x.Also, err, want)
		}
	}
	also("carried", ann)
	undo = f.undone(carried)
	also("undone")
	f.undone(undo)
	also("redone", ann)

	lock := chat.Lockdown{ID: chat.LockdownID(newID()), Room: "a", Level: chat.LockSlow, Interval: time.Minute, Until: noon.Add(time.Hour)}
	locked := f.must(chat.ActLock, chat.LockStep{Lockdown: lock})
	undo = f.undone(locked)
	redo = f.undone(undo)
	if len(locked.Lockdowns)+len(redo.Lockdowns) != 2 || len(undo.Unlocked) != 1 {
		t.Errorf("got %+v, %+v, %+v", locked, undo, redo)
	}
	f.clock.advance(time.Hour)
	wantSkipped(t, "a lock-down that is over", f.undone(redo), "lockdown_made expired")
	_, err = f.decree(chat.ActAlter, chat.AlterStep{ID: mute.ID, Note: set("x")})
	wantCode(t, "a sanction that is over", err, "sanction_not_found")
}

func testRoomSteps(t *testing.T, b Backend) {
	f := start(t, b)
	made := f.must(chat.ActCreateRoom, chat.SetStep{Room: "a", New: true, Patch: chat.SettingsPatch{Title: set("T")}})
	if got := words(made); got != "room_created setting" || made.Room == nil || made.Room.Version != 2 || made.Room.Settings.Title != "T" {
		t.Errorf("made: got %q, %+v", got, made.Room)
	}
	changed := f.must(chat.ActChangeRoom, chat.SetStep{Room: "a", IfVersion: 2, Patch: chat.SettingsPatch{Title: set("U")}})
	if changed.Room.Version != 3 {
		t.Errorf("changed: got version %d, want 3", changed.Room.Version)
	}
	_, err := f.decree(chat.ActChangeRoom, chat.SetStep{Room: "a", IfVersion: 2, Patch: chat.SettingsPatch{Title: set("V")}})
	wantCode(t, "an old version", err, "stale")
	one := f.say("a", ann, "1")
	f.do("a", ann, react(one, "x", true))
	if err := f.MarkRead(t.Context(), "a", ann, 1, noon); err != nil {
		t.Fatal(err)
	}
	f.do("a", bob, chat.Hold{Message: post(bob, "waits").Message, Nonce: "n"})
	f.must(chat.ActLock, chat.LockStep{Lockdown: chat.Lockdown{ID: chat.LockdownID(newID()), Room: "a", Level: chat.LockReadOnly, Until: noon.Add(time.Hour)}})
	was := f.snapshot("a").Room
	removed := f.must(chat.ActRemoveRoom, chat.RemoveRoomStep{Room: "a"})
	if !slices.Equal(removed.Reset, []chat.RoomID{"a"}) || len(removed.Unlocked) != 1 {
		t.Errorf("removed: got %+v", removed)
	}
	f.swept()
	for _, table := range []string{"rooms", "events", "messages", "reactions", "reaction_totals", "nonces", "held", "read_markers"} {
		if n := f.number(`SELECT count(*) FROM ` + table); n != 0 {
			t.Errorf("got %d rows in %s of a room that is no more", n, table)
		}
	}
	gone := f.snapshot("a").Room
	if gone.Stored || gone.Epoch == was.Epoch {
		t.Errorf("afterwards: got %+v, want another epoch", gone)
	}
	e := f.do("a", ann, post(ann, "again"))
	if e.Epoch != gone.Epoch || e.Prev != 0 {
		t.Errorf("made again: got epoch %q, prev %d, want %q, and numbers from the start", e.Epoch, e.Prev, gone.Epoch)
	}
	_, err = f.decree(chat.ActRemoveRoom, chat.RemoveRoomStep{Room: "a", IfVersion: f.snapshot("a").Room.Version + 1})
	wantCode(t, "removed at an old version", err, "stale")
	f.must(chat.ActRemoveRoom, chat.RemoveRoomStep{Room: "a", IfVersion: f.snapshot("a").Room.Version})
	f.swept()
	if again := f.snapshot("a").Room.Epoch; again == gone.Epoch || again == was.Epoch {
		t.Errorf("removed again: got epoch %q as before", again)
	}
}

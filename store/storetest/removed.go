package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// swept waits until nothing is left of rooms that were removed.
func (f *fixture) swept() {
	f.t.Helper()
	f.eventually("removed rooms", 0, `SELECT count(*) FROM rooms WHERE removed_at > 0`)
}

// testRemovedRoom: a room that is being deleted is unknown to everybody, and nothing can be done in it.
func testRemovedRoom(t *testing.T, b Backend) {
	f := start(t, b)
	one := f.say("a", ann, "one")
	f.say("b", ann, "two")
	waits := held(bob, "waits", "n")
	f.do("a", bob, waits)
	cleared := f.must(chat.ActClear, chat.ClearStep{Room: "a"})
	set1 := f.must(chat.ActChangeRoom, chat.SetStep{Room: "a", Patch: chat.SettingsPatch{Title: set("T")}})
	f.indexed()
	was := f.snapshot("a").Room
	f.exec(`UPDATE rooms SET removed_at = 1 WHERE id = 'a'`) // as the act leaves it, before anything is deleted
	for name, op := range map[string]any{
		"post": post(ann, "x"), "hold": held(ann, "x", ""), "react": react(one, "x", true), "own deletion": own(ann, one), "edit": edit(ann, one, "x"),
		"settings": deed(func(room chat.RoomID) chat.Step { return chat.SetStep{Room: room} }),
		"made":     deed(func(room chat.RoomID) chat.Step { return chat.SetStep{Room: room, New: true} }),
		"clear":    deed(func(room chat.RoomID) chat.Step { return chat.ClearStep{Room: room} }),
		"archive":  deed(func(room chat.RoomID) chat.Step { return chat.ArchiveStep{Room: room, On: true} }),
		"remove":   deed(func(room chat.RoomID) chat.Step { return chat.RemoveRoomStep{Room: room} }),
	} {
		_, err := f.try("a", ann, op)
		wantCode(t, name, err, "room_unknown")
	}
	_, err := f.decree(chat.ActRelease, chat.DecideStep{ID: waits.Message.ID, Release: true})
	wantCode(t, "a held message", err, "held_not_found")
	wantSkipped(t, "clearing it", f.undone(cleared), "room_cleared gone")
	wantSkipped(t, "setting it", f.undone(set1), "setting gone")
	f.unseen("a", one, was)
	f.must(chat.ActRemoveRoom, chat.RemoveRoomStep{Room: "b"}) // the first one is swept with it
	f.swept()
	if n := f.number(`SELECT count(*) FROM messages`) + f.number(`SELECT count(*) FROM held`); n != 0 {
		t.Errorf("%d messages are left", n)
	}
}

// unseen tries to read a room that is being deleted.
func (f *fixture) unseen(room chat.RoomID, id chat.MessageID, was chat.Room) {
	t, ctx := f.t, f.t.Context()
	t.Helper()
	_, err := f.Snapshot(ctx, room, chat.SnapshotQuery{})
	wantCode(t, "Snapshot", err, "room_unknown")
	_, _, err = f.Since(ctx, room, position(was), 10, chat.SnapshotQuery{})
	wantCode(t, "Since", err, "room_unknown")
	_, err = f.Page(ctx, room, chat.PageQuery{Before: 100, Limit: 10})
	wantCode(t, "Page", err, "room_unknown")
	_, err = f.Message(ctx, room, id)
	wantCode(t, "Message", err, "room_unknown")
	_, err = f.MessagesAround(ctx, room, id, 10)
	wantCode(t, "MessagesAround", err, "room_unknown")
	if all, err := f.FindMessages(ctx, chat.MessageQuery{Limit: 10}); err != nil || slices.ContainsFunc(all, func(m chat.StoredMessage) bool { return m.Room == room }) {
		t.Errorf("FindMessages: got %+v, %v", all, err)
	}
	if all, err := f.ListHeld(ctx, chat.HeldQuery{Limit: 10}); err != nil || len(all) != 0 {
		t.Errorf("ListHeld: got %+v, %v", all, err)
	}
	if n, err := f.CountHeld(ctx); err != nil || n != 0 {
		t.Errorf("CountHeld: got %d, %v", n, err)
	}
	rooms, err := f.Rooms(ctx, chat.RoomQuery{Limit: 10})
	if n, err2 := f.CountRooms(ctx); err != nil || err2 != nil || n != len(rooms) || slices.ContainsFunc(rooms, func(r chat.Room) bool { return r.ID == room }) {
		t.Errorf("Rooms: got %+v, %v; %d, %v", rooms, err, n, err2)
	}
}

// testRemovedStaysGone: posts that were admitted to a room make no new one after it was removed.
func testRemovedStaysGone(t *testing.T, b Backend) {
	f := start(t, b)
	f.say("a", ann, "1")
	admitted := f.snapshot("a").Room.Epoch
	try := func(epoch chat.Epoch) error {
		got := make(chan error, 1)
		f.Append(t.Context(), chat.Change{Room: "a", By: ann, At: noon, Epoch: epoch, Op: post(ann, "late")}, func(_ chat.Committed, err error) { got <- err })
		return wait(t, got)
	}
	if err := try(admitted); err != nil {
		t.Fatal(err)
	}
	f.fill("a", 1000)
	began := time.Now()
	f.must(chat.ActRemoveRoom, chat.RemoveRoomStep{Room: "a"})
	t.Logf("removing took %s", time.Since(began))
	wantCode(t, "while it is deleted, or after", try(admitted), "room_unknown")
	f.swept()
	wantCode(t, "after it was deleted", try(admitted), "room_unknown")
	if f.snapshot("a").Room.Stored {
		t.Error("the room is there again")
	}
	if err := try(f.snapshot("a").Room.Epoch); err != nil {
		t.Errorf("admitted to a new room: %v", err)
	}
	if err := try(f.snapshot("a").Room.Epoch); err != nil {
		t.Errorf("once more: %v", err)
	}
}

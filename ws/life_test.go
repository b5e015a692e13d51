package ws_test

import (
	"testing"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// TestClearedAndTakenBack clears a room under its readers, and takes it back: they come back to all of it.
func TestClearedAndTakenBack(t *testing.T) {
	w := newWorld(t)
	w.post(t, "general", text(0))
	p, plain := w.v1(t, ""), w.dial(t, "/ws/chat/general", nil)
	before := p.join("general")
	p.join("other")
	plain.frame()
	o, err := w.Clear(t.Context(), order(), "general")
	must(t, err)
	f := p.await("cleared")
	if f["room"] != "general" || f["seq"].(float64) <= before["seq"].(float64) {
		t.Errorf("got %s", f)
	}
	w.post(t, "general", text(1))
	p.await("message")
	if j := w.v1(t, "").join("general"); len(j["history"].([]any)) != 1 {
		t.Errorf("a newcomer to the cleared room got %s", j)
	}
	_, err = w.Undo(t.Context(), order(), o.Act.ID)
	must(t, err)
	if reason := p.end(4000); reason == "" {
		t.Error("got no reason")
	}
	w.post(t, "general", text(2))
	for i := 1; i <= 2; i++ { // plain goes on; what came back it learns when it rejoins
		if f := plain.frame(); f["message"] != text(i) {
			t.Errorf("plain got %s, want %q", f, text(i))
		}
	}
	q := w.v1(t, "")
	q.ask("join", "room", "general", "since", map[string]any{"epoch": before["epoch"], "seq": f["seq"]})
	q.expect("ack")
	j := q.expect("joined")
	if j["recovered"] != false || j["epoch"] == before["epoch"] || len(j["history"].([]any)) != 3 {
		t.Errorf("got %s, want all three messages in another epoch", j)
	}
	w.post(t, "general", text(3))
	if f := q.expect("message"); f.at("message", "text") != text(3) {
		t.Errorf("got %s", f)
	}
}

// TestDeletedRoom shows everybody out, and is another room when it is made again.
func TestDeletedRoom(t *testing.T) {
	w := newWorld(t)
	w.post(t, "general", text(0))
	p, plain := w.v1(t, ""), w.dial(t, "/ws/chat/general", nil)
	before := p.join("general")
	p.join("other")
	plain.frame()
	_, err := w.RemoveRoom(t.Context(), order(), "general")
	must(t, err)
	if f := p.await("left"); f["room"] != "general" || f["code"] != "room_unknown" {
		t.Errorf("got %s", f)
	}
	plain.refused("room_unknown")
	plain.end(4506)
	p.settled("other")
	eventually(t, patience, "the name is free again", func() bool {
		_, err := w.Post(t.Context(), speaker, "general", chat.Draft{Text: text(1)})
		return err == nil
	})
	p.ask("join", "room", "general", "since", map[string]any{"epoch": before["epoch"], "seq": before["seq"]})
	p.expect("ack")
	if j := p.expect("joined"); j["recovered"] != false || len(j["history"].([]any)) != 1 {
		t.Errorf("got %s, want the new room", j)
	}
	w.post(t, "general", text(2))
	if f := p.expect("message"); f.at("message", "text") != text(2) {
		t.Errorf("got %s", f)
	}
}

// TestArchived takes everybody out, and lets them in again when it is taken back.
func TestArchived(t *testing.T) {
	w := newWorld(t)
	w.post(t, "general", text(0))
	p, mo, plain := w.in(t, "", "general"), w.in(t, w.moderator(t), "general"), w.dial(t, "/ws/chat/general", nil)
	plain.frame()
	_, err := w.Archive(t.Context(), order(), "general", true)
	must(t, err)
	if f := p.await("room"); f["archived"] != true {
		t.Errorf("got %s", f)
	}
	for _, x := range []*peer{p, mo} {
		if f := x.await("left"); f["code"] != "room_archived" {
			t.Errorf("got %s", f)
		}
	}
	plain.refused("room_archived")
	plain.end(4503)
	p.ask("join", "room", "general")
	p.refused("room_archived")
	_, err = w.Archive(t.Context(), order(), "general", false)
	must(t, err)
	if j := p.join("general"); len(j["history"].([]any)) != 1 {
		t.Errorf("got %s", j)
	}
}

// TestAccess takes out whom a changed setting doesn't let in any more.
func TestAccess(t *testing.T) {
	w := newWorld(t)
	guest, ann := w.in(t, "", "general"), w.in(t, w.token(t, "ann", nil), "general")
	w.set(t, "general", chat.SettingsPatch{Access: ptr(chat.AccessSignedIn)})
	if f := guest.await("left"); f["code"] != "sign_in_required" {
		t.Errorf("got %s", f)
	}
	ann.await("room")
	ann.settled("general")
	w.set(t, "general", chat.SettingsPatch{Access: ptr(chat.AccessClaim), Claim: ptr(chat.Claim{Name: "plan"})})
	if f := ann.await("left"); f["code"] != "access_denied" {
		t.Errorf("got %s", f)
	}
}

// TestLockdowns are told, to those who come too, and so is their end.
func TestLockdowns(t *testing.T) {
	w := newWorld(t)
	p, mo := w.in(t, "", "general"), w.in(t, w.moderator(t), "general")
	p.join("other")
	lock := func(room chat.RoomID, l chat.Level, d, within time.Duration) chat.LockdownID {
		t.Helper()
		o, err := w.LockDown(t.Context(), order(), chat.Lockdown{Room: room, Level: l, Interval: d, Until: w.now().Add(within), Reason: "A raid"})
		must(t, err)
		return o.Lockdowns[0].ID
	}
	slow := lock("general", chat.LockSlow, 30*time.Second, time.Hour)
	f := p.await("lockdown")
	if f["room"] != "general" || f.at("lockdown", "level") != "slow" || f.at("lockdown", "seconds") != 30.0 ||
		f.at("lockdown", "reason") != "A raid" || f.at("lockdown", "until") == nil {
		t.Errorf("got %s", f)
	}
	p.await("rights")
	mo.await("lockdown")
	lock("", chat.LockReadOnly, 0, time.Minute)
	rooms := map[any]bool{}
	for range 2 {
		f := p.await("lockdown")
		rooms[f["room"]] = f.at("lockdown", "level") == "read_only"
	}
	if !rooms["general"] || !rooms["other"] {
		t.Errorf("got %v, want both rooms read-only", rooms)
	}
	p.ask("post", "room", "general", "text", "hi")
	if f := p.await("error"); f["code"] != "room_read_only" || f["until"] == nil {
		t.Errorf("got %s", f)
	}
	if j := w.v1(t, "").join("general"); j.at("lockdown", "level") != "read_only" || j.at("rights", "post") != false {
		t.Errorf("a newcomer got %s", j)
	}
	w.pass(61 * time.Second)
	back := map[any]any{}
	for range 2 {
		f := p.await("lockdown")
		back[f["room"]] = f.at("lockdown", "level")
	}
	if back["general"] != "slow" || back["other"] != nil {
		t.Errorf("got %v, want the weaker one in general alone", back)
	}
	_, err := w.Unlock(t.Context(), order(), slow)
	must(t, err)
	if f := p.await("lockdown"); f["lockdown"] != nil || f["room"] != "general" {
		t.Errorf("got %s", f)
	}
	mo.ask("post", "room", "general", "text", "over")
	mo.await("message")
}

// TestNobodyComesIn shuts a room: who is there stays, with a new token too, and moderators come and go.
func TestNobodyComesIn(t *testing.T) {
	w := newWorld(t)
	p := w.in(t, w.token(t, "ann", nil), "general")
	_, err := w.LockDown(t.Context(), order(), chat.Lockdown{Room: "general", Level: chat.LockNoJoins, Until: w.now().Add(time.Hour)})
	must(t, err)
	p.await("lockdown")
	p.ask("auth", "token", w.token(t, "ann", func(c *access.Claims) { c.Name = "Anna" }))
	p.await("ack")
	p.settled("general")
	plain := w.dial(t, "/ws/chat/general", nil)
	plain.refused("room_locked")
	plain.end(4503)
	w.in(t, w.moderator(t), "general")
}

package ws_test

import (
	"testing"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// TestNotices reach those whom they are for.
func TestNotices(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "bob", nil), "other")
	lobby := w.v1(t, "")
	plain := w.dial(t, "/ws/chat/general", nil)
	send := func(room *chat.RoomID, user chat.UserID, text string) {
		t.Helper()
		_, err := w.SendNotice(t.Context(), order(), room, user, text)
		must(t, err)
	}
	send(nil, "", "for all")
	for _, p := range []*peer{ann, bob, lobby} {
		if f := p.await("notice"); f["text"] != "for all" || f["room"] != nil || f["at"] == nil {
			t.Errorf("got %s", f)
		}
	}
	send(ptr(chat.RoomID("other")), "", "for other")
	send(nil, "u:ann", "for ann")
	send(nil, "", "the last")
	if f := ann.await("notice"); f["text"] != "for ann" {
		t.Errorf("got %s", f)
	}
	if f := bob.await("notice"); f["text"] != "for other" || f["room"] != "other" {
		t.Errorf("got %s", f)
	}
	for _, p := range []*peer{ann, bob, lobby} {
		if f := p.await("notice"); f["text"] != "the last" {
			t.Errorf("got %s", f)
		}
	}
	w.post(t, "general", "hello")
	if f := plain.frame(); f["message"] != "hello" {
		t.Errorf("plain got %s", f)
	}
}

// TestDisconnect ends connections one by one, and all of a user.
func TestDisconnect(t *testing.T) {
	w := newWorld(t)
	one, two := w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "ann", nil), "other")
	bob := w.in(t, w.token(t, "bob", nil), "general")
	for _, l := range w.srv.List() {
		if l.Actor.ID == "u:ann" && l.Rooms[0] == "general" {
			_, err := w.Disconnect(t.Context(), order(), []chat.SessionID{l.ID}, nil)
			must(t, err)
		}
	}
	one.refused("kicked")
	one.end(4507)
	two.settled("other")
	_, err := w.Disconnect(t.Context(), order(), nil, &chat.Selection{Users: []chat.UserID{"u:ann"}})
	must(t, err)
	two.await("error")
	two.end(4507)
	bob.settled("general")
}

// TestRevokedTokens end the sessions that were opened with them.
func TestRevokedTokens(t *testing.T) {
	w := newWorld(t)
	issued := func(d time.Duration) string {
		return w.token(t, "ann", func(c *access.Claims) { c.IssuedAt = w.now().Add(d) })
	}
	old, undated, young := w.in(t, issued(-time.Hour), "general"), w.in(t, w.token(t, "ann", nil), "general"), w.in(t, issued(0), "general")
	other := w.in(t, w.token(t, "bob", nil), "general")
	_, err := w.RevokeTokens(t.Context(), order(), "u:ann", w.now().Add(-time.Minute))
	must(t, err)
	for _, p := range []*peer{old, undated} {
		p.refused("token_revoked")
		p.end(4501)
	}
	again := w.dial(t, "/ws?token="+issued(-time.Hour), nil)
	again.refused("token_revoked")
	again.end(4501)
	for _, p := range []*peer{young, other} {
		p.ask("post", "room", "general", "text", "still here")
		p.await("ack")
	}
}

// TestWhatModeratorsDo from the chat are acts, in their name.
func TestWhatModeratorsDo(t *testing.T) {
	w := newWorld(t)
	mo, ann := w.in(t, w.moderator(t), "general"), w.in(t, w.token(t, "ann", nil), "general")
	ann.ask("post", "room", "general", "text", "hello")
	said := ann.await("ack")
	ids := []any{said["message_id"]}
	mo.ask("delete", "room", "general", "message_ids", ids)
	if f := mo.await("ack"); f["seq"].(float64) <= said["seq"].(float64) {
		t.Errorf("got %s", f)
	}
	if f := ann.await("deleted"); f["seq"] == nil {
		t.Errorf("got %s", f)
	}
	mo.ask("restore", "room", "general", "message_ids", ids)
	mo.await("ack")
	ann.await("restored")
	mo.ask("sanction", "room", "general", "user", "u:ann", "effect", "slow", "interval_seconds", 60, "seconds", 0, "reason", "Calm")
	sanction := mo.await("ack")
	if f := ann.await("rights"); f.at("rights", "slow_seconds") != 60.0 {
		t.Errorf("got %s", f)
	}
	mo.ask("lift", "room", "general", "sanction_id", sanction["sanction_id"])
	mo.await("ack")
	ann.await("rights")
	mo.ask("sanction", "room", "general", "user", "u:ann", "effect", "shadow", "seconds", 0)
	mo.await("error")
	ann.ask("delete", "room", "general", "message_ids", ids)
	ann.await("ack")
	own := w.post(t, "general", "by another")
	ann.ask("delete", "room", "general", "message_ids", []any{own.ID})
	if f := ann.await("error"); f["code"] != "not_your_message" {
		t.Errorf("got %s", f)
	}

	acts, err := w.ListActs(t.Context(), staff, chat.ActQuery{Limit: 20})
	must(t, err)
	var kinds []chat.ActKind
	for _, a := range acts {
		kinds = append(kinds, a.Kind)
		if a.By != "u:mo" || a.Via != chat.ViaChat {
			t.Errorf("got an act by %s via %s, want the moderator's", a.By, a.Via)
		}
	}
	want := []chat.ActKind{chat.ActLift, chat.ActSanction, chat.ActRestore, chat.ActDelete}
	if len(kinds) != len(want) {
		t.Fatalf("got %v, want %v", kinds, want)
	}
	for i := range want {
		if kinds[i] != want[i] {
			t.Errorf("got %v, want %v", kinds, want)
		}
	}
}

// TestLiveSessions tell what staff see of a connection.
func TestLiveSessions(t *testing.T) {
	w := newWorld(t)
	p := w.in(t, w.token(t, "ann", nil), "general")
	p.join("other")
	l := w.srv.List()[0]
	if len(l.Rooms) != 2 || l.Rooms[0] != "general" || l.Joined["other"].Before(l.Since) || l.Joined["general"].IsZero() {
		t.Errorf("got %+v", l)
	}
	if l.FramesIn != 2 || l.BytesOut < 500 || l.Queued != 0 || l.Protocol != "v1" || l.Actor.Alias == "" || l.Actor.Via != chat.ViaChat {
		t.Errorf("got %+v", l)
	}
}

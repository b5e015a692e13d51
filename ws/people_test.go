package ws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

func TestRefusedAfterTheUpgrade(t *testing.T) {
	w := newWorld(t)
	w.set(t, "closed", chat.SettingsPatch{Closed: ptr(true)})
	w.set(t, "members", chat.SettingsPatch{Guests: ptr(chat.GuestsNone)})
	w.set(t, "full", chat.SettingsPatch{MembersLimit: ptr(1)})
	w.in(t, w.token(t, "first", nil), "full")
	w.against(t, "u:villain", "", chat.Ban, time.Hour)
	old := w.token(t, "ann", func(c *access.Claims) { c.Expires = w.now().Add(-time.Hour) })
	elsewhere := w.token(t, "ann", func(c *access.Claims) { c.Rooms = []string{"other"} })
	tests := map[string]struct {
		path, token, code string
		close             int
	}{
		"room's name":     {"/ws/chat/General", "", "room_name_invalid", 4506},
		"closed":          {"/ws/chat/closed", "", "room_closed", 4503},
		"full":            {"/ws/chat/full", "", "room_full", 4504},
		"no guests":       {"/ws/chat/members", "", "guests_forbidden", 4505},
		"banned":          {"/ws/chat/general", w.token(t, "villain", nil), "banned", 4500},
		"expired":         {"/ws/chat/general", old, "token_expired", 4502},
		"forged":          {"/ws/chat/general", "x.y.z", "token_invalid", 4501},
		"another's rooms": {"/ws/chat/general", elsewhere, "room_forbidden", 4505},
		"forged guest":    {"/ws/chat/general", "cg1.xxxx", "guest_token_invalid", 4501},
	}
	for name, tt := range tests {
		for _, protocol := range []string{"", "chatd.v1"} {
			t.Run(name+protocol, func(t *testing.T) {
				path := tt.path
				if tt.token != "" {
					path += "?token=" + tt.token
				}
				p := w.dial(t, path, map[string]string{"Sec-WebSocket-Protocol": protocol})

				f := p.frame()
				if f["type"] == "welcome" {
					f = p.frame()
				}
				if f["code"] != tt.code {
					t.Errorf("got %s, want code %q", f, tt.code)
				}
				if reason := p.end(tt.close); !strings.Contains(reason, `"`+tt.code+`"`) {
					t.Errorf("reason: got %q, want the code %q", reason, tt.code)
				}
			})
		}
	}
}

func TestAuth(t *testing.T) {
	w := newWorld(t)
	watcher := w.in(t, w.token(t, "watcher", nil), "general")
	w.pass(2 * time.Second) // the watcher's own coming is told
	watcher.await("presence")

	t.Run("a guest becomes somebody before joining", func(t *testing.T) {
		p := w.v1(t, "")
		p.ask("auth", "token", w.token(t, "bob", nil))
		if f := p.expect("ack"); f.at("user", "id") != "u:bob" || f["guest_token"] != nil || f["expires_at"] == nil {
			t.Errorf("got %s", f)
		}
		p.join("general")
		w.pass(2 * time.Second)
		watcher.await("presence")
		p.ask("auth", "token", w.token(t, "carl", nil))
		p.await("error")
		p.ask("auth", "token", w.token(t, "bob", func(c *access.Claims) { c.Name = "Bobby" }))
		if f := p.await("ack"); f.at("user", "name") != "Bobby" {
			t.Errorf("got %s, want the new name", f)
		}
		w.pass(2 * time.Second)
		if f := watcher.await("presence"); !strings.Contains(f.String(), `"id":"u:bob","name":"Bobby"`) || f["count"] != 2.0 {
			t.Errorf("got %s, want the new name of the same user", f)
		}
		p.ask("auth", "token", w.token(t, "bob", func(c *access.Claims) { c.Rooms = []string{"other"} }))
		if f := p.await("left"); f["code"] != "room_forbidden" || f["room"] != "general" {
			t.Errorf("got %s, want the lost room", f)
		}
		p.expect("ack") // all of it is in effect
		w.post(t, "general", "not for bob")
		p.join("other")
		p.settled("other")
	})
	t.Run("a guest's new name", func(t *testing.T) {
		p := w.in(t, "", "general")
		p.ask("auth", "name", "Zoe")
		f := p.await("ack")
		token, _ := f["guest_token"].(string)
		if f.at("user", "name") != "Zoe" || token == "" {
			t.Fatalf("got %s", f)
		}
		again := w.dial(t, "/ws?token="+token, nil).expect("welcome")
		if again.at("user", "name") != "Zoe" || again.at("user", "id") != f.at("user", "id") {
			t.Errorf("the new token: got %s", again)
		}
		p.ask("auth", "name", "Watcher")
		if e := p.await("error"); e["code"] != "name_taken" {
			t.Errorf("got %s", e)
		}
	})
	t.Run("somebody can't become a guest", func(t *testing.T) {
		g := w.dial(t, "/ws", nil).expect("welcome")["guest_token"]
		p := w.v1(t, w.token(t, "dora", nil))
		p.ask("auth", "token", g)
		p.refused("identity_differs")
	})
}

func TestTokenEnds(t *testing.T) {
	w := newWorld(t)
	p := w.in(t, w.token(t, "ann", nil), "general")
	w.pass(time.Hour - 70*time.Second) // a JWT has whole seconds
	p.settled("general")
	w.pass(11 * time.Second)
	p.await("expiring")
	p.ask("auth", "token", w.token(t, "ann", nil))
	p.await("ack")
	w.pass(2 * time.Minute) // the first token is over
	p.await("heartbeat")
	p.settled("general")
	w.pass(time.Hour - 121*time.Second)
	p.await("expiring")
	w.pass(2 * time.Minute)
	if reason := p.end(4002); !strings.Contains(reason, "token_expired") {
		t.Errorf("reason: got %q", reason)
	}
}

func TestHeartbeat(t *testing.T) {
	w := newWorld(t)
	p := w.in(t, "", "general")
	m := w.post(t, "general", "hello")
	p.await("message")
	w.pass(26 * time.Second)
	f := p.await("heartbeat")
	if f.at("positions", "general", "seq") != float64(m.Seq) || f.at("positions", "general", "epoch") == nil {
		t.Errorf("got %s, want seq %d", f, m.Seq)
	}
}

func TestPresenceIsBatched(t *testing.T) {
	w := newWorld(t)
	p := w.in(t, w.token(t, "ann", nil), "general")
	w.pass(time.Second)
	p.await("presence")
	b, c := w.in(t, w.token(t, "bob", nil), "general"), w.in(t, w.token(t, "cy", nil), "general")
	c2 := w.in(t, w.token(t, "cy", nil), "general") // one member, twice
	d := w.in(t, w.token(t, "dan", nil), "general")
	d.ask("leave", "room", "general")
	d.await("ack")

	w.pass(time.Second)

	f := p.expect("presence")
	joined, _ := f["joined"].([]any)
	left, _ := f["left"].([]any)
	if f["count"] != 3.0 || len(joined) != 2 || len(left) != 1 {
		t.Errorf("got %s, want two who came and one who left, of three", f)
	}
	for _, x := range []*peer{b, c, c2} {
		x.await("presence")
	}
	c.close()
	eventually(t, patience, "a session is gone", func() bool { return len(w.srv.List()) == 4 })
	w.pass(time.Second)
	p.settled("general") // cy is still here
}

func TestTypingIsToldToOthers(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "bob", nil), "general"), w.in(t, w.token(t, "cy", nil), "general")
	for _, p := range []*peer{a, a, b} {
		p.ask("typing", "room", "general")
		p.await("ack")
	}

	w.pass(0)

	for p, want := range map[*peer]string{a: "u:bob", b: "u:ann", c: "u:ann u:bob"} {
		var got []string
		for _, u := range p.await("typing")["users"].([]any) {
			got = append(got, u.(map[string]any)["id"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func TestSanctionsReachOpenSessions(t *testing.T) {
	w := newWorld(t)
	sanction := func(room chat.RoomID, user chat.UserID, e chat.Effect) {
		t.Helper()
		w.against(t, user, room, e, 0)
	}
	t.Run("a ban in one room of several", func(t *testing.T) {
		p := w.in(t, w.token(t, "bob", nil), "one")
		p.join("two")
		sanction("one", "u:bob", chat.Ban)
		if f := p.await("banned"); f["reason"] != "Rude" || f["room"] != "one" || f["until"] != nil {
			t.Errorf("got %s", f)
		}
		if f := p.expect("left"); f["room"] != "one" || f["code"] != "banned" {
			t.Errorf("got %s", f)
		}
		w.post(t, "one", "unheard")
		p.settled("two")
		p.ask("join", "room", "one")
		p.refused("banned")
	})
	t.Run("a ban everywhere", func(t *testing.T) {
		p := w.in(t, w.token(t, "cy", nil), "one")
		sanction("", "u:cy", chat.Ban)
		p.await("banned")
		p.end(4500)
		if _, n, err := w.Presence.Members(t.Context(), "one", 10); err != nil || n != 0 {
			eventually(t, patience, "nobody is in the room", func() bool {
				_, n, _ := w.Presence.Members(t.Context(), "one", 10)
				return n == 0
			})
		}
	})
	t.Run("a ban in the only room", func(t *testing.T) {
		p := w.dial(t, "/ws/chat/one?token="+w.token(t, "dan", nil), map[string]string{"Sec-WebSocket-Protocol": "chatd.v1"})
		p.await("joined")
		sanction("one", "u:dan", chat.Ban)
		p.await("banned")
		p.end(4500)
	})
	t.Run("not those of others", func(t *testing.T) {
		p := w.in(t, w.token(t, "eve", nil), "one")
		sanction("two", "u:eve", chat.Mute)
		p.settled("one")
	})
}

func TestSettingsRemoveMembers(t *testing.T) {
	w := newWorld(t)
	guest, ann, mo := w.in(t, "", "general"), w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.moderator(t), "general")
	plain := w.dial(t, "/ws/chat/general", nil)
	eventually(t, patience, "four are in", func() bool {
		_, n, _ := w.Presence.Members(t.Context(), "general", 10)
		return n == 4
	})
	mo.ask("set", "room", "general", "settings", map[string]any{"guests": "none"})
	if f := guest.await("left"); f["code"] != "guests_forbidden" {
		t.Errorf("got %s", f)
	}
	plain.end(4505)
	ann.await("room")
	ann.settled("general")
	mo.ask("set", "room", "general", "settings", map[string]any{"closed": true})
	if f := ann.await("left"); f["code"] != "room_closed" {
		t.Errorf("got %s", f)
	}
	mo.await("room")
	mo.await("room")
	mo.ask("post", "room", "general", "text", "alone")
	mo.await("message")
}

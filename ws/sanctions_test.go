package ws_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/ws"
)

// from opens a v1 connection that comes from an address, joined to general.
func (w *world) from(t testing.TB, addr, token string) *peer {
	t.Helper()
	path := "/ws"
	if token != "" {
		path += "?token=" + token
	}
	p := w.handshake(t, path, shake{from: addr})
	p.expect("welcome")
	p.join("general")
	return p
}

// TestBanByAddress ends who comes from there, one who never reads included, and nobody else.
func TestBanByAddress(t *testing.T) {
	const here, near, far = "127.0.0.18", "127.0.0.19", "127.0.1.1"
	tests := map[string]struct {
		target      func(w *world) chat.Target
		near, users bool // who else is hit
	}{
		"one address": {func(*world) chat.Target { return chat.Target{Prefix: netip.MustParsePrefix(here + "/32")} }, false, true},
		"a prefix":    {func(*world) chat.Target { return chat.Target{Prefix: netip.MustParsePrefix("127.0.0.16/28")} }, true, true},
		"an alias":    {func(w *world) chat.Target { return chat.Target{Alias: w.Alias(netip.MustParseAddr(here))} }, false, true},
		"guests of one": {func(*world) chat.Target {
			return chat.Target{Prefix: netip.MustParsePrefix(here + "/32"), Only: chat.Guests}
		}, false, false},
		"guests of all": {func(*world) chat.Target {
			return chat.Target{Prefix: netip.MustParsePrefix("127.0.0.0/24"), Only: chat.Guests}
		}, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, limits(func(l *ws.Limits) { l.QueueBytes = 64 << 20; l.Stall = time.Minute; l.Forget = 2 * time.Minute }))
			w.set(t, "general", chat.SettingsPatch{MaxLength: ptr(4000)})
			guest, plain := w.from(t, here, ""), w.handshake(t, "/ws/chat/general", shake{from: here})
			user, mo := w.from(t, here, w.token(t, "ann", nil)), w.from(t, here, w.moderator(t))
			other, stranger := w.from(t, near, ""), w.from(t, far, "")
			silent := w.handshake(t, "/ws/chat/general?name=Silent", shake{from: here})
			eventually(t, patience, "all are in", func() bool {
				_, n, _ := w.Presence.Members(t.Context(), "general", 1)
				return n == 7
			})
			for range 300 {
				w.post(t, "general", strings.Repeat("x", 4000))
			}

			target := tt.target(w)
			w.impose(t, chat.SanctionOrder{Target: &target, Effect: chat.Ban, Reason: "Rude"})

			guest.end(4500)
			plain.end(4500)
			left := 2 // the moderator, and the stranger
			for p, hit := range map[*peer]bool{user: tt.users, other: tt.near, mo: false, stranger: false} {
				if hit {
					p.end(4500)
				} else if p == user || p == other {
					left++
				}
			}
			eventually(t, patience, "who is banned is gone", func() bool { return len(w.srv.List()) == left })
			if code, reason, err := drainTo(silent); code != 4500 {
				t.Errorf("who doesn't read: got %d %q, %v", code, reason, err)
			}
			again := w.handshake(t, "/ws", shake{from: here})
			again.refused("banned")
			again.end(4500)
			stranger.ask("post", "room", "general", "text", "still here")
			stranger.await("ack")
		})
	}
}

// TestTokenless bans who keeps no identity by their address, and lets those be who do.
func TestTokenless(t *testing.T) {
	w := newWorld(t)
	bare, keeper := w.dial(t, "/ws/chat/general", nil), w.dial(t, "/ws/chat/general", nil)
	cookie := strings.Split(keeper.resp.Header.Get("Set-Cookie"), ";")[0]
	back := w.dial(t, "/ws/chat/general", map[string]string{"Cookie": cookie})
	v1 := w.in(t, "", "general")
	eventually(t, patience, "all are in", func() bool { return len(inRooms(w)) == 4 })
	target := chat.Target{Prefix: netip.MustParsePrefix("127.0.0.1/32"), Only: chat.Tokenless}
	w.impose(t, chat.SanctionOrder{Target: &target, Effect: chat.Ban})
	bare.end(4500)
	keeper.end(4500) // it came without
	v1.ask("post", "room", "general", "text", "hi")
	v1.await("ack")
	if f := back.frame(); f["message"] != "hi" {
		t.Errorf("got %s", f)
	}
}

func inRooms(w *world) []chat.LiveSession {
	var in []chat.LiveSession
	for _, l := range w.srv.List() {
		if len(l.Rooms) > 0 {
			in = append(in, l)
		}
	}
	return in
}

// TestManySanctionsInOneAct bans a raid.
func TestManySanctionsInOneAct(t *testing.T) {
	const raiders = 300
	w := newWorld(t)
	bystander := w.in(t, w.token(t, "ann", nil), "general")
	var raid []*peer
	for i := range raiders {
		p := w.handshake(t, fmt.Sprintf("/ws?name=raider%d", i), shake{from: fmt.Sprintf("127.1.%d.%d", i/200, 1+i%200)})
		p.expect("welcome")
		raid = append(raid, p)
		p.join("general")
	}
	o, err := w.Sanction(t.Context(), order(), chat.SanctionOrder{
		Selection: &chat.Selection{Room: "general", NameLike: "raider1"}, Effect: chat.Ban, Reason: "A raid",
	})
	must(t, err)
	if n := len(o.Act.Users); n != raiders {
		t.Fatalf("got %d users hit, want %d", n, raiders)
	}
	for _, p := range raid {
		p.end(4500)
	}
	eventually(t, patience, "they are gone", func() bool { return len(w.srv.List()) == 1 })
	bystander.ask("post", "room", "general", "text", "calm again")
	bystander.await("ack")

	_, err = w.Undo(t.Context(), order(), o.Act.ID)
	must(t, err)
	back := w.handshake(t, "/ws", shake{from: "127.1.0.1"})
	back.expect("welcome")
	back.join("general")
}

// TestSanctionsThatBeginLater hold from then on.
func TestSanctionsThatBeginLater(t *testing.T) {
	w := newWorld(t)
	p, q := w.in(t, w.token(t, "ann", nil), "general"), w.in(t, w.token(t, "bob", nil), "general")
	later := w.now().Add(time.Minute)
	w.impose(t, chat.SanctionOrder{Target: &chat.Target{User: "u:ann"}, Effect: chat.Ban, Starts: later})
	lifted := w.impose(t, chat.SanctionOrder{Target: &chat.Target{User: "u:bob"}, Effect: chat.Ban, Starts: later})
	w.lift(t, lifted)
	w.lift(t, w.against(t, "u:bob", "", chat.Mute, time.Hour))
	q.await("unmuted") // what was decided before is in force
	w.pass(30 * time.Second)
	p.await("heartbeat")
	p.settled("general")
	w.pass(31 * time.Second)
	p.await("banned")
	p.end(4500)
	q.await("heartbeat")
	q.settled("general")
}

// TestGuestsMustSignIn shows guests out, and nobody else.
func TestGuestsMustSignIn(t *testing.T) {
	w := newWorld(t)
	guest, user, plain := w.in(t, "", "general"), w.in(t, w.token(t, "ann", nil), "general"), w.dial(t, "/ws/chat/general", nil)
	guest.join("other")
	eventually(t, patience, "all are in", func() bool { return len(inRooms(w)) == 3 })
	target := chat.Target{Prefix: netip.MustParsePrefix("127.0.0.1/32"), Only: chat.Guests}
	w.impose(t, chat.SanctionOrder{Target: &target, Effect: chat.SignIn, Rooms: "gen*"})
	if f := guest.await("left"); f["room"] != "general" || f["code"] != "sign_in_required" {
		t.Errorf("got %s", f)
	}
	guest.settled("other")
	plain.refused("sign_in_required")
	plain.end(4505)
	user.settled("general")

	w.impose(t, chat.SanctionOrder{Target: &target, Effect: chat.SignIn})
	guest.refused("sign_in_required")
	guest.end(4505)
	user.settled("general")
}

// TestMutes are told, and what may be done since.
func TestMutes(t *testing.T) {
	w := newWorld(t)
	p := w.in(t, w.token(t, "ann", nil), "general")
	p.join("other")
	s := w.against(t, "u:ann", "general", chat.Mute, time.Hour)
	if f := p.expect("muted"); f["room"] != "general" || f["reason"] != "Rude" || f["until"] == nil || f["sanction_id"] != string(s.ID) {
		t.Errorf("got %s", f)
	}
	if f := p.expect("rights"); f["room"] != "general" || f.at("rights", "post") != false || f.at("rights", "refused", "code") != "muted" {
		t.Errorf("got %s", f)
	}
	everywhere := w.against(t, "u:ann", "", chat.Mute, 0)
	if f := p.expect("muted"); f["room"] != nil || f["until"] != nil {
		t.Errorf("got %s", f)
	}
	p.expect("rights")
	p.expect("rights") // in general it ends later now
	w.lift(t, everywhere)
	rooms := map[any]bool{}
	for range 2 {
		f := p.expect("rights")
		rooms[f["room"]] = f.at("rights", "post") == true
	}
	if rooms["general"] || !rooms["other"] {
		t.Errorf("got rights to write %v, want in other alone", rooms)
	}
	if f := p.expect("unmuted"); f["room"] != nil {
		t.Errorf("got %s", f)
	}
	w.lift(t, s)
	p.expect("rights")
	if f := p.expect("unmuted"); f["room"] != "general" {
		t.Errorf("got %s", f)
	}
	w.impose(t, chat.SanctionOrder{Target: &chat.Target{User: "u:ann"}, Effect: chat.Slow, Interval: time.Minute, Rooms: "general"})
	if f := p.expect("rights"); f.at("rights", "post") != true || f.at("rights", "slow_seconds") != 60.0 {
		t.Errorf("got %s", f)
	}
	w.against(t, "u:ann", "general", chat.Review, 0)
	if f := p.expect("rights"); f.at("rights", "held") != true {
		t.Errorf("got %s", f)
	}
}

// TestAGuestTakesSanctionsAlong into an account, on an open connection and on a new one.
func TestAGuestTakesSanctionsAlong(t *testing.T) {
	w := newWorld(t)
	p := w.dial(t, "/ws", nil)
	hello := p.expect("welcome")
	w.against(t, chat.UserID(hello.at("user", "id").(string)), "", chat.Mute, 0)
	p.ask("auth", "token", w.token(t, "ann", nil))
	p.await("ack")
	wantMuted(p)
	guest := w.dial(t, "/ws", nil).expect("welcome")
	w.against(t, chat.UserID(guest.at("user", "id").(string)), "", chat.Mute, 0)
	q := w.dial(t, "/ws?token="+w.token(t, "bob", nil)+"&guest_token="+guest["guest_token"].(string), nil)
	q.expect("welcome")
	wantMuted(q)
	r := w.v1(t, "")
	r.ask("auth", "token", w.token(t, "cy", nil), "guest_token", guest["guest_token"])
	r.await("ack")
	wantMuted(r)
}

// wantMuted joins; that the mute was carried over may be told at any time.
func wantMuted(p *peer) {
	p.t.Helper()
	p.ask("join", "room", "general")
	if j := p.await("joined"); j.at("rights", "refused", "code") != "muted" {
		p.t.Errorf("got %s", j)
	}
}

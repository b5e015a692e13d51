package ws_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/chatd/chatd/chat"
)

// claiming makes a token with a claim of the owner's site; without a value, none.
func (w *world) claiming(t testing.TB, sub, name, value string) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": sub, "name": sub, "exp": w.now().Add(time.Hour).Unix()}
	if value != "" {
		claims[name] = value
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(jwtSecret)
	must(t, err)
	return token
}

// A room that asks for a claim is left as soon as the token is one without it.
func TestATokenThatLostItsClaim(t *testing.T) {
	w := newWorld(t)
	access := chat.AccessClaim
	w.set(t, "pro", chat.SettingsPatch{Access: &access, Claim: &chat.Claim{Name: "plan", Value: "pro"}})
	p := w.in(t, w.claiming(t, "ann", "plan", "pro"), "pro")
	p.ask("auth", "token", w.claiming(t, "ann", "plan", "pro"))
	p.expect("ack")
	p.ask("auth", "token", w.claiming(t, "ann", "plan", ""))
	if f := p.await("left"); f["code"] != "access_denied" || f["room"] != "pro" {
		t.Errorf("got %s, want the room that the token doesn't open any more", f)
	}
}

// Who signed in on an open connection is reached by what is decided later about the guest that they were there; who came
// with that guest's token, too.
func TestAGuestWhoSignedInIsStillReached(t *testing.T) {
	for name, enter := range map[string]func(w *world, hello frame, p *peer) *peer{
		"on the same connection": func(w *world, _ frame, p *peer) *peer {
			p.ask("auth", "token", w.token(t, "ann", nil))
			p.await("ack")
			p.ask("auth", "token", w.token(t, "ann", nil)) // a new one, later
			p.await("ack")
			return p
		},
		"on a new one": func(w *world, hello frame, _ *peer) *peer {
			q := w.dial(t, "/ws?token="+w.token(t, "ann", nil)+"&guest_token="+hello["guest_token"].(string), nil)
			q.expect("welcome")
			return q
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.dial(t, "/ws", nil)
			hello := p.expect("welcome")
			p = enter(w, hello, p)
			p.join("general")
			p.settled("general")
			guest := chat.UserID(hello.at("user", "id").(string))
			w.against(t, guest, "general", chat.Mute, 0)
			if f := p.await("muted"); f["room"] != "general" {
				t.Errorf("got %s", f)
			}
			p.ask("post", "room", "general", "text", "hi")
			p.refused("muted")
			w.against(t, guest, "", chat.Ban, 0)
			p.end(4500)
		})
	}
}

// Who was sanctioned for having been a guest, which was undone, hears of it at once, and doesn't take it along again.
func TestAnUndoneCarryIsOver(t *testing.T) {
	w := newWorld(t)
	p := w.dial(t, "/ws", nil)
	hello := p.expect("welcome")
	w.against(t, chat.UserID(hello.at("user", "id").(string)), "", chat.Mute, 0)
	p.ask("auth", "token", w.token(t, "ann", nil))
	p.await("ack")
	wantMuted(p)
	acts, err := w.Ledger.Acts(t.Context(), chat.ActQuery{Limit: 2, Kind: chat.ActCarry})
	must(t, err)
	if len(acts) != 1 {
		t.Fatalf("got %d acts, want the carry", len(acts))
	}
	_, err = w.Undo(t.Context(), order(), acts[0].ID)
	must(t, err)
	p.await("unmuted")
	p.ask("post", "room", "general", "text", "free")
	p.await("ack")
	q := w.dial(t, "/ws?token="+w.token(t, "ann", nil)+"&guest_token="+hello["guest_token"].(string), nil)
	q.expect("welcome")
	q.join("general")
	q.settled("general")
	q.ask("post", "room", "general", "text", "still free")
	q.await("ack")
}

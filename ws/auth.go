package ws

import (
	"maps"
	"slices"

	"github.com/chatd/chatd/chat"
)

// doAuth gives an open connection a new token, or a guest another name, or both.
func doAuth(x *session, id string, _ chat.RoomID, a *args) (any, error) {
	token, name := a.optText("token", maxToken), a.optText("name", 4*chat.MaxName+64)
	was := a.optText("guest_token", maxToken)
	if token == "" && name == "" {
		a.refuse("token or name is missing.")
	}
	if err := a.end(); err != nil {
		return nil, err
	}
	before := x.who()
	// Tokens are dear to check, and a new name is told to everybody.
	if err := x.srv.svc.TakeAct(x.ctx, before); err != nil {
		return nil, err
	}
	now, guestToken, err := x.reidentify(before, token, was)
	if err != nil {
		return nil, err
	}
	if name != "" {
		if now, err = x.srv.svc.Rename(x.ctx, now, name); err != nil {
			return nil, err
		}
	}
	if now.Guest() && (guestToken == "" || now.Name != before.Name) {
		guestToken = x.srv.cfg.Guests.Issue(now.ID, now.Name)
	}
	x.become(now, guestToken)
	return ackAuth{ack(id), userOf(now.ID, now.Name, now.Role), guestToken, optStamp(now.Expires)}, nil
}

// maxToken bounds a token, in bytes, as access does.
const maxToken = 8 << 10

// reidentify returns who a token belongs to; without one, who is there already. It has to be
// the same person: others have seen this one. Only a guest whom nobody
// has met, since no room is joined, may turn out to be somebody.
func (x *session) reidentify(before chat.Actor, token, was string) (chat.Actor, string, error) {
	if token == "" {
		return before, "", nil
	}
	v, err := x.srv.cfg.Door.IdentifyToken(x.ctx, token, was, before)
	if err != nil {
		return chat.Actor{}, "", err
	}
	x.met(&v.Actor)
	x.mu.Lock()
	alone := len(x.rooms) == 0
	x.mu.Unlock()
	if v.Actor.ID != before.ID && !(before.Guest() && alone) {
		return chat.Actor{}, "", chat.Refuse(chat.Conflict, "identity_differs",
			"That token belongs to somebody else. Open another connection with it.")
	}
	if err := x.remember(before, &v.Actor); err != nil {
		return chat.Actor{}, "", err
	}
	a, err := x.srv.svc.SignIn(x.ctx, v.Actor)
	return a, v.GuestToken, err
}

// remember says of somebody which guest this connection has been, whatever they bring along: what is decided about that one
// later is meant for them.
func (x *session) remember(before chat.Actor, now *chat.Actor) error {
	switch {
	case before.Guest() && before.ID != now.ID:
		if err := x.srv.svc.CarryOver(x.ctx, now.Was, *now); err != nil {
			return err
		}
		now.Was = before.ID // SignIn takes this one's along
	case now.Was == "":
		now.Was = before.Was
	}
	return nil
}

// become puts a new identity into effect, in the rooms too.
func (x *session) become(a chat.Actor, guestToken string) {
	x.mu.Lock()
	same := x.actor.Name == a.Name && x.actor.Role == a.Role && slices.Equal(x.actor.Rooms, a.Rooms) &&
		maps.EqualFunc(x.actor.Claims, a.Claims, slices.Equal)
	moved := x.actor.ID != a.ID || x.actor.Was != a.Was
	x.actor, x.guestToken, x.warned = a, guestToken, false
	readers := slices.Collect(maps.Values(x.rooms))
	x.mu.Unlock()
	if moved {
		x.srv.index.add(x)
	}
	if same {
		return
	}
	for _, r := range readers {
		x.reenter(r)
	}
}

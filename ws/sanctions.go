package ws

import (
	"context"
	"maps"
	"net/netip"
	"slices"

	"github.com/chatd/chatd/chat"
)

// hit finds the sessions that sanctions concern. Users and single addresses are looked up; for the rest (wider prefixes,
// aliases) all sessions are gone through once.
func (s *Server) hit(list []*chat.Sanction) map[*session][]*chat.Sanction {
	found := map[*session][]*chat.Sanction{}
	var wide []*chat.Sanction
	for _, c := range list {
		sessions, ok := s.near(c)
		if !ok {
			wide = append(wide, c)
		}
		seen := map[*session]bool{}
		for _, x := range sessions {
			if !seen[x] && c.Hits(x.who()) {
				seen[x] = true
				found[x] = append(found[x], c)
			}
		}
	}
	if len(wide) == 0 {
		return found
	}
	for _, x := range s.index.all() {
		who := x.who()
		for _, c := range wide {
			if c.Hits(who) {
				found[x] = append(found[x], c)
			}
		}
	}
	return found
}

// near looks up who may be hit by a sanction; false: that takes going through all.
func (s *Server) near(c *chat.Sanction) ([]*session, bool) {
	var list []*session
	for _, user := range c.Also {
		list = append(list, s.index.of(user)...)
	}
	switch t := c.Target; {
	case t.User != "":
		return append(append(list, s.index.of(t.User)...), s.index.been(t.User)...), true
	case t.Alias == "" && within(t.Prefix):
		return append(list, s.index.at(chat.AddrKey(t.Prefix.Addr()))...), true
	}
	return nil, false
}

// within reports whether all addresses of a prefix have one key (chat.AddrKey).
func within(p netip.Prefix) bool {
	if p.Addr().Is4() {
		return p.Bits() == 32
	}
	return p.Addr().Is4In6() && p.Bits() == 128 || !p.Addr().Is4In6() && p.Bits() >= 64
}

// sanctioned tells a session what is held against it, and does it.
func (x *session) sanctioned(list []*chat.Sanction) {
	for _, s := range list {
		switch s.Effect {
		case chat.Ban:
			x.banned(s)
		case chat.SignIn:
			x.turnedOut(s)
		case chat.Mute:
			x.eachScope(s, func(room chat.RoomID) {
				x.aside(x.codec.aside(sanctionFrame{aside{"muted", room}, s.Reason, optStamp(s.Expires), s.ID}))
			})
		case chat.Shadow, chat.Slow, chat.Review: // the first shows nothing, the others in the rights
		}
	}
	x.recheck()
}

// relieved tells a session what isn't held against it any more.
func (x *session) relieved(list []*chat.Sanction) {
	x.recheck()
	for _, s := range list {
		if s.Effect != chat.Mute {
			continue
		}
		x.eachScope(s, func(room chat.RoomID) {
			if !x.mutedIn(room) { // another one may hold
				x.aside(x.codec.aside(aside{"unmuted", room}))
			}
		})
	}
}

// freed has those told off whom sanctions were taken that go on holding against others.
func (s *Server) freed(c *chat.ControlChange) {
	list := make([]*chat.Sanction, len(c.Sanctions))
	for i := range c.Sanctions {
		list[i] = &c.Sanctions[i]
	}
	for _, user := range c.Freed {
		for _, x := range s.index.of(user) {
			s.guarded(x, func() { x.relieved(list) })
		}
	}
}

// eachScope calls do for the rooms that s concerns and that the session is in; for a sanction in all rooms once, with none.
func (x *session) eachScope(s *chat.Sanction, do func(chat.RoomID)) {
	if s.Rooms == "" {
		do("")
		return
	}
	for _, room := range x.joinedRooms() {
		if s.Holds(room) {
			do(room)
		}
	}
}

// banned ends the session, or takes it out of the rooms that a ban concerns.
func (x *session) banned(s *chat.Sanction) {
	why := refusalOf(s, "banned", "You are banned")
	say := func(room chat.RoomID) [][]byte {
		return x.codec.aside(sanctionFrame{aside{"banned", room}, s.Reason, optStamp(s.Expires), s.ID})
	}
	x.putOut(s, why, say)
}

// turnedOut is banned for guests who have to sign in.
func (x *session) turnedOut(s *chat.Sanction) {
	x.putOut(s, refusalOf(s, "sign_in_required", "Sign in to take part"), func(chat.RoomID) [][]byte { return nil })
}

func (x *session) putOut(s *chat.Sanction, why *chat.Error, say func(chat.RoomID) [][]byte) {
	if s.Rooms == "" || x.bound != "" && s.Holds(x.bound) {
		room := x.bound
		if s.Rooms == "" {
			room = ""
		}
		x.expel(why, append(say(room), x.codec.refusal("", room, why)...))
		return
	}
	for _, room := range x.joinedRooms() {
		if s.Holds(room) {
			x.aside(say(room))
			x.remove(room, why)
		}
	}
}

// refusalOf is what the core would say to who is sanctioned.
func refusalOf(s *chat.Sanction, code, what string) *chat.Error {
	what += "."
	if s.Reason != "" {
		what += " Reason: " + s.Reason
	}
	why := chat.Refuse(chat.Forbidden, code, "%s", what)
	why.Until = s.Expires
	return why
}

// remove takes a session out of one room against its will. Only workers call it.
func (x *session) remove(room chat.RoomID, why *chat.Error) {
	if room == x.bound {
		x.expel(why, x.codec.refusal("", room, why))
		return
	}
	if r := x.forget(room); r != nil {
		x.dismiss(r, why)
		x.srv.errand(func() {
			ctx, cancel := context.WithTimeout(context.Background(), leaveWithin)
			defer cancel()
			x.leave(ctx, r)
		})
	}
}

// forget takes a room's reader out of the session; nil: somebody else has.
func (x *session) forget(room chat.RoomID) *reader {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rooms[room]
	delete(x.rooms, room)
	return r
}

// dismiss ends the delivery to a reader, and tells why.
func (x *session) dismiss(r *reader, why *chat.Error) {
	r.cut(why)
	x.srv.stats.refused(why.Code)
	x.out.push(x.codec.aside(leftFrame{aside{"left", r.room.id}, why.Code, why.Message}))
}

func (x *session) joinedRooms() []chat.RoomID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Keys(x.rooms))
}

// mutedIn reports whether a mute holds in a room, or, without one, in all rooms that the session is in.
func (x *session) mutedIn(room chat.RoomID) bool {
	rooms := []chat.RoomID{room}
	if room == "" {
		rooms = x.joinedRooms()
	}
	for _, room := range rooms {
		if r := x.readerOf(room); r == nil || !r.muted() {
			return false
		}
	}
	return len(rooms) > 0
}

func (r *reader) muted() bool {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	return r.rights.code == "muted"
}

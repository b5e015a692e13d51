package ws

import (
	"context"
	"sync"

	"github.com/chatd/chatd/chat"
)

// control keeps the sanctions that were heard until obey gets to them.
type control struct {
	mu      sync.Mutex
	some    sync.Cond
	list    []chat.SanctionChange
	stopped bool
}

func (c *control) init() { c.some.L = &c.mu }

func (c *control) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	c.some.Broadcast()
}

// controlListener hears every signal, and keeps sanctions.
type controlListener struct{ c *control }

func (controlListener) Event(chat.Event) {}

func (l controlListener) Signal(s chat.Signal) {
	if s.Sanction == nil {
		return
	}
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.c.list = append(l.c.list, *s.Sanction)
	l.c.some.Signal()
}

// obey puts sanctions into effect until control is stopped.
func (s *Server) obey() {
	c := &s.control
	for {
		c.mu.Lock()
		for len(c.list) == 0 && !c.stopped {
			c.some.Wait()
		}
		if c.stopped {
			c.mu.Unlock()
			return
		}
		list := c.list
		c.list = nil
		c.mu.Unlock()
		for _, change := range list {
			for _, x := range s.index.of(change.Sanction.User) {
				s.guarded(x, func() { x.sanctioned(change) })
			}
		}
	}
}

// sanctioned tells a session what was decided about its user, and does it.
func (x *session) sanctioned(c chat.SanctionChange) {
	s := c.Sanction
	if s.Room != "" && !x.isIn(s.Room) {
		return
	}
	say := sanctionFrame{aside: aside{Room: s.Room}, Reason: s.Reason, Until: optStamp(s.Expires), ID: s.ID}
	switch {
	case s.Effect == chat.Mute && c.Lifted:
		x.out.push(x.codec.aside(aside{"unmuted", s.Room}))
	case s.Effect == chat.Mute:
		say.Type = "muted"
		x.out.push(x.codec.aside(say))
	case s.Effect == chat.Ban && !c.Lifted:
		say.Type = "banned"
		x.banned(s, x.codec.aside(say))
	}
}

func (x *session) banned(s chat.Sanction, say [][]byte) {
	why := chat.Refuse(chat.Forbidden, "banned", "You are banned.")
	if s.Reason != "" {
		why.Message += " Reason: " + s.Reason
	}
	why.Until = s.Expires
	if s.Room == "" || s.Room == x.bound {
		x.expel(why, append(say, x.codec.refusal("", s.Room, why)...))
		return
	}
	x.out.push(say)
	x.remove(s.Room, why)
}

func (x *session) isIn(room chat.RoomID) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, ok := x.rooms[room]
	return ok
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

// enforce removes who may not be in the room under its new settings.
func (rm *room) enforce(e *chat.Event) {
	closed := e.Settings.Closed != nil && *e.Settings.Closed
	noGuests := e.Settings.Guests != nil && *e.Settings.Guests == chat.GuestsNone
	if !closed && !noGuests {
		return
	}
	rm.readersMu.Lock()
	readers := append([]*reader(nil), rm.readers...)
	rm.readersMu.Unlock()
	for _, r := range readers {
		who := r.session.who()
		switch {
		case who.Moderates(rm.id):
		case closed:
			r.session.remove(rm.id, chat.Refuse(chat.Forbidden, "room_closed", "This room is closed."))
		case who.Guest():
			r.session.remove(rm.id, chat.Refuse(chat.Forbidden, "guests_forbidden", "This room is for signed-in users."))
		}
	}
}

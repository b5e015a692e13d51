package ws

import (
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

// control keeps what staff decided until obey gets to it, and what begins or ends later until its time has come.
type control struct {
	mu      sync.Mutex
	some    sync.Cond
	list    []chat.Signal
	stopped bool
	later   map[chat.SanctionID]chat.Sanction // that haven't begun
	locks   map[chat.LockdownID]chat.Lockdown // in force: readers are told of their end
}

func (c *control) init() {
	c.some.L = &c.mu
	c.later, c.locks = map[chat.SanctionID]chat.Sanction{}, map[chat.LockdownID]chat.Lockdown{}
}

func (c *control) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	c.some.Broadcast()
}

// controlListener hears every signal, and keeps those by which staff are obeyed.
type controlListener struct{ c *control }

func (controlListener) Events([]chat.Event) {}

func (l controlListener) Signal(s chat.Signal) {
	if s.Control != nil || s.Notice != nil || s.End != nil {
		l.c.add(s)
	}
}

func (c *control) add(s chat.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, s)
	c.some.Signal()
}

// next waits for something to do; false: there will be nothing more.
func (c *control) next() ([]chat.Signal, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.list) == 0 && !c.stopped {
		c.some.Wait()
	}
	list := c.list
	c.list = nil
	return list, !c.stopped
}

// remember keeps what a change decides for later.
func (c *control) remember(change *chat.ControlChange, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range change.Sanctions {
		if delete(c.later, s.ID); now.Before(s.Starts) {
			c.later[s.ID] = s
		}
	}
	for _, s := range change.Lifted {
		delete(c.later, s.ID)
	}
	for _, l := range change.Lockdowns {
		c.locks[l.ID] = l
	}
	for _, l := range change.Unlocked {
		delete(c.locks, l.ID)
	}
}

// due has done what time asks for: sanctions that begin, lock-downs that are over.
func (c *control) due(now time.Time) {
	var change chat.ControlChange
	c.mu.Lock()
	for id, s := range c.later {
		if !now.Before(s.Starts) {
			delete(c.later, id)
			change.Sanctions = append(change.Sanctions, s)
		}
	}
	for id, l := range c.locks {
		if !now.Before(l.Until) {
			delete(c.locks, id)
			change.Unlocked = append(change.Unlocked, l)
		}
	}
	c.mu.Unlock()
	if len(change.Sanctions)+len(change.Unlocked) > 0 {
		c.add(chat.Signal{Control: &change})
	}
}

// obey does what staff decided until control is stopped.
func (s *Server) obey() {
	for {
		list, ok := s.control.next()
		if !ok {
			return
		}
		for _, sig := range list {
			s.obeyOne(sig)
		}
	}
}

func (s *Server) obeyOne(sig chat.Signal) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked("control", sig.Room, p)
		}
	}()
	switch {
	case sig.Control != nil:
		s.enforce(sig.Control)
	case sig.Notice != nil:
		s.notify(sig.Room, sig.Notice)
	case sig.End != nil:
		s.endAsked(sig.Room, sig.End)
	}
}

// enforce puts into effect what an act changed, for the sessions that are open.
func (s *Server) enforce(c *chat.ControlChange) {
	now := s.svc.Now()
	s.control.remember(c, now)
	var made []*chat.Sanction
	for i := range c.Sanctions {
		if x := &c.Sanctions[i]; x.Standing(now) && !now.Before(x.Starts) {
			made = append(made, x)
		}
	}
	for x, list := range s.hit(made) {
		s.guarded(x, func() { x.sanctioned(list) })
	}
	var lifted []*chat.Sanction
	for i := range c.Lifted {
		lifted = append(lifted, &c.Lifted[i])
	}
	for x, list := range s.hit(lifted) {
		s.guarded(x, func() { x.relieved(list) })
	}
	s.freed(c)
	for user, before := range c.TokensFrom {
		s.revoke(user, before)
	}
	for _, room := range c.Removed {
		s.removed(room)
	}
	s.tellLocks(c)
}

// revoke ends the sessions of a user whose tokens are older than that. A token that doesn't say how old it is counts as old.
func (s *Server) revoke(user chat.UserID, before time.Time) {
	why := chat.Refuse(chat.Unauthenticated, "token_revoked", "Your sign-in was revoked. Sign in again.")
	for _, x := range s.index.of(user) {
		if x.who().Issued.Before(before) {
			x.expel(why, x.codec.refusal("", "", why))
		}
	}
}

// endAsked ends the sessions that staff want to be ended; with a room, in that room only.
func (s *Server) endAsked(room chat.RoomID, e *chat.SessionsEnd) {
	why := e.Why
	if why == nil {
		why = chat.Refuse(chat.Forbidden, "kicked", "A moderator has ended this connection.")
	}
	var list []*session
	for _, id := range e.Sessions {
		if x := s.index.session(id); x != nil {
			list = append(list, x)
		}
	}
	for _, user := range e.Users {
		list = append(list, s.index.of(user)...)
	}
	for _, x := range list {
		s.guarded(x, func() {
			if room == "" {
				x.expel(why, x.codec.refusal("", "", why))
			} else {
				x.remove(room, why)
			}
		})
	}
}

// notify tells a notice of staff: to everybody, to a room, or to one user.
func (s *Server) notify(room chat.RoomID, n *chat.Notice) {
	say := noticeFrame{aside{"notice", room}, n.Text, stamp(n.At)}
	if room != "" {
		rm := s.rooms.find(room)
		if rm == nil {
			return
		}
		frames := codecs[v1].aside(say)
		for _, r := range rm.listed() {
			if r.session.protocol == v1 && (n.User == "" || n.User == r.user) {
				r.aside(frames)
			}
		}
		return
	}
	sessions := s.index.all()
	if n.User != "" {
		sessions = s.index.of(n.User)
	}
	frames := codecs[v1].aside(say)
	for _, x := range sessions {
		if x.protocol == v1 {
			x.aside(frames)
		}
	}
}

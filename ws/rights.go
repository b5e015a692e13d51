package ws

import (
	"context"
	"time"

	"github.com/chatd/chatd/chat"
)

// toldRights are what a client was last told that it may do in a room, as far as they can be compared.
type toldRights struct {
	post, moderate, held bool
	slow                 time.Duration
	code                 string
	until                time.Time
}

func toldOf(r chat.Rights) toldRights {
	t := toldRights{post: r.Post, moderate: r.Moderate, held: r.Held, slow: r.Slow}
	if r.Refused != nil {
		t.code, t.until = r.Refused.Code, r.Refused.Until
	}
	return t
}

// concernsEntry reports whether an event changes who may be in the room, or write there.
func concernsEntry(e *chat.Event) bool {
	p := e.Settings
	return e.Archived != nil || p.Closed != nil || p.Guests != nil || p.Access != nil || p.Claim != nil ||
		p.ReadOnly != nil || p.SlowMode != nil
}

// recheck asks anew what everybody in the room may do, and takes out who may not stay.
func (rm *room) recheck() {
	readers := rm.listed()
	rm.srv.errand(func() {
		for _, r := range readers {
			rm.srv.guarded(r.session, r.recheck)
		}
	})
}

// recheck asks anew what a session may do in its rooms.
func (x *session) recheck() {
	for _, room := range x.joinedRooms() {
		if r := x.readerOf(room); r != nil {
			r.recheck()
		}
	}
}

// recheck tells the reader what it may do here, where that has changed, or takes it out.
func (r *reader) recheck() {
	if !r.here() {
		return // who is about to come in is told on joining
	}
	x := r.session
	ctx, cancel := context.WithTimeout(context.Background(), recheckWithin)
	defer cancel()
	rights, err := x.srv.svc.Present(ctx, x.who(), r.room.id)
	switch e := chat.AsError(err); {
	case err == nil:
		r.entitle(rights)
	case e.Kind == chat.Internal || e.Kind == chat.Unavailable:
		x.srv.log.Warn("ask what somebody may do", "room", r.room.id, "error", err)
	case e.Code == "token_expired": // the sweep ends it, with the code that means so
	default:
		x.remove(r.room.id, e)
	}
}

// recheckWithin bounds how long it may take to ask what somebody may do; of most rooms it is remembered.
const recheckWithin = 10 * time.Second

// here reports whether the reader knows the room. One that is about to is reviewed then.
func (r *reader) here() bool {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	r.stale = r.stale || !r.started
	return r.started && !r.gone
}

// overtaken reports, once, whether something was decided while the room was read.
func (r *reader) overtaken() bool {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	stale := r.stale
	r.stale = false
	return stale
}

// entitle tells a client its rights where they aren't what it was told last.
func (r *reader) entitle(rights chat.Rights) {
	frames := r.session.codec.aside(rightsFrame{aside{"rights", r.room.id}, rightsOf(rights)})
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := toldOf(rights); r.started && !r.gone && t != r.rights {
		r.rights = t
		if len(frames) > 0 && r.session.opened.Load() {
			c.pushLocked(frames)
		}
	}
}

// review does for a reader that has just come in what was decided while it did.
func (x *session) review(r *reader) {
	if !r.overtaken() {
		return
	}
	rights, err := x.srv.svc.Present(x.ctx, x.who(), r.room.id)
	if err != nil {
		x.ejected(r, err)
		return
	}
	r.entitle(rights)
	r.aside(x.codec.aside(lockdownFrame{aside{"lockdown", r.room.id}, lockdownOf(x.srv.lockOf(r.room.id))}))
}

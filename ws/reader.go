package ws

import (
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

// reader is a session in a room: its place in the room's log.
type reader struct {
	session *session
	room    *room
	user    chat.UserID // who doesn't change while in a room
	at      int         // its place in room.readers, or -1; guarded by room.readersMu

	mu      sync.Mutex // guards what follows
	started bool       // it knows the room
	held    bool       // events wait: the session has something to tell first
	epoch   chat.Epoch
	seq     chat.Seq // everything up to it is told, or was never meant for it
	shown   chat.Seq // the last event that it knows of: what was meant for others only doesn't move it
	pending []told
	weight  int // of pending, in bytes
	gone    bool
	why     *chat.Error // why it was cut; nil: it left
	rights  toldRights
	stale   bool      // something was decided before it was started: it is to be reviewed
	joined  time.Time // when it was started
}

// told is an event as a reader is told it.
type told struct {
	seq, prev chat.Seq
	frames    [][]byte
	beside    bool // it is in no log, and is told in its turn
}

// maxPending bounds what waits for a reader that is held, in bytes.
const maxPending = 4 << 20

// hold makes events wait until release or start.
func (r *reader) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = true
}

// release lets the events go that have waited.
func (r *reader) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.releaseLocked()
}

func (r *reader) releaseLocked() {
	r.held = false
	pending := r.pending
	r.pending, r.weight = nil, 0
	for _, t := range pending {
		r.passLocked(t)
	}
}

// beginning is what a reader starts from.
type beginning struct {
	at     chat.Position // where the room was read
	shown  chat.Seq      // how far of it the reader may know
	rights toldRights
	now    time.Time
}

// start tells what the reader starts from, and goes on from there. It returns why the reader was cut meanwhile, or nil.
func (r *reader) start(b beginning, frames [][]byte) *chat.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return r.why
	}
	if !r.started {
		r.joined = b.now
	}
	r.started, r.epoch, r.seq, r.shown, r.rights = true, b.at.Epoch, b.at.Seq, b.shown, b.rights
	r.session.out.pushAsked(frames)
	r.releaseLocked()
	return nil
}

// tell delivers an event. It never waits.
func (r *reader) tell(t told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return
	}
	if !r.held {
		r.passLocked(t)
		return
	}
	if r.weight += size(t.frames) + 64; r.weight > maxPending {
		r.session.out.end(slowReader)
		return
	}
	r.pending = append(r.pending, t)
}

func (r *reader) passLocked(t told) {
	switch {
	case t.beside:
		r.session.out.push(t.frames)
	case t.seq <= r.seq:
	case t.prev > r.seq:
		// The bell has lost something, and the room didn't get it back (see gap.go).
		r.session.out.end(lostPlace())
	default:
		r.seq = t.seq
		if len(t.frames) > 0 {
			r.shown = t.seq
			r.session.out.push(t.frames)
		}
	}
}

// livesIn reports whether the reader has started from this life of the log.
func (r *reader) livesIn(epoch chat.Epoch) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.started && r.epoch == epoch
}

// restart goes on in another life of the log. For the plain protocol, which knows no places. False: the reader is still
// about to learn where it starts, and that may be in the old one.
func (r *reader) restart(at chat.Position) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started {
		r.epoch, r.seq, r.shown = at.Epoch, at.Seq, at.Seq
	}
	return r.started
}

// aside tells what is in no log.
func (r *reader) aside(frames [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started && !r.gone {
		r.session.out.push(frames)
	}
}

// cut ends the delivery at once.
func (r *reader) cut(why *chat.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.gone {
		r.gone, r.why, r.pending = true, why, nil
	}
}

// position returns where the reader stands, as far as it may know.
func (r *reader) position() (at chat.Position, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return chat.Position{Epoch: r.epoch, Seq: r.shown}, r.started && !r.gone
}

// since returns when the reader came in; false: it hasn't, or is out again.
func (r *reader) since() (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.joined, r.started && !r.gone
}

// lostPlace ends a connection whose place in the log can't be kept: it recovers elsewhere.
func lostPlace() farewell {
	return farewell{code: closeGoingAway, reason: "going_away", retry: jitter(comeBack), flush: true}
}

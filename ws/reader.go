package ws

import (
	"time"

	"github.com/chatd/chatd/chat"
)

// reader is a session in a room: its place in the room's stream.
type reader struct {
	session *session
	room    *room
	user    chat.UserID // who doesn't change while in a room
	at      int         // its place in room.readers, or -1; guarded by room.readersMu

	// The rest is guarded by session.out.mu.

	started bool // it knows the room
	held    bool // events wait: the session has something to tell first
	gone    bool
	jams    bool // it counts in room.jam
	stale   bool // something was decided before it was started: it is to be reviewed
	node    *node
	off     int        // how much of node it was told, or is being told
	after   chat.Seq   // the events up to it were known when it was started
	shown   chat.Seq   // the last event that it knows of, before node: what was meant for others only doesn't move it
	epoch   chat.Epoch // of the log it is told
	why     *chat.Error
	rights  toldRights
	joined  time.Time // when it was started
}

// maxHeld bounds how far behind a reader may be whose events wait for its own session, in bytes of the stream.
const maxHeld = 4 << 20

// hold makes events wait until release or start.
func (r *reader) hold() {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	r.held = true
}

// release lets the events go that have waited.
func (r *reader) release() {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	r.held = false
	c.flushLocked()
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
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.gone {
		return r.why
	}
	if !r.started {
		r.joined = b.now
	}
	r.started, r.held, r.epoch, r.rights = true, false, b.at.Epoch, b.rights
	r.seekLocked(b.at.Seq, b.shown)
	if c.ending == nil {
		c.queueLocked(frames, true)
		c.flushLocked()
	}
	return nil
}

// seekLocked has the reader go on after the events up to a seq, from where it stands in the stream.
func (r *reader) seekLocked(after, shown chat.Seq) {
	v := &node{seq: shown, end: r.node.end, shared: r.node.original()}
	v.take(r.node, r.off, after)
	r.node, r.off, r.after, r.shown = v, 0, after, shown
}

// flush tells what the room has said, as far as the socket takes it. One whose place is too far back loses it.
func (r *reader) flush() {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.gone || c.ending != nil {
		return
	}
	c.flushLocked()
	r.jamLocked()
	bound, reading := int64(c.limits.QueueBytes), readingFactor*int64(c.limits.QueueBytes)
	if r.held || !r.started {
		bound = max(bound, maxHeld)
	} else if !c.busy {
		return
	}
	if r.current() || r.behind() <= bound || r.behind() <= reading && c.tookLately() {
		return
	}
	c.tooSlowLocked()
}

// tookLately reports whether the peer reads, though it may be behind.
func (c *conn) tookLately() bool { return time.Since(c.tookAt) < readingLately }

// Who reads may be so many times as far behind as who doesn't: what was on its way when writers began to wait (jam) comes all the
// same, and what it costs is what the room said, once, however many are behind.
const (
	readingFactor = 16
	readingLately = time.Second
)

// current reports whether the reader is about to be told the newest node, however large that is, and nothing before it.
func (r *reader) current() bool {
	n := r.node.following()
	return n == nil || r.off == len(r.node.bytes) && n.next.Load() == nil
}

// ahead returns what the reader is to be told next, whole messages of one node; nil: nothing.
func (r *reader) ahead() []byte {
	if !r.started || r.held || r.gone {
		return nil
	}
	for r.off == len(r.node.bytes) {
		n := r.node.following()
		if n == nil {
			return nil
		}
		r.shown = max(r.shown, r.node.seq)
		r.node, r.off = n.read(r.user, r.after), 0
	}
	return r.node.bytes[r.off:]
}

// passed notes that n bytes of what is ahead were written, and returns how many messages that was. The rest of a message that
// was begun goes before everything else.
func (r *reader) passed(n int) int {
	was := r.node.ending(r.off)
	if r.off += n; n > 0 && r.off < len(r.node.bytes) {
		r.endMessage()
	}
	return r.node.ending(r.off) - was
}

func (r *reader) endMessage() {
	c := r.session.out
	from, to := r.node.message(r.off)
	if r.off == from {
		return
	}
	var later [][]byte
	for from < to {
		end := from + frameSize(r.node.bytes[from:])
		if from >= r.off {
			later = append(later, r.node.bytes[from:end])
		} else if end > r.off {
			c.left = r.node.bytes[r.off:end]
		}
		from = end
	}
	c.precedeLocked(later)
	c.begun = size(later)
	r.off = to
}

// behind is how far the reader is from the end of the stream, in bytes.
func (r *reader) behind() int64 {
	tail := r.room.tails[r.session.protocol].Load()
	return tail.end - r.node.end + int64(len(r.node.bytes)-r.off)
}

// waits is how much of that would be told if the socket took it.
func (r *reader) waits() int64 {
	if !r.started || r.held || r.gone {
		return 0
	}
	return r.behind()
}

// livesIn reports whether the reader has started from this life of the log.
func (r *reader) livesIn(epoch chat.Epoch) bool {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	return r.started && r.epoch == epoch
}

// restart goes on in another life of the log. For the plain protocol, which knows no places. False: the reader is still
// about to learn where it starts, and that may be in the old one; or more waits for it than may be copied.
func (r *reader) restart(at chat.Position) bool {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.behind() > int64(c.limits.QueueBytes) {
		return false
	}
	if r.started {
		// What it hasn't been told yet is of the old life, and read as such.
		v := &node{seq: at.Seq}
		v.take(r.node, r.off, r.after)
		last := r.node.original()
		for n := last.next.Load(); n != nil; n = n.next.Load() {
			v.take(n.read(r.user, r.after), 0, r.after)
			last = n
		}
		v.end, v.shared = last.end, last
		r.node, r.off, r.epoch, r.after, r.shown = v, 0, at.Epoch, 0, at.Seq
	}
	return r.started
}

// aside tells this reader alone what is in no log.
func (r *reader) aside(frames [][]byte) {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(frames) > 0 && r.started && !r.gone {
		c.pushLocked(frames)
	}
}

// cut ends the delivery at once.
func (r *reader) cut(why *chat.Error) {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	if !r.gone {
		r.gone, r.why = true, why
		c.dropLocked(r)
	}
}

// position returns where the reader stands, as far as it may know.
func (r *reader) position() (at chat.Position, ok bool) {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	seq := r.shown
	if r.started {
		seq = max(seq, r.node.upTo(r.off, 0))
		if r.off == len(r.node.bytes) {
			seq = max(seq, r.node.seq)
		}
	}
	return chat.Position{Epoch: r.epoch, Seq: seq}, r.started && !r.gone
}

// since returns when the reader came in; false: it hasn't, or is out again.
func (r *reader) since() (time.Time, bool) {
	c := r.session.out
	c.mu.Lock()
	defer c.mu.Unlock()
	return r.joined, r.started && !r.gone
}

// lostPlace ends a connection whose place in the log can't be kept: it recovers elsewhere.
func lostPlace() farewell {
	return farewell{code: closeGoingAway, reason: "going_away", retry: jitter(comeBack), flush: true}
}

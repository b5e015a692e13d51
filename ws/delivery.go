package ws

import (
	"sync"

	"github.com/chatd/chatd/chat"
)

// delivery hands rooms that have heard something to its workers, a room to one at a time.
type delivery struct {
	mu      sync.Mutex
	some    sync.Cond
	ready   []*room
	stopped bool
}

func (d *delivery) init() { d.some.L = &d.mu }

func (d *delivery) add(rm *room) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready = append(d.ready, rm)
	d.some.Signal()
}

func (d *delivery) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	d.some.Broadcast()
}

// work serves rooms until stop.
func (d *delivery) work() {
	for {
		d.mu.Lock()
		for len(d.ready) == 0 && !d.stopped {
			d.some.Wait()
		}
		if d.stopped {
			d.mu.Unlock()
			return
		}
		rm := d.ready[0]
		if d.ready = d.ready[1:]; len(d.ready) == 0 {
			d.ready = nil
		}
		d.mu.Unlock()
		rm.serve()
	}
}

// serve tells the readers what the room has heard.
func (rm *room) serve() {
	defer func() {
		if p := recover(); p != nil {
			rm.srv.panicked("room", rm.id, p)
			rm.endAll(farewell{code: closeInternal, reason: "internal", flush: true})
			rm.done()
		}
	}()
	rm.mu.Lock()
	inbox, overflown := rm.inbox, rm.overflown
	rm.inbox, rm.weight, rm.overflown = rm.spare[:0], 0, false
	rm.mu.Unlock()
	rm.spare = nil
	if overflown {
		rm.srv.log.Error("a room's events came faster than they could be delivered", "room", rm.id)
		rm.endAll(lostPlace())
	}
	for i, h := range inbox {
		switch {
		case h.event != nil:
			if rm.missed(h.event) {
				rm.catchUp(inbox[i:])
				return
			}
			rm.tell(h.event)
		case h.signal != nil:
			rm.note(h.signal)
		case h.upTo > 0:
			rm.known(h.upTo)
		case h.life != nil:
			rm.live(h.life)
		default:
			rm.flush(h.beat)
		}
	}
	clear(inbox)
	if cap(inbox) <= 256 {
		rm.spare = inbox
	}
	rm.done()
}

// done gives the room back, or has it served again.
func (rm *room) done() {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	rm.busy = false
	if len(rm.inbox) > 0 || rm.overflown {
		rm.wakeLocked()
	}
}

// tell delivers an event to every reader whom it is for; for the others the log goes on in silence. It is
// framed once a protocol, and apart for those few who see it otherwise (chat.Event.Own).
func (rm *room) tell(e *chat.Event) {
	var frames [protocols][][]byte
	var framed [protocols]bool
	rm.readersMu.Lock()
	if rm.epoch != "" && e.Epoch != rm.epoch {
		rm.anewLocked(chat.Position{Epoch: e.Epoch, Seq: min(e.Prev, e.Seq-1)})
	}
	rm.last = max(rm.last, e.Seq)
	for _, r := range rm.readers {
		if e.Only != "" && e.Only != r.user {
			r.tell(told{seq: e.Seq, prev: e.Prev})
			continue
		}
		p := r.session.protocol
		if own := e.Own[r.user]; own != nil {
			r.tell(told{seq: e.Seq, prev: e.Prev, frames: codecs[p].event(own)})
			continue
		}
		if !framed[p] {
			frames[p], framed[p] = codecs[p].event(e), true
		}
		r.tell(told{seq: e.Seq, prev: e.Prev, frames: frames[p]})
	}
	rm.readersMu.Unlock()
	if e.Kind == chat.EventRoom && concernsEntry(e) {
		rm.recheck()
	}
}

// aside tells v1 readers what is in no log.
func (rm *room) aside(say any) { rm.asideTo("", say) }

// asideTo is aside for one user's sessions; without one, for all.
func (rm *room) asideTo(user chat.UserID, say any) {
	var frames [protocols][][]byte
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	for _, r := range rm.readers {
		if user != "" && user != r.user {
			continue
		}
		p := r.session.protocol
		if frames[p] == nil {
			if frames[p] = codecs[p].aside(say); frames[p] == nil {
				continue
			}
		}
		r.aside(frames[p])
	}
}

func (rm *room) endAll(f farewell) {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	rm.endAllLocked(f)
}

func (rm *room) endAllLocked(f farewell) {
	for _, r := range rm.readers {
		r.session.out.end(f)
	}
}

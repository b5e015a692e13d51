package ws

import "github.com/chatd/chatd/chat"

// saying is what a room says: an event, or something aside.
type saying struct {
	event *chat.Event
	aside any         // one of the types of wire_v1.go
	only  chat.UserID // whom it is for; empty: for all
	// own is what some are told instead of aside; nil: nothing.
	own map[chat.UserID]any
}

// instead has one user told something else; nil: nothing.
func (s *saying) instead(user chat.UserID, say any) {
	if s.own == nil {
		s.own = map[chat.UserID]any{}
	}
	s.own[user] = say
}

func (rm *room) say(s saying) { rm.said = append(rm.said, s) }

// tell says an event to every reader whom it is for; for the others the log goes on in silence.
func (rm *room) tell(e *chat.Event) {
	rm.readersMu.Lock()
	epoch, told := rm.epoch, rm.told
	rm.readersMu.Unlock()
	if epoch != "" && e.Epoch != epoch {
		rm.anew(chat.Position{Epoch: e.Epoch, Seq: min(e.Prev, e.Seq-1)})
	} else if e.Seq <= told {
		return
	}
	rm.readersMu.Lock()
	if rm.epoch == "" {
		rm.epoch, rm.from = e.Epoch, e.Prev
	}
	rm.last, rm.told = max(rm.last, e.Seq), e.Seq
	rm.readersMu.Unlock()
	rm.say(saying{event: e, only: e.Only})
	if e.Kind == chat.EventRoom && concernsEntry(e) {
		rm.unasked = true
	}
}

// link frames what was said and appends it to the streams, for the protocols that somebody in the room speaks.
func (rm *room) link() {
	if len(rm.said) == 0 {
		return
	}
	var drafts [protocols]*draft
	for {
		rm.readersMu.Lock()
		lacks := -1
		for p, n := range rm.speaking {
			if n > 0 && drafts[p] == nil {
				lacks = p
			}
		}
		if lacks < 0 {
			for p, d := range drafts {
				if d != nil && d.link(&rm.tails[p]) {
					rm.unsent = true
				}
			}
			rm.readersMu.Unlock()
			rm.linked += len(rm.said)
			if clear(rm.said); cap(rm.said) > 256 {
				rm.said = nil
			}
			rm.said = rm.said[:0]
			return
		}
		rm.readersMu.Unlock() // nothing is framed under it
		drafts[lacks] = rm.frame(codecs[lacks])
	}
}

// frame makes a node of what was said.
func (rm *room) frame(c codec) *draft {
	d := &draft{}
	for i := range rm.said {
		s := &rm.said[i]
		from := len(d.node.bytes)
		var seq chat.Seq
		var frames [][]byte
		if s.event != nil {
			seq, frames = s.event.Seq, c.event(s.event)
			d.counts(seq)
		} else {
			frames = c.aside(s.aside)
		}
		if s.only != "" {
			d.splice(s.only, from, frames, seq)
			continue
		}
		d.add(frames, seq)
		if s.event != nil {
			for user, own := range s.event.Own {
				d.splice(user, from, c.event(own), seq)
			}
		}
		for user, own := range s.own {
			var frames [][]byte
			if own != nil {
				frames = c.aside(own)
			}
			d.splice(user, from, frames, 0)
		}
	}
	return d
}

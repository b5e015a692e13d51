package ws

import (
	"sort"
	"sync/atomic"

	"github.com/chatd/chatd/chat"
)

// node is what a room said at a time, framed as one protocol has it: the same bytes for all who read it. Nodes
// make a list, the room's stream; a reader is a place in it. Linked nodes don't change, and the
// list holds nothing but what somebody still has to read: what is behind the last reader is nobody's.
type node struct {
	bytes []byte // whole messages of whole frames
	marks []mark // where the messages end
	// own is what some users are told otherwise.
	own map[chat.UserID][]splice
	// first is the least seq of the events in it, those that only some may know of included; 0: none.
	first chat.Seq
	seq   chat.Seq // of the last event that everybody may know of, up to the end of the node
	end   int64    // of the stream, with this node, in bytes
	// shared is the node that this one is somebody's view of; nil: it is one itself.
	shared *node
	next   atomic.Pointer[node]
}

// mark is the end of a message: an event of the log, or (seq 0) something beside it.
type mark struct {
	end int
	seq chat.Seq
}

// splice replaces skip bytes of a node, from at on, for one user.
type splice struct {
	at, skip int
	bytes    []byte
	seq      chat.Seq
}

// original returns the shared node.
func (n *node) original() *node {
	if n.shared != nil {
		return n.shared
	}
	return n
}

// following returns the next shared node; nil: there is none yet.
func (n *node) following() *node { return n.original().next.Load() }

// read returns the node as a user reads it who knows the events up to after.
func (n *node) read(user chat.UserID, after chat.Seq) *node {
	own := n.own[user]
	if len(own) == 0 && (n.first == 0 || n.first > after) {
		return n
	}
	v := &node{end: n.end, seq: n.seq, shared: n}
	if len(own) == 0 {
		v.take(n, 0, after)
		return v
	}
	at := 0
	for _, m := range n.marks {
		for ; len(own) > 0 && own[0].at == at && own[0].skip == 0; own = own[1:] {
			v.append(own[0].bytes, own[0].seq, after)
		}
		if len(own) > 0 && own[0].at == at {
			v.append(own[0].bytes, own[0].seq, after)
			own = own[1:]
		} else {
			v.append(n.bytes[at:m.end], m.seq, after)
		}
		at = m.end
	}
	for _, s := range own {
		v.append(s.bytes, s.seq, after)
	}
	return v
}

// take appends what n says from off on, besides the events up to after.
func (n *node) take(from *node, off int, after chat.Seq) {
	for _, m := range from.marks[from.ending(off):] {
		n.append(from.bytes[off:m.end], m.seq, after)
		off = m.end
	}
}

// append adds a message, unless it is an event that isn't after a seq.
func (n *node) append(b []byte, seq, after chat.Seq) {
	if len(b) == 0 || seq != 0 && seq <= after {
		return
	}
	n.bytes = append(n.bytes, b...)
	n.marks = append(n.marks, mark{len(n.bytes), seq})
	n.seq = max(n.seq, seq)
}

// upTo returns the seq of the last event that ends within the first off bytes; before: none does.
func (n *node) upTo(off int, before chat.Seq) chat.Seq {
	for i := n.ending(off) - 1; i >= 0; i-- {
		if n.marks[i].seq > 0 {
			return n.marks[i].seq
		}
	}
	return before
}

// ending counts the messages that end within the first off bytes.
func (n *node) ending(off int) int {
	if off == len(n.bytes) {
		return len(n.marks)
	}
	return sort.Search(len(n.marks), func(i int) bool { return n.marks[i].end > off })
}

// message returns where the message stands that the byte at off belongs to.
func (n *node) message(off int) (from, to int) {
	i := n.ending(off)
	if i > 0 {
		from = n.marks[i-1].end
	}
	return from, n.marks[i].end
}

// draft is a node in the making.
type draft struct {
	node node
	any  bool
}

// add appends a message; without frames nobody is told, and the event only counts.
func (d *draft) add(frames [][]byte, seq chat.Seq) {
	if len(frames) == 0 {
		return
	}
	for _, f := range frames {
		d.node.bytes = append(d.node.bytes, f...)
	}
	d.any = true
	d.node.marks = append(d.node.marks, mark{len(d.node.bytes), seq})
	d.node.seq = max(d.node.seq, seq)
}

// counts notes that an event is in the node, for whomever it is.
func (d *draft) counts(seq chat.Seq) {
	if seq > 0 && (d.node.first == 0 || seq < d.node.first) {
		d.node.first = seq
	}
}

// splice says what one user is told in place of what was added after from.
func (d *draft) splice(user chat.UserID, from int, frames [][]byte, seq chat.Seq) {
	s := splice{at: from, skip: len(d.node.bytes) - from, seq: seq}
	for _, f := range frames {
		s.bytes = append(s.bytes, f...)
	}
	if s.skip == 0 && len(s.bytes) == 0 {
		return
	}
	if d.node.own == nil {
		d.node.own = map[chat.UserID][]splice{}
	}
	d.node.own[user] = append(d.node.own[user], s)
	d.any = true
}

// link appends what was drafted to a stream; false: there is nothing to tell.
func (d *draft) link(tail *atomic.Pointer[node]) bool {
	if !d.any {
		return false
	}
	last := tail.Load()
	n := &d.node
	n.end = last.end + int64(len(n.bytes))
	n.seq = max(n.seq, last.seq)
	tail.Store(n)
	last.next.Store(n)
	return true
}

package ws

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

// rooms are those with readers on this node.
type rooms struct {
	srv *Server
	mu  sync.Mutex
	m   map[chat.RoomID]*room
	// dirty are the rooms that have something to tell beside the log.
	dirty map[*room]struct{}
}

func (rs *rooms) init(s *Server) {
	rs.srv, rs.m, rs.dirty = s, map[chat.RoomID]*room{}, map[*room]struct{}{}
}

// find returns a room with readers; nil: there is none.
func (rs *rooms) find(id chat.RoomID) *room {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.m[id]
}

// all lists the rooms with readers.
func (rs *rooms) all() []*room {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return slices.Collect(maps.Values(rs.m))
}

func (rs *rooms) count() int64 {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return int64(len(rs.m))
}

// acquire returns a room that listens to the bell; each acquire needs a release. The first
// one subscribes, the others wait for it.
func (rs *rooms) acquire(ctx context.Context, id chat.RoomID) (*room, error) {
	rs.mu.Lock()
	rm, ok := rs.m[id]
	if !ok {
		rm = &room{id: id, srv: rs.srv, listening: make(chan struct{})}
		rs.m[id] = rm
	}
	rm.refs++
	rs.mu.Unlock()
	if !ok {
		// Not the joiner's ctx: the others wait for the outcome too.
		rm.stop, rm.err = rs.srv.svc.Bell.Listen(context.WithoutCancel(ctx), id, rm)
		close(rm.listening)
	}
	<-rm.listening
	if rm.err != nil {
		rs.release(rm)
		return nil, rm.err
	}
	return rm, nil
}

// release lets go of a room; the last one ends its subscription.
func (rs *rooms) release(rm *room) {
	rs.mu.Lock()
	rm.refs--
	last := rm.refs == 0
	if last {
		delete(rs.m, rm.id)
		delete(rs.dirty, rm)
	}
	rs.mu.Unlock()
	if last && rm.stop != nil {
		rm.stop()
	}
}

// room is one room as far as it has readers on this node. It is a chat.Listener.
type room struct {
	id  chat.RoomID
	srv *Server

	refs      int // guarded by rooms.mu
	listening chan struct{}
	stop      func() // set, as err, before listening is closed
	err       error

	mu        sync.Mutex // guards what follows
	inbox     []heard
	weight    int  // of the inbox, about, in bytes
	busy      bool // a worker has it, or will: only one at a time
	overflown bool

	backlog backlog // has its own lock

	// Of the worker.
	spare []heard
	crowd crowd

	readersMu sync.Mutex // guards what follows; the worker delivers under it
	readers   []*reader
	last      chat.Seq // the last event that was told; 0: none yet
	epoch     chat.Epoch
}

// heard is one thing that the bell told: an event, a signal, or the time; or how far the log was read; or what the room
// is now whose log may have begun another life.
type heard struct {
	event  *chat.Event
	signal *chat.Signal
	beat   time.Time
	upTo   chat.Seq
	life   *chat.Room
}

// maxInbox bounds what waits for the workers, a room.
const maxInbox = 32 << 20

// Event implements chat.Listener.
func (rm *room) Event(e chat.Event) {
	weight := 256
	if e.Message != nil {
		weight += len(e.Message.Text) + len(e.Message.HTML)
	}
	rm.hear(heard{event: &e}, weight)
}

// Signal implements chat.Listener. What staff decide is heard by control.
func (rm *room) Signal(s chat.Signal) {
	switch {
	case s.Typing != nil, s.Presence != nil:
		rm.hear(heard{signal: &s}, 128)
	case s.Held != nil:
		rm.hear(heard{signal: &s}, 128+len(s.Held.Message.Text)+len(s.Held.Message.HTML))
	}
}

func (rm *room) hear(h heard, weight int) {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if rm.overflown {
		return
	}
	if rm.weight+weight > maxInbox {
		rm.overflown, rm.inbox = true, nil
	} else {
		rm.inbox = append(rm.inbox, h)
		rm.weight += weight
	}
	rm.wakeLocked()
}

func (rm *room) wakeLocked() {
	if !rm.busy {
		rm.busy = true
		rm.srv.delivery.add(rm)
	}
}

func (rm *room) add(r *reader) {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	r.at = len(rm.readers)
	rm.readers = append(rm.readers, r)
}

func (rm *room) remove(r *reader) {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	if r.at < 0 {
		return
	}
	end := len(rm.readers) - 1
	moved := rm.readers[end]
	rm.readers[r.at], moved.at = moved, r.at
	rm.readers[end] = nil
	rm.readers = rm.readers[:end]
	r.at = -1
}

// began notes where the first reader started: from there on every event has to come.
func (rm *room) began(at chat.Position) {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	if rm.epoch == "" {
		rm.epoch, rm.last = at.Epoch, max(rm.last, at.Seq)
	}
}

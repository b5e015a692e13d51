package ws

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
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
		rm = newRoom(rs.srv, id)
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

	backlog backlog // what was heard and isn't flushed yet
	jam     jam     // who reads, and can't take more

	mu        sync.Mutex // guards what follows
	inbox     []heard
	weight    int  // of the inbox, about, in bytes
	busy      bool // a worker has it, or will: only one at a time; or it rests
	resting   *time.Timer
	overflown bool

	// Of the worker that has the room.
	spare     []heard
	said      []saying // that aren't linked yet
	crowd     crowd
	serving   int  // weight of what is being served
	unsent    bool // something is linked that nobody was told
	linked    int  // messages that are linked since the last flush
	tempo     tempo
	unasked   bool // what readers may do is to be asked anew
	flushing  []*reader
	flushedAt time.Time
	jobs      []job
	unflushed atomic.Int32 // slices

	tails [protocols]atomic.Pointer[node] // of the streams; stored under readersMu

	readersMu sync.Mutex // guards what follows
	readers   []*reader
	speaking  [protocols]int // readers
	last      chat.Seq       // up to which the readers know the log: an event that doesn't follow it shows a gap
	told      chat.Seq       // the last event that was linked; 0: none yet
	from      chat.Seq       // the event before the first that was told, where that came before the first reader began
	epoch     chat.Epoch
}

func newRoom(s *Server, id chat.RoomID) *room {
	rm := &room{id: id, srv: s, listening: make(chan struct{})}
	for p := range rm.tails {
		rm.tails[p].Store(&node{})
	}
	return rm
}

// heard is one thing that the bell told: an event, a signal, or the time; or how far the log was read; or what the room
// is now whose log may have begun another life; or what is to be said aside.
type heard struct {
	event  *chat.Event
	signal *chat.Signal
	beat   time.Time
	upTo   chat.Seq
	life   *chat.Room
	say    any
	// recheck says that what readers may do is to be asked anew when they have been told.
	recheck bool
}

// maxInbox bounds what waits for the workers, a room. Those who post wait long before (backlog).
const maxInbox = 32 << 20

// Events implements chat.Listener.
func (rm *room) Events(events []chat.Event) {
	weight := 0
	for i := range events {
		weight += 256
		if m := events[i].Message; m != nil {
			weight += len(m.Text) + len(m.HTML)
		}
	}
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if rm.mayHearLocked(weight) {
		for i := range events {
			rm.inbox = append(rm.inbox, heard{event: &events[i]})
		}
	}
	rm.wakeLocked()
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
	if rm.mayHearLocked(weight) {
		rm.inbox = append(rm.inbox, h)
	}
	rm.wakeLocked()
}

// mayHearLocked weighs what is to join the inbox; false: it is more than may wait, and readers are to come back.
func (rm *room) mayHearLocked(weight int) bool {
	if rm.overflown {
		return false
	}
	if rm.weight+weight > maxInbox {
		rm.backlog.sub(rm.weight)
		rm.overflown, rm.inbox, rm.weight = true, nil, 0
		return false
	}
	rm.weight += weight
	rm.backlog.add(weight)
	return true
}

func (rm *room) wakeLocked() {
	if rm.resting != nil && (len(rm.inbox) >= manyTold || rm.overflown) && rm.resting.Stop() {
		rm.busy, rm.resting = false, nil
	}
	if !rm.busy {
		rm.busy = true
		rm.srv.delivery.add(job{room: rm})
	}
}

// add takes a reader in, at the end of the stream.
func (rm *room) add(r *reader) {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	p := r.session.protocol
	r.at = len(rm.readers)
	r.node = rm.tails[p].Load()
	r.off = len(r.node.bytes)
	rm.readers = append(rm.readers, r)
	rm.speaking[p]++
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
	rm.speaking[r.session.protocol]--
	r.at = -1
}

// began notes where a reader starts: from the first one's place on every event has to come. Those who start
// after something was told know of that already, for it was stored before they read the room. Where that can't be
// it returns how the connection ends: the reader is in another life of the log than the room is told of, or the bell has
// lost an event before the first that it told.
func (rm *room) began(at chat.Position) *farewell {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	f := lostPlace()
	switch {
	case rm.epoch == "":
		rm.epoch, rm.last = at.Epoch, at.Seq
	case rm.epoch != at.Epoch:
		f.reason = "room_reset"
		return &f
	case rm.told == 0:
		rm.last = min(rm.last, at.Seq)
	case at.Seq < rm.from:
		return &f
	}
	return nil
}

// listed returns the readers at the moment.
func (rm *room) listed() []*reader {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	return slices.Clone(rm.readers)
}

func (rm *room) endAll(f farewell) {
	for _, r := range rm.listed() {
		r.session.out.end(f)
	}
}

package ws

import (
	"sync"
	"time"
)

// delivery hands work to the workers, in the order in which it came: rooms that have heard something, one worker a room at a
// time; and slices of a room's readers, which several workers flush side by side. A large room's slices stand in line
// with everything else, so that other rooms don't wait until it is through.
type delivery struct {
	mu      sync.Mutex
	some    sync.Cond
	ready   []job
	head    int // of ready
	stopped bool
}

// job is a room to be served, or, with readers, some of them to be flushed.
type job struct {
	room    *room
	readers []*reader
}

func (d *delivery) init() { d.some.L = &d.mu }

func (d *delivery) add(jobs ...job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.head > 0 && len(d.ready)+len(jobs) > cap(d.ready) {
		n := copy(d.ready, d.ready[d.head:])
		clear(d.ready[n:])
		d.ready, d.head = d.ready[:n], 0
	}
	d.ready = append(d.ready, jobs...)
	if len(jobs) == 1 {
		d.some.Signal()
	} else {
		d.some.Broadcast()
	}
}

func (d *delivery) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	d.some.Broadcast()
}

// next waits for something to do; false: there will be nothing more.
func (d *delivery) next() (job, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.head == len(d.ready) && !d.stopped {
		d.some.Wait()
	}
	if d.stopped {
		return job{}, false
	}
	j := d.ready[d.head]
	d.ready[d.head] = job{}
	if d.head++; d.head == len(d.ready) {
		d.ready, d.head = d.ready[:0], 0
	}
	return j, true
}

// work does jobs until stop.
func (d *delivery) work() {
	for {
		j, ok := d.next()
		if !ok {
			return
		}
		if j.readers == nil {
			j.room.serve()
		} else {
			j.room.flushSlice(j.readers)
		}
	}
}

const (
	// slice is how many readers a worker flushes in one go. Rooms of no more are flushed by the worker who framed what they say.
	slice = 64

	// A room that is dear to flush is flushed the less often: it rests for up to restFactor times what the last time took, at most
	// maxRest, so that what is said meanwhile goes out with one write a reader. Where a write carries manyTold messages there is nothing
	// to win any more, nor where flushing takes less than minTook, nor where less than fewTold messages are to be expected until
	// the next time: they would only wait.
	restFactor = 2
	maxRest    = 50 * time.Millisecond
	minTook    = time.Millisecond
	manyTold   = 128
	fewTold    = 3

	tempoOver = 100 * time.Millisecond // how long a room's messages are counted to know how many are to be expected
)

// tempo is how fast a room says something, as far as it was counted.
type tempo struct {
	from   time.Time // of what is being counted
	said   int
	before float64 // messages a second, when they were counted last
}

// note counts n messages, and returns how many a second there are to be expected.
func (t *tempo) note(n int, now time.Time) float64 {
	t.said += n
	passed := now.Sub(t.from)
	rate := float64(t.said) / max(passed, tempoOver/2).Seconds()
	expected := max(rate, t.before)
	if passed >= tempoOver {
		t.from, t.said, t.before = now, 0, rate
	}
	return expected
}

// flush has every reader told what the room has said. It returns before they are, where they are many.
func (rm *room) flush() {
	rm.readersMu.Lock()
	rm.flushing = append(rm.flushing[:0], rm.readers...)
	rm.readersMu.Unlock()
	all := rm.flushing
	rm.jam.readers.Store(int32(len(all)))
	rm.jam.open(rm.jam.clear) // in a room that has grown, as many are a few
	if len(all) == 0 {
		rm.rest()
		return
	}
	rm.flushedAt = time.Now()
	if len(all) <= slice {
		rm.unflushed.Store(1)
		rm.flushSlice(all)
		return
	}
	jobs := rm.jobs[:0]
	for len(all) > 0 {
		n := min(slice, len(all))
		jobs = append(jobs, job{rm, all[:n]})
		all = all[n:]
	}
	rm.unflushed.Store(int32(len(jobs)))
	rm.jobs = jobs[:0]
	rm.srv.delivery.add(jobs...) // nothing of the room may be touched after this: it may be somebody else's already
}

// flushNow tells the readers what is linked while the room goes on being served.
func (rm *room) flushNow() {
	if rm.unsent {
		rm.unsent = false
		for _, r := range rm.listed() {
			rm.srv.guarded(r.session, r.flush)
		}
	}
}

// flushSlice flushes some readers. The last one that is done with its slice gives the room back.
func (rm *room) flushSlice(readers []*reader) {
	defer func() {
		if rm.unflushed.Add(-1) == 0 {
			rm.rest()
		}
	}()
	for _, r := range readers {
		rm.srv.guarded(r.session, r.flush)
	}
}

// rest gives the room back: at once, or after a while where it was dear to flush.
func (rm *room) rest() {
	if clear(rm.flushing); cap(rm.flushing) > 4*len(rm.flushing)+slice {
		rm.flushing = nil
	}
	var took time.Duration
	if !rm.flushedAt.IsZero() {
		took = time.Since(rm.flushedAt)
	}
	rm.flushedAt = time.Time{}
	rm.backlog.sub(rm.serving)
	rm.serving = 0
	if rm.unasked { // they have been told why by now
		rm.unasked = false
		rm.recheck()
	}
	n := rm.linked
	rm.linked = 0
	rate := rm.tempo.note(n, time.Now())
	rest := min(restFactor*took, maxRest)
	if took < minTook || n >= manyTold || rate*(took+rest).Seconds() < fewTold {
		rm.done()
		return
	}
	rm.restFor(rest * time.Duration(manyTold-n) / manyTold)
}

// restFor gives the room back after a while, or when it has heard as much as makes a write worth it.
func (rm *room) restFor(d time.Duration) {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if len(rm.inbox) >= manyTold || rm.overflown {
		rm.doneLocked()
		return
	}
	rm.resting = time.AfterFunc(d, rm.done)
}

// done gives the room back, or has it served again.
func (rm *room) done() {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	rm.doneLocked()
}

func (rm *room) doneLocked() {
	rm.busy, rm.resting = false, nil
	if len(rm.inbox) > 0 || rm.overflown {
		rm.wakeLocked()
	}
}

// serve tells the readers what the room has heard.
func (rm *room) serve() {
	defer func() {
		if p := recover(); p != nil {
			rm.srv.panicked("room", rm.id, p)
			rm.said = nil
			rm.endAll(farewell{code: closeInternal, reason: "internal", flush: true})
			rm.rest()
		}
	}()
	inbox, overflown := rm.take()
	if overflown {
		rm.srv.log.Error("a room's events came faster than they could be delivered", "room", rm.id)
		rm.endAll(lostPlace())
	}
	for i, h := range inbox {
		if h.event != nil && rm.missed(h.event) {
			rm.link()
			rm.flushNow()
			rm.catchUp(inbox[i:])
			return
		}
		rm.heed(h)
	}
	clear(inbox)
	if cap(inbox) <= 256 {
		rm.spare = inbox
	}
	rm.link()
	if rm.unsent {
		rm.unsent = false
		rm.flush()
	} else {
		rm.rest()
	}
}

// heed says what was heard, or does it.
func (rm *room) heed(h heard) {
	switch {
	case h.event != nil:
		rm.tell(h.event)
	case h.signal != nil:
		rm.note(h.signal)
	case h.say != nil:
		rm.say(saying{aside: h.say})
		rm.unasked = rm.unasked || h.recheck
	case h.upTo > 0:
		rm.known(h.upTo)
	case h.life != nil:
		rm.live(h.life)
	default:
		rm.beat(h.beat)
	}
}

// take returns what the room has heard.
func (rm *room) take() (inbox []heard, overflown bool) {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	inbox, overflown = rm.inbox, rm.overflown
	rm.serving += rm.weight
	rm.inbox, rm.weight, rm.overflown = rm.spare[:0], 0, false
	rm.spare = nil
	return inbox, overflown
}

package ws

import (
	"sync/atomic"
	"time"
)

// jam is how many of a room's readers have fallen behind. A few of them are their own affair. Where many have, though they read, the
// room says more than its readers, or the line to them, can take: whoever writes waits a little, so that they catch up and needn't be sent away. Nobody is
// refused for it, or those who don't want to read could keep the others from writing.
type jam struct {
	gate

	readers atomic.Int32 // of the room, when it was flushed last
	behind  atomic.Int32 // those who are behind
}

const (
	jamWait  = 250 * time.Millisecond
	jamFew   = 8 // readers who are behind are a few in every room
	jamShare = 8 // and so is one in so many
)

// add notes that one more reader is behind.
func (j *jam) add() {
	if int(j.behind.Add(1)) > j.few() && j.shut.CompareAndSwap(false, true) {
		j.open(j.clear) // they may have caught up in between, when it wasn't shut
	}
}

// sub notes that one reader has caught up, or is gone.
func (j *jam) sub() {
	if j.behind.Add(-1); j.clear() {
		j.open(j.clear)
	}
}

func (j *jam) few() int    { return max(jamFew, int(j.readers.Load())/jamShare) }
func (j *jam) clear() bool { return int(j.behind.Load()) <= j.few()/2 }

// jamLocked notes whether the reader is behind for what the room says: it reads, its socket is full, and half as much waits for it as may wait for
// one who doesn't read; and it isn't its own answers that it is busy with.
func (r *reader) jamLocked() {
	c := r.session.out
	behind := c.busy && c.ending == nil && r.started && !r.gone && !r.held && c.waiting <= c.begun &&
		r.behind() > int64(c.limits.QueueBytes)/2 && c.tookLately()
	switch {
	case behind == r.jams:
		return
	case behind:
		r.room.jam.add()
	default:
		r.room.jam.sub()
	}
	r.jams = behind
}

package ws

import (
	"context"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// lifeWithin bounds how long finding out about a room may take.
const lifeWithin = 10 * time.Second

// removed finds out what became of a room that is said to be no more, or another one, and has its readers told.
func (s *Server) removed(id chat.RoomID) {
	rm := s.rooms.find(id)
	if rm == nil {
		return
	}
	s.errand(func() {
		ctx, cancel := context.WithTimeout(context.Background(), lifeWithin)
		defer cancel()
		snap, err := s.svc.Log.Snapshot(ctx, id, chat.SnapshotQuery{})
		if chat.CodeOf(err) == "room_unknown" { // it is being deleted
			snap, err = chat.Snapshot{Room: chat.Room{ID: id}}, nil
		}
		if err != nil {
			s.log.Error("read a room that has changed", "room", id, "error", err)
			rm.endAll(lostPlace())
			return
		}
		rm.hear(heard{life: &snap.Room}, 256)
	})
}

// live tells the readers that the room is no more, or lets them start anew.
func (rm *room) live(now *chat.Room) {
	if !now.Stored {
		rm.link()
		why := chat.Refuse(chat.NotFound, "room_unknown", "This room was deleted.")
		for _, r := range rm.listed() {
			r.session.remove(rm.id, why)
		}
		rm.readersMu.Lock()
		defer rm.readersMu.Unlock()
		rm.epoch, rm.last, rm.told, rm.from = "", 0, 0, 0
		return
	}
	rm.readersMu.Lock()
	other := rm.epoch != "" && rm.epoch != now.Epoch
	rm.readersMu.Unlock()
	if other {
		rm.anew(chat.Position{Epoch: now.Epoch, Seq: now.Seq})
	}
}

// anew begins another life of the log: what readers know of the old one means nothing. Those of v1 come back and
// read the room afresh; plain has no places in a log, so it just goes on.
func (rm *room) anew(at chat.Position) {
	rm.link()
	rm.readersMu.Lock()
	rm.epoch, rm.last, rm.told, rm.from = at.Epoch, at.Seq, at.Seq, 0
	for p := range rm.tails {
		last := rm.tails[p].Load()
		n := &node{seq: at.Seq, end: last.end}
		rm.tails[p].Store(n)
		last.next.Store(n)
	}
	readers := slices.Clone(rm.readers)
	rm.readersMu.Unlock()
	f := lostPlace()
	f.reason = "room_reset"
	for _, r := range readers {
		if r.livesIn(at.Epoch) || r.session.protocol == plain && r.restart(at) {
			continue
		}
		r.session.out.end(f)
		f.retry = jitter(comeBack)
	}
}

package ws

import (
	"context"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// missed reports whether the bell has lost what came before e. Each event names the one
// before it; holes in the numbers themselves mean nothing.
func (rm *room) missed(e *chat.Event) bool {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	return rm.epoch == e.Epoch && e.Prev > rm.last
}

// catchUpWithin bounds how long the log may take.
const catchUpWithin = 10 * time.Second

// catchUp reads from the log what the bell has lost; what was heard since then waits. The room stays busy
// meanwhile, the worker doesn't.
func (rm *room) catchUp(waiting []heard) {
	waiting = slices.Clone(waiting)
	rm.srv.errand(func() {
		caughtUp := false
		defer func() {
			if caughtUp {
				rm.done()
				return
			}
			rm.skip(waiting)
			rm.rest()
		}()
		rm.readersMu.Lock()
		at := chat.Position{Epoch: rm.epoch, Seq: rm.last}
		rm.readersMu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), catchUpWithin)
		defer cancel()
		events, snap, err := rm.srv.svc.Log.Since(ctx, rm.id, at, chat.RecoverWindow, chat.SnapshotQuery{All: true})
		if err != nil {
			rm.srv.log.Error("catch up with the log", "room", rm.id, "error", err)
			return
		}
		again := make([]heard, 0, len(events)+len(waiting))
		prev := at.Seq
		for i := range events {
			events[i].Prev = prev
			prev = events[i].Seq
			again = append(again, heard{event: &events[i]})
		}
		// The end of the log may be an event that shows nothing any more; what follows names it all the same.
		prev = snap.Room.Seq
		again = append(again, heard{upTo: prev})
		for _, h := range waiting {
			// What the log has told already would only be dropped, but its Prev may look like a gap.
			if h.event == nil || h.event.Seq > prev {
				again = append(again, h)
			}
		}
		rm.mu.Lock()
		defer rm.mu.Unlock()
		rm.inbox = append(again, rm.inbox...)
		caughtUp = true
	})
}

// known notes that there is nothing to tell up to seq besides what was told.
func (rm *room) known(seq chat.Seq) {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	rm.last, rm.told = max(rm.last, seq), max(rm.told, seq)
}

// skip gives up what can't be had: the readers recover by joining again, and for those to
// come the log goes on after what was heard.
func (rm *room) skip(waiting []heard) {
	rm.endAll(lostPlace())
	for _, h := range waiting {
		if h.event != nil {
			rm.known(h.event.Seq)
		}
	}
}

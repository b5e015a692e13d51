package main

import (
	"context"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"time"
)

// Go's runtime keeps up to twice the memory that is in use, for what may be made until its next collection. After thousands have come
// at once that is tens of megabytes which a server that has little to do may not need for hours: they are given back.

// spareEvery is how often it is looked whether memory lies idle, and spareLeast how much of it is worth a collection, in bytes.
const (
	spareEvery = 10 * time.Second
	spareLeast = 16 << 20
)

// heap is what the runtime says of its memory, in bytes.
type heap struct {
	live    uint64 // in use, when that was last counted
	objects uint64 // in use, and garbage since then
	free    uint64 // neither, and not given back
	made    uint64 // objects, since the start of the program
}

// idle reports whether memory lies idle that what was made since before promises not to need soon.
func (h heap) idle(before heap) bool {
	held := h.objects + h.free
	if held <= h.live {
		return false
	}
	spare := held - h.live
	return spare >= max(spareLeast, h.live/4) && spare >= 2*(h.made-before.made)
}

func readHeap() heap {
	s := []runtimemetrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/gc/heap/allocs:bytes"},
	}
	runtimemetrics.Read(s)
	n := func(i int) uint64 {
		if s[i].Value.Kind() != runtimemetrics.KindUint64 {
			return 0 // a runtime that doesn't tell
		}
		return s[i].Value.Uint64()
	}
	return heap{live: n(0), objects: n(1), free: n(2), made: n(3)}
}

// returnMemory gives idle memory back to the system until ctx ends.
func returnMemory(ctx context.Context) error {
	t := time.NewTicker(spareEvery)
	defer t.Stop()
	for before := readHeap(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		now := readHeap()
		if now.idle(before) {
			debug.FreeOSMemory()
		}
		before = now
	}
}

package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestIdleMemory(t *testing.T) {
	const mb = 1 << 20
	tests := map[string]struct {
		heap heap
		made uint64 // since before
		want bool
	}{
		"small":                    {heap{live: 10 * mb, objects: 15 * mb, free: 5 * mb}, 0, false},
		"garbage":                  {heap{live: 40 * mb, objects: 70 * mb, free: 1 * mb}, 1 * mb, true},
		"free":                     {heap{live: 40 * mb, objects: 41 * mb, free: 30 * mb}, 1 * mb, true},
		"soon needed":              {heap{live: 40 * mb, objects: 41 * mb, free: 30 * mb}, 20 * mb, false},
		"little beside what lives": {heap{live: 400 * mb, objects: 410 * mb, free: 30 * mb}, 0, false},
		"counted after":            {heap{live: 40 * mb, objects: 30 * mb}, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.heap.made = 1000*mb + tt.made
			if got := tt.heap.idle(heap{made: 1000 * mb}); got != tt.want {
				t.Errorf("%+v is idle: got %t, want %t", tt.heap, got, tt.want)
			}
		})
	}
}

// kept is seen by no compiler.
var kept [][]byte

// TestReadHeap holds the runtime to the names that are asked for, and to what is made of them.
func TestReadHeap(t *testing.T) {
	before := readHeap()
	for range 64 {
		kept = append(kept, make([]byte, 1<<20))
	}
	kept = nil
	runtime.GC()
	now := readHeap()
	if made := now.made - before.made; made < 64<<20 {
		t.Errorf("64 MB were made, got %d bytes", made)
	}
	if !now.idle(heap{made: now.made}) {
		t.Errorf("%+v isn't idle after 64 MB became garbage", now)
	}
	debug.FreeOSMemory()
	if now = readHeap(); now.idle(heap{made: now.made}) {
		t.Errorf("%+v is still idle after it was given back", now)
	}
}

package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

// testReplies keeps answers that no act makes.
func testReplies(t *testing.T, b Backend) {
	f := start(t, b, often)
	ctx := t.Context()
	k := chat.Keep{Caller: mod, Key: "alone", Fingerprint: []byte("one")}
	first := chat.KeptReply{Status: 202, Body: []byte("begun"), ETag: "e"}
	if got, there, err := f.KeepReply(ctx, k, first); err != nil || there || !cmp.Equal(got, first) {
		t.Fatalf("KeepReply: got %+v, %v, %v, want it kept", got, there, err)
	}
	if got, there, err := f.KeepReply(ctx, k, chat.KeptReply{Status: 500}); err != nil || !there || !cmp.Equal(got, first) {
		t.Errorf("KeepReply again: got %+v, %v, %v, want %+v", got, there, err, first)
	}
	other := k
	other.Fingerprint = []byte("two")
	_, _, err := f.KeepReply(ctx, other, first)
	wantCode(t, "KeepReply of another request", err, "idempotency_mismatch")
	last := chat.KeptReply{Status: 202, Body: []byte("done")}
	for _, x := range []chat.Keep{other, {Caller: ann, Key: "alone", Fingerprint: []byte("one")}} {
		if err := f.ChangeReply(ctx, x, chat.KeptReply{Status: 1}); err != nil {
			t.Errorf("ChangeReply of what isn't kept: %v", err)
		}
	}
	if err := f.ChangeReply(ctx, k, last); err != nil {
		t.Fatal(err)
	}
	if got, found, err := f.KeptReply(ctx, mod, "alone", []byte("one")); err != nil || !found || !cmp.Equal(got, last) {
		t.Errorf("KeptReply: got %+v, %v, %v, want %+v", got, found, err, last)
	}

	f.clock.advance(chat.KeepFor)
	if _, there, err := f.KeepReply(ctx, other, first); err != nil || there {
		t.Errorf("KeepReply of another request a day later: got %v, %v, want it kept", there, err)
	}

	var wg sync.WaitGroup
	var kept atomic.Int32
	for range 8 {
		wg.Go(func() {
			_, there, err := f.KeepReply(ctx, chat.Keep{Caller: mod, Key: "race", Fingerprint: []byte("x")}, first)
			if err != nil {
				t.Errorf("KeepReply: %v", err)
			}
			if !there {
				kept.Add(1)
			}
		})
	}
	wg.Wait()
	if got := kept.Load(); got != 1 {
		t.Errorf("one answer was kept %d times at once, want once", got)
	}
}

package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
)

func testOrder(t *testing.T, b Backend) {
	f := start(t, b, func(c *store.Config) { c.BatchSize = 7 })
	const writers, each = 16, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			var last chat.Seq
			for range each {
				c, err := f.try(roomN(w%3), ann, post(ann, "x"))
				if err != nil || c.Event.Seq <= last {
					t.Errorf("writer %d: got seq %d after %d, %v", w, c.Event.Seq, last, err)
					return
				}
				last = c.Event.Seq
			}
		})
	}
	wg.Wait()

	heard := f.bell.heard(t, writers*each)
	last := make(map[chat.RoomID]chat.Seq)
	var pos chat.Pos
	for _, e := range heard {
		if e.Pos <= pos {
			t.Fatalf("announced pos %d after %d", e.Pos, pos)
		}
		if e.Prev != last[e.Room] || e.Seq <= e.Prev {
			t.Fatalf("announced seq %d with prev %d, want prev %d", e.Seq, e.Prev, last[e.Room])
		}
		last[e.Room], pos = e.Seq, e.Pos
	}
	for room, seq := range last {
		if got := f.snapshot(room).Room.Seq; got != seq {
			t.Errorf("%s: got seq %d in the room, want the last announced, %d", room, got, seq)
		}
	}
}

func testCompletionsFirst(t *testing.T, b Backend) {
	f := start(t, b)
	var completed, early atomic.Int64
	f.bell.call(func(events []chat.Event) {
		if int64(events[len(events)-1].Pos) > completed.Load() {
			early.Add(1)
		}
	})
	var last <-chan answer
	for range 200 {
		done := make(chan answer, 1)
		f.Append(t.Context(), chat.Change{Room: "a", By: ann, At: noon, Op: post(ann, "x")}, func(c chat.Committed, err error) {
			completed.Store(int64(c.Event.Pos))
			done <- answer{Committed: c, err: err}
		})
		last = done
	}
	wait(t, last)
	f.bell.heard(t, 200)
	if n := early.Load(); n > 0 {
		t.Errorf("%d announcements came before all completions of their commit", n)
	}
}

func testHoles(t *testing.T, b Backend) {
	for name, tt := range map[string]struct {
		rand rand.Source
		want chat.Seq
	}{
		"always": {fixed(0), 66},
		"never":  {fixed(1), 3},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, b, func(c *store.Config) { c.Rand = tt.rand })
			f.say("a", ann, "1")
			f.say("a", ann, "2")
			f.say("a", ann, "3")
			if got := f.snapshot("a").Room.Seq; got != tt.want {
				t.Errorf("got seq %d after three posts, want %d", got, tt.want)
			}
		})
	}
	f := start(t, b)
	var last <-chan answer
	for range 400 {
		last = f.queue("a", ann, post(ann, "x"))
	}
	if got := wait(t, last).Event.Seq - 400; got < 20 || got > 90 {
		t.Errorf("%d numbers of 400 were left out, want about 50", got)
	}
}

type fixed uint64

func (f fixed) Uint64() uint64 { return uint64(f) }

func testNonces(t *testing.T, b Backend) {
	f := start(t, b)
	p := post(ann, "once")
	p.Nonce = "n1"
	again := func() chat.Post {
		q := post(ann, "once")
		q.Nonce = "n1"
		return q
	}
	answers := []<-chan answer{f.queue("a", ann, p), f.queue("a", ann, again()), f.queue("a", ann, again())}
	first := wait(t, answers[0])
	for _, a := range append(answers[1:], f.queue("a", ann, again())) {
		got := wait(t, a)
		if got.err != nil || !got.Duplicate || got.Event.Message.ID != p.Message.ID || got.Event.Seq != first.Event.Seq {
			t.Errorf("a repeated post: got %+v, want the first as a duplicate", got)
		}
		if got.Event.Message.Text != "once" {
			t.Errorf("a duplicate: got text %q, want the stored one", got.Event.Message.Text)
		}
	}
	f.restart()
	if c, err := f.try("a", ann, again()); err != nil || !c.Duplicate {
		t.Errorf("a post repeated after a restart: got %+v, %v, want a duplicate", c, err)
	}
	if m, ok, err := f.ByNonce(t.Context(), "a", ann, "n1"); err != nil || !ok || m.ID != p.Message.ID {
		t.Errorf("ByNonce: got %v, %v, %v, want the message", m.ID, ok, err)
	}
	for _, other := range []struct {
		room  chat.RoomID
		by    chat.UserID
		nonce string
	}{{"b", ann, "n1"}, {"a", bob, "n1"}, {"a", ann, "n2"}, {"a", ann, ""}} {
		if _, ok, err := f.ByNonce(t.Context(), other.room, other.by, other.nonce); err != nil || ok {
			t.Errorf("ByNonce(%v): got %v, %v, want none", other, ok, err)
		}
	}
	if n := len(f.snapshot("a").Messages); n != 1 {
		t.Errorf("got %d messages stored, want 1", n)
	}
	f.do("a", mod, hide(p.Message.ID))
	if c, err := f.try("a", ann, again()); err != nil || !c.Duplicate {
		t.Errorf("a repeat of a hidden post: got %+v, %v, want a duplicate", c, err)
	}
	f.clock.advance(24*time.Hour + time.Second)
	if c, err := f.try("a", ann, again()); err != nil || c.Duplicate {
		t.Errorf("the same nonce a day later: got %+v, %v, want a new message", c, err)
	}
}

func testLiveEvents(t *testing.T, b Backend) {
	f := start(t, b)
	p := post(ann, "a **b** <i>")
	p.Message.HTML, p.Message.Plain, p.Message.Mentions = "<b>h</b>", "p", []chat.UserID{bob}
	made := f.do("a", ann, p)
	want := p.Message
	want.Room, want.Seq = "a", made.Seq
	if diff := cmp.Diff(&want, made.Message); diff != "" {
		t.Errorf("the message of the event (-want +got):\n%s", diff)
	}
	heard := f.bell.heard(t, 1)[0]
	if diff := cmp.Diff(made, heard); diff != "" {
		t.Errorf("announced otherwise than acknowledged:\n%s", diff)
	}
	epoch := f.snapshot("a").Room.Epoch
	if made.Epoch != epoch || made.Kind != chat.EventMessage || made.By != ann || !made.At.Equal(noon) || made.Room != "a" {
		t.Errorf("got %+v, want a message by ann at noon in epoch %s", made, epoch)
	}
}

func testDrain(t *testing.T, b Backend) {
	f := start(t, b, func(c *store.Config) { c.BatchSize = 10 })
	var answers []<-chan answer
	for i := range 300 {
		answers = append(answers, f.queue(roomN(i%5), ann, post(ann, "x")))
	}
	s := f.Store
	f.stop()
	for i, a := range answers {
		select {
		case got := <-a:
			if got.err != nil {
				t.Errorf("change %d, queued before the stop: got %v, want it stored", i, got.err)
			}
		default:
			t.Fatalf("change %d wasn't answered before Run returned", i)
		}
	}
	f.bell.heard(t, 300)
	heard := make(chan answer, 1)
	s.Append(t.Context(), chat.Change{Room: "a", By: ann, Op: post(ann, "late")}, func(c chat.Committed, err error) { heard <- answer{Committed: c, err: err} })
	wantCode(t, "a change after the stop", wait(t, heard).err, "stopping")
}

// testBusy fills the queue of a committer that is held up by a completion.
func testBusy(t *testing.T, b Backend) {
	f := start(t, b, func(c *store.Config) { c.QueueSize, c.BatchSize, c.QueueWait = 4, 1, time.Millisecond })
	release := make(chan struct{})
	held := make(chan struct{})
	f.Append(t.Context(), chat.Change{Room: "a", By: ann, At: noon, Op: post(ann, "x")}, func(chat.Committed, error) {
		close(held)
		<-release
	})
	wait(t, held)
	var queued []<-chan answer
	for range 4 {
		queued = append(queued, f.queue("a", ann, post(ann, "x")))
	}
	a := wait(t, f.queue("a", ann, post(ann, "one too many")))
	wantCode(t, "a change beyond the queue", a.err, "busy")
	if e := chat.AsError(a.err); e.Kind != chat.Unavailable || e.RetryAfter <= 0 {
		t.Errorf("got %+v, want Unavailable with a wait", e)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("hung up"))
	gone := make(chan error, 1)
	f.Append(ctx, chat.Change{Room: "a", By: ann, Op: post(ann, "x")}, func(_ chat.Committed, err error) { gone <- err })
	wantCode(t, "a change whose caller is gone", wait(t, gone), "busy")
	close(release)
	for _, q := range queued {
		if a := wait(t, q); a.err != nil {
			t.Errorf("a queued change: got %v, want it stored", a.err)
		}
	}
}

func testHangUp(t *testing.T, b Backend) {
	f := start(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1)
	f.Append(ctx, chat.Change{Room: "a", By: ann, At: noon, Op: post(ann, "x")}, func(_ chat.Committed, err error) { got <- err })
	cancel()
	if err := wait(t, got); err != nil {
		t.Errorf("a queued change whose caller hung up: got %v, want it stored", err)
	}
	f.bell.heard(t, 1)
}

func testPanics(t *testing.T, b Backend) {
	f := start(t, b)
	f.bell.call(func([]chat.Event) { panic("bell") })
	f.Append(t.Context(), chat.Change{Room: "a", By: ann, At: noon, Op: post(ann, "x")}, func(chat.Committed, error) { panic("completion") })
	f.say("a", ann, "y")
	f.bell.heard(t, 2)
	_, err := f.try("a", ann, nil)
	wantCode(t, "no op", err, "internal")
}

// testUnreadable: events that are stored and can't be rendered leave a mark by which
// listeners notice that they missed something, and nothing that could be shown.
func testUnreadable(t *testing.T, b Backend) {
	f := start(t, b)
	id := f.say("a", ann, "first")
	f.exec(`UPDATE messages SET mentions = '{' WHERE id = $1`, string(id)) // reading it in full fails
	release := make(chan struct{})
	f.Append(t.Context(), chat.Change{Room: "c", By: ann, At: noon, Op: post(ann, "x")}, func(chat.Committed, error) { <-release })
	answers := []<-chan answer{ // which wait together, so that they are one commit
		f.queue("b", ann, post(ann, "beside it")),
		f.queue("a", ann, react(id, "👍", true)), f.queue("a", bob, react(id, "👎", true)),
		f.queue("a", ann, post(ann, "after it")),
	}
	close(release)
	for _, a := range answers {
		if got := wait(t, a); !errors.Is(got.err, chat.ErrOutcomeUnknown) {
			t.Errorf("got %v, want ErrOutcomeUnknown", got.err)
		}
	}
	f.exec(`UPDATE messages SET mentions = '' WHERE id = $1`, string(id))
	heard := f.bell.heard(t, 4)[2:]
	for i, room := range []chat.RoomID{"b", "a"} {
		e, now := heard[i], f.snapshot(room).Room
		if e.Room != room || position(now) != (chat.Position{Epoch: e.Epoch, Seq: e.Seq}) || e.Prev != e.Seq || e.Kind != "" {
			t.Errorf("got %+v, want a marker at the end of room %s, %v", e, room, position(now))
		}
	}
	if e := f.do("a", ann, post(ann, "next")); e.Prev != heard[1].Seq {
		t.Errorf("the next event: got prev %d, want that of the marker, %d", e.Prev, heard[1].Seq)
	}
}

func testPoisonedBatch(t *testing.T, b Backend) {
	f := start(t, b)
	id := f.say("a", ann, "first")
	same := post(ann, "the same id again") // no caller does this; it makes the database refuse the statement
	same.Message.ID = id
	var answers []<-chan answer
	for i := range 9 {
		p := post(ann, fmt.Sprint(i))
		if i == 4 {
			p = same
		}
		answers = append(answers, f.queue("a", ann, p))
	}
	for i, a := range answers {
		got := wait(t, a)
		if i == 4 {
			wantCode(t, "the change that the database can't take", got.err, "internal")
		} else if got.err != nil {
			t.Errorf("change %d beside it: got %v, want it stored", i, got.err)
		}
	}
	if got, want := strings.Join(texts(f.snapshot("a").Messages), " "), "first 0 1 2 3 5 6 7 8"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// testOneInstant reads while the room changes: a snapshot must be the room at one
// instant, and what Since adds must lead from one to the next.
func testOneInstant(t *testing.T, b Backend) {
	f := start(t, b)
	const posts = 60
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		for i := range posts {
			id := f.say("a", ann, fmt.Sprint(i))
			if i%3 == 0 {
				f.do("a", mod, hide(id))
			}
			f.do("b", ann, post(ann, "elsewhere"))
		}
	}()
	read := newReplica(f.snapshot("a"))
	for done := false; !done; {
		select {
		case <-writing:
			done = true
		default:
		}
		events, snap, err := f.Since(t.Context(), "a", read.at, 1000, chat.SnapshotQuery{Messages: 1000})
		if err != nil {
			t.Fatalf("Since: %v", err)
		}
		read.apply(events...)
		read.at.Seq = snap.Room.Seq
		if diff := cmp.Diff(texts(snap.Messages), texts(read.messages)); diff != "" {
			t.Fatalf("replaying the events leads elsewhere than the snapshot of the same instant:\n%s", diff)
		}
	}
	if n := len(read.messages); n != posts-posts/3 {
		t.Errorf("got %d messages in the end, want %d", n, posts-posts/3)
	}
	if !slices.IsSortedFunc(read.messages, func(a, b chat.Message) int { return int(a.Seq - b.Seq) }) {
		t.Error("the messages aren't in the order of seq")
	}
}

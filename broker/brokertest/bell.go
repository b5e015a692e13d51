package brokertest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

var bellCases = map[string]func(*testing.T, Broker){
	"tells a room's listeners in order":                  testOrder,
	"keeps rooms apart":                                  testRoomsApart,
	"tells every listener of a room":                     testEveryListener,
	"calls a listener once at a time":                    testOneAtATime,
	"calls nobody after stop":                            testStop,
	"waits in stop for the call under way":               testStopWaits,
	"takes a second stop":                                testStopTwice,
	"listens again after stop":                           testListenAgain,
	"signals a room's listeners and those of all rooms":  testSignalRoom,
	"signals everyone where no room is named":            testSignalAll,
	"tells no events to listeners of all rooms":          testListenAllHearsNoEvents,
	"survives listeners that come and go while it tells": testChurn,
}

// heard is a Listener that keeps what it hears.
type heard struct {
	events  chan chat.Event
	signals chan chat.Signal
}

func newHeard() *heard {
	return &heard{make(chan chat.Event, 10_000), make(chan chat.Signal, 10_000)}
}

func (h *heard) Events(events []chat.Event) {
	for _, e := range events {
		h.events <- e
	}
}
func (h *heard) Signal(s chat.Signal) { h.signals <- s }

func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(deadline):
		t.Fatalf("got nothing within %s, want a call", deadline)
		panic("unreachable")
	}
}

func wantSeqs(t *testing.T, h *heard, want ...chat.Seq) {
	t.Helper()
	got := make([]chat.Seq, 0, len(want))
	for range want {
		got = append(got, next(t, h.events).Seq)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got events %v, want %v", got, want)
	}
}

func listen(t *testing.T, b Broker, room chat.RoomID, l chat.Listener) (stop func()) {
	t.Helper()
	stop, err := b.Listen(t.Context(), room, l)
	if err != nil {
		t.Fatalf("Listen(%q): %v", room, err)
	}
	t.Cleanup(stop)
	return stop
}

func listenAll(t *testing.T, b Broker, l chat.Listener) (stop func()) {
	t.Helper()
	stop, err := b.ListenAll(t.Context(), l)
	if err != nil {
		t.Fatalf("ListenAll: %v", err)
	}
	t.Cleanup(stop)
	return stop
}

func announce(t *testing.T, b Broker, room chat.RoomID, seqs ...chat.Seq) {
	t.Helper()
	events := make([]chat.Event, len(seqs))
	for i, s := range seqs {
		events[i] = chat.Event{Room: room, Seq: s, Kind: chat.EventDeleted}
	}
	b.Announce(t.Context(), events)
}

func testOrder(t *testing.T, b Broker) {
	h := newHeard()
	listen(t, b, "r", h)
	want := make([]chat.Seq, 0, 500)
	for i := chat.Seq(1); i <= 500; i += 5 {
		announce(t, b, "r", i, i+1, i+2)
		announce(t, b, "r", i+3, i+4)
		want = append(want, i, i+1, i+2, i+3, i+4)
	}
	wantSeqs(t, h, want...)
}

func testRoomsApart(t *testing.T, b Broker) {
	one, two := newHeard(), newHeard()
	listen(t, b, "one", one)
	listen(t, b, "two", two)
	b.Announce(t.Context(), []chat.Event{
		{Room: "one", Seq: 1}, {Room: "two", Seq: 7}, {Room: "three", Seq: 9}, {Room: "one", Seq: 2},
	})
	wantSeqs(t, one, 1, 2)
	wantSeqs(t, two, 7)
	announce(t, b, "two", 8)
	wantSeqs(t, two, 8) // and nothing of the other rooms before it
}

func testEveryListener(t *testing.T, b Broker) {
	same := newHeard()
	listen(t, b, "r", same)
	listen(t, b, "r", same) // one Listener may listen twice, and is told twice
	other := newHeard()
	listen(t, b, "r", other)
	announce(t, b, "r", 1)
	wantSeqs(t, same, 1, 1)
	wantSeqs(t, other, 1)
}

// overlap is a Listener that notices a call within a call.
type overlap struct {
	inside atomic.Int32
	seen   atomic.Bool
	left   sync.WaitGroup
}

func (o *overlap) Events([]chat.Event) {
	if o.inside.Add(1) > 1 {
		o.seen.Store(true)
	}
	runtime.Gosched()
	o.inside.Add(-1)
	o.left.Done()
}
func (o *overlap) Signal(chat.Signal) { o.Events(nil) }

func testOneAtATime(t *testing.T, b Broker) {
	const n = 100
	o := &overlap{}
	o.left.Add(3 * n)
	listen(t, b, "r", o)
	var callers sync.WaitGroup
	callers.Go(func() {
		for i := range n {
			announce(t, b, "r", chat.Seq(i+1))
		}
	})
	for range 2 {
		callers.Go(func() {
			for range n {
				b.Signal(t.Context(), chat.Signal{Room: "r", Typing: &chat.Typing{}})
			}
		})
	}
	callers.Wait()
	o.left.Wait()
	if o.seen.Load() {
		t.Error("got two calls of one listener at a time, want one")
	}
}

func testStop(t *testing.T, b Broker) {
	gone, stays := newHeard(), newHeard()
	stop := listen(t, b, "r", gone)
	listen(t, b, "r", stays)
	announce(t, b, "r", 1)
	wantSeqs(t, gone, 1)
	stop()
	announce(t, b, "r", 2)
	b.Signal(t.Context(), chat.Signal{Room: "r", Typing: &chat.Typing{}})
	wantSeqs(t, stays, 1, 2)
	next(t, stays.signals)
	if len(gone.events)+len(gone.signals) != 0 {
		t.Error("got a call after stop, want none")
	}
}

// slow is a Listener whose call lasts until it is let go.
type slow struct{ entered, letGo chan struct{} }

func (s slow) Events([]chat.Event) {
	s.entered <- struct{}{}
	<-s.letGo
}
func (slow) Signal(chat.Signal) {}

func testStopWaits(t *testing.T, b Broker) {
	s := slow{make(chan struct{}), make(chan struct{})}
	stop := listen(t, b, "r", s)
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() { announce(t, b, "r", 1) })
	next(t, s.entered)

	stopped := make(chan struct{})
	others.Go(func() { stop(); close(stopped) })
	select {
	case <-stopped:
		t.Error("stop returned while its listener was being called")
	case <-time.After(20 * time.Millisecond):
	}
	close(s.letGo)
	next(t, stopped)
}

func testStopTwice(t *testing.T, b Broker) {
	h := newHeard()
	stop := listen(t, b, "r", newHeard())
	listen(t, b, "r", h)
	stop()
	stop()
	announce(t, b, "r", 1)
	wantSeqs(t, h, 1)
}

func testListenAgain(t *testing.T, b Broker) {
	for i := range 3 {
		h := newHeard()
		stop := listen(t, b, "r", h)
		announce(t, b, "r", chat.Seq(i+1))
		wantSeqs(t, h, chat.Seq(i+1))
		stop()
	}
}

func testSignalRoom(t *testing.T, b Broker) {
	in, elsewhere, all := newHeard(), newHeard(), newHeard()
	listen(t, b, "r", in)
	listen(t, b, "other", elsewhere)
	listenAll(t, b, all)
	want := chat.Signal{Room: "r", Presence: &chat.PresenceChange{Member: chat.Member{ID: "u:1", Name: "Ann", Role: chat.RoleUser}, Left: true, Count: 3}}
	b.Signal(t.Context(), want)
	for _, h := range []*heard{in, all} {
		got := next(t, h.signals)
		if got.Room != "r" || got.Presence == nil || *got.Presence != *want.Presence {
			t.Errorf("got signal %+v, want %+v", got, want)
		}
	}
	b.Signal(t.Context(), chat.Signal{Room: "other", Typing: &chat.Typing{}})
	if got := next(t, elsewhere.signals); got.Room != "other" {
		t.Errorf("got a signal of room %q, want only those of its own", got.Room)
	}
}

func testSignalAll(t *testing.T, b Broker) {
	one, two, all := newHeard(), newHeard(), newHeard()
	listen(t, b, "one", one)
	listen(t, b, "two", two)
	listenAll(t, b, all)
	b.Signal(t.Context(), chat.Signal{Control: &chat.ControlChange{Act: chat.Act{ID: "a1"}}})
	for i, h := range []*heard{one, two, all} {
		if got := next(t, h.signals); got.Control == nil || got.Control.Act.ID != "a1" {
			t.Errorf("listener %d got %+v, want what the act changed", i, got)
		}
	}
}

func testListenAllHearsNoEvents(t *testing.T, b Broker) {
	all := newHeard()
	stop := listenAll(t, b, all)
	announce(t, b, "r", 1)
	b.Signal(t.Context(), chat.Signal{Room: "r", Typing: &chat.Typing{}})
	next(t, all.signals)
	stop()
	if len(all.events) != 0 {
		t.Error("a listener of all rooms got an event, want signals only")
	}
}

func testChurn(t *testing.T, b Broker) {
	steady := newHeard()
	listen(t, b, "r", steady)
	var others sync.WaitGroup
	for i := range 4 {
		others.Go(func() {
			for j := range 100 {
				h := newHeard()
				for _, room := range []chat.RoomID{"r", chat.RoomID(fmt.Sprintf("r%d", (i+j)%3))} {
					stop, err := b.Listen(t.Context(), room, h)
					if err != nil {
						t.Errorf("Listen: %v", err)
						return
					}
					defer stop()
				}
			}
		})
	}
	want := make([]chat.Seq, 200)
	for i := range want {
		want[i] = chat.Seq(i + 1)
		announce(t, b, "r", want[i])
		announce(t, b, "r1", want[i])
	}
	others.Wait()
	wantSeqs(t, steady, want...)
}

package chat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/chat"
)

// countingLog counts how often a room is read.
type countingLog struct {
	chat.Log
	looks, same, owns int
	meanwhile         func() // called before a look
}

func (l *countingLog) Look(ctx context.Context, r chat.RoomID, q chat.LookQuery) (chat.Look, error) {
	if l.meanwhile != nil {
		l.meanwhile()
	}
	x, err := l.Log.Look(ctx, r, q)
	l.looks++
	if x.Same {
		l.same++
	}
	return x, err
}

func (l *countingLog) Own(ctx context.Context, r chat.RoomID, v []chat.UserID, m []chat.MessageID) (map[chat.UserID]chat.Own, error) {
	l.owns++
	return l.Log.Own(ctx, r, v, m)
}

func positionOf(j chat.Joined) chat.Position {
	return chat.Position{Epoch: j.Room.Epoch, Seq: j.Room.Seq}
}

// A room is read once for those who have heard no more than what was read; what they have heard, an act, or time has it looked
// at again, and only what has changed is read again.
func TestViewsAreGivenOutAgain(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	l := &countingLog{Log: w.Log}
	w.Log = l
	w.mustPost(t, bob, "one")
	join := func(by chat.Actor, since *chat.Position, heard chat.Position) chat.Joined {
		t.Helper()
		j, err := w.JoinFrom(t.Context(), by, chat.SessionID(by.ID), room, since, heard)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	want := func(what string, looks, same int) {
		t.Helper()
		if l.looks != looks || l.same != same {
			t.Errorf("%s: %d looks, %d found nothing new, want %d and %d", what, l.looks, l.same, looks, same)
		}
		l.looks, l.same = 0, 0
	}
	j := join(bob, nil, chat.Position{})
	l.looks, l.same = 0, 0
	at := positionOf(j)

	join(ann, nil, at)
	want("nothing was heard since", 0, 0)
	join(ann, nil, chat.Position{})
	want("nobody knows what was heard", 1, 1)
	join(ann, nil, chat.Position{Epoch: "another", Seq: 1})
	want("another epoch was heard", 1, 1)

	later := w.mustPost(t, bob, "two")
	if j = join(ann, nil, at); len(j.Messages) != 1 {
		t.Errorf("one who will be told of the second message has %q, want what was read before", textsOf(j.Messages))
	}
	want("it isn't heard yet", 0, 0)
	if j = join(ann, nil, chat.Position{Epoch: at.Epoch, Seq: later.Seq}); len(j.Messages) != 2 {
		t.Errorf("after the second message was heard: %q, want both", textsOf(j.Messages))
	}
	want("something was heard", 1, 0)
	at = positionOf(j)

	w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Mute})
	join(ann, nil, at)
	want("after an act", 1, 1)
	w.pass(time.Second)
	join(ann, nil, at)
	want("after a while", 1, 1)
}

// What was read before a reader asked to recover from a later position doesn't do.
func TestReplaysReachTheReader(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.mustPost(t, bob, "0")
	j, err := w.join(t, bob, "1", nil)
	if err != nil {
		t.Fatal(err)
	}
	start := positionOf(j)
	for i := range 5 {
		w.mustPost(t, bob, fmt.Sprint(i+1))
	}
	recover := func(since chat.Position, heard chat.Position) chat.Joined {
		t.Helper()
		j, err := w.JoinFrom(t.Context(), ann, "2", room, &since, heard)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	near := chat.Position{Epoch: start.Epoch, Seq: start.Seq + 1}
	if j := recover(near, start); !j.Recovered || len(j.Events) < 4 {
		t.Errorf("recovered %t with %d events, want most of five", j.Recovered, len(j.Events))
	}
	if j := recover(start, start); !j.Recovered || len(j.Events) != 5 {
		t.Errorf("from further back: recovered %t with %d events, want five", j.Recovered, len(j.Events))
	}
	// A reader who was told of something on another node, whose bell was faster.
	last := w.mustPost(t, bob, "6")
	at := chat.Position{Epoch: start.Epoch, Seq: last.Seq}
	if j := recover(at, start); !j.Recovered || len(j.Events) != 0 || j.Room.Seq != last.Seq {
		t.Errorf("from the end: recovered %t with %d events up to %d, want none up to %d", j.Recovered, len(j.Events), j.Room.Seq, last.Seq)
	}
	if j := recover(chat.Position{Epoch: start.Epoch, Seq: last.Seq + 100}, start); j.Recovered || len(j.Messages) != 7 {
		t.Errorf("from beyond the end: recovered %t with %d messages, want all seven afresh", j.Recovered, len(j.Messages))
	}
}

// What is a reader's own is theirs at the time of joining, whenever what they share was read.
func TestOwnIsNotShared(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	m := w.mustPost(t, bob, "one")
	if err := w.React(t.Context(), bob, room, m.ID, "👍", true); err != nil {
		t.Fatal(err)
	}
	j, err := w.join(t, bob, "1", nil)
	if err != nil {
		t.Fatal(err)
	}
	at := positionOf(j)
	if err := w.MarkRead(t.Context(), ann, room, m.Seq); err != nil {
		t.Fatal(err)
	}
	for by, want := range map[*chat.Actor]chat.Snapshot{
		&ann: {Read: m.Seq}, &bob: {Reacted: map[chat.MessageID][]string{m.ID: {"👍"}}},
	} {
		j, err := w.JoinFrom(t.Context(), *by, chat.SessionID(by.ID), room, nil, at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, chat.Snapshot{Read: j.Read, Reacted: j.Reacted, Held: j.Held}, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s's own (-want +got):\n%s", by.ID, diff)
		}
	}
}

// listener gathers what a reader is told while it joins.
type listener struct {
	mu     sync.Mutex
	events []chat.Event
}

func (l *listener) Signal(chat.Signal) {}
func (l *listener) Events(events []chat.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, events...)
}

// heard is how many events the listener was told, and how far.
func (l *listener) heard() (int, chat.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.events) == 0 {
		return 0, chat.Position{}
	}
	e := l.events[len(l.events)-1]
	return len(l.events), chat.Position{Epoch: e.Epoch, Seq: e.Seq}
}

// beginning is what a reader knows when they have joined.
type beginning struct {
	base   []chat.Message // before the replay
	joined chat.Joined
	told   int // how many events the node had told before
}

// replayed are the texts that a reader has in the end.
func (b beginning) replayed(told []chat.Event) map[chat.MessageID]string {
	have := map[chat.MessageID]string{}
	for _, m := range b.base {
		have[m.ID] = m.Text
	}
	later := slices.DeleteFunc(slices.Clone(told[b.told:]), func(e chat.Event) bool { return e.Seq <= b.joined.Room.Seq })
	for _, e := range slices.Concat(b.joined.Events, later) {
		if e.Message != nil {
			have[e.Message.ID] = e.Message.Text
		}
		for _, id := range e.Deleted {
			delete(have, id)
		}
	}
	return have
}

// Whoever joins a room that changes all the time has, with what they are told after it, what the room is in the end.
func TestNothingIsMissedWhileJoining(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.mustPost(t, bob, "first")
	node := &listener{} // hears for all, as a node does
	stop, err := w.bell.Listen(t.Context(), room, node)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var mu sync.Mutex
	var all []beginning
	var working sync.WaitGroup
	for i := range 8 {
		working.Go(func() {
			by := chat.Actor{ID: chat.UserID(fmt.Sprint("u:reader", i)), Name: "Reader", Role: chat.RoleUser}
			var first chat.Joined
			for n := range 60 {
				var since *chat.Position
				if n%3 > 0 {
					p := positionOf(first)
					since = &p
				}
				told, heard := node.heard()
				j, err := w.JoinFrom(t.Context(), by, chat.SessionID(fmt.Sprint(i, " ", n)), room, since, heard)
				if err != nil || since != nil && !j.Recovered {
					t.Errorf("joined %+v, %v", j.Room, err)
					return
				}
				if since == nil {
					first = j
				}
				mu.Lock()
				all = append(all, beginning{first.Messages, j, told})
				mu.Unlock()
			}
		})
	}
	working.Go(func() {
		if err := w.scribble(t.Context()); err != nil {
			t.Error(err)
		}
	})
	working.Wait()
	if _, err := w.Edit(t.Context(), bob, room, w.mustPost(t, bob, "last").ID, "the last"); err != nil { // all before it is announced
		t.Fatal(err)
	}
	last, err := w.Log.Snapshot(t.Context(), room, chat.SnapshotQuery{Messages: 1000})
	if err != nil {
		t.Fatal(err)
	}
	stop() // when it returns nothing more is told
	want := map[chat.MessageID]string{}
	for _, m := range last.Messages {
		want[m.ID] = m.Text
	}
	for i, b := range all {
		got := b.replayed(node.events)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreMapEntries(func(_ chat.MessageID, text string) bool { return strings.HasSuffix(text, "last") })); diff != "" {
			t.Fatalf("join %d, recovered %t, at %d (-want +got):\n%s", i, b.joined.Recovered, b.joined.Room.Seq, diff)
		}
	}
}

// scribble posts, edits and deletes.
func (w *world) scribble(ctx context.Context) error {
	var errs []error
	for i := range 40 {
		m, err := w.Post(ctx, bob, room, chat.Draft{Text: fmt.Sprint("text ", i)})
		if err != nil {
			return err
		}
		switch i % 4 {
		case 1:
			_, err = w.Edit(ctx, bob, room, m.Event.Message.ID, fmt.Sprint("edited ", i))
		case 3:
			_, err = w.DeleteOwn(ctx, bob, room, []chat.MessageID{m.Event.Message.ID})
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

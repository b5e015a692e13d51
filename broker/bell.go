package broker

import (
	"context"
	"slices"
	"sync"

	"github.com/chatd/chatd/chat"
)

// bell implements chat.Bell.
type bell struct {
	rooms shards[*listeners]
	every listeners // of ListenAll
}

// listeners are those of one room. Its lock is held while they are called: that is
// what makes the calls follow one another, and what stop waits for.
type listeners struct {
	refs int // Listen calls not yet stopped; guarded by the shard's lock

	mu   sync.Mutex
	list []*registration // guarded by mu
}

// registration gives each Listen call an identity: one Listener may listen twice.
type registration struct{ chat.Listener }

// Announce calls the listeners of each event's room before it returns. It pays no
// heed to ctx: what is committed is told.
func (b *bell) Announce(_ context.Context, events []chat.Event) {
	if len(events) == 0 {
		return
	}
	for _, of := range byRoom(events) {
		if ls, ok := b.rooms.find(of[0].Room); ok {
			ls.events(of)
		}
	}
}

// byRoom groups events by their room, and keeps their order within it.
func byRoom(events []chat.Event) (groups [][]chat.Event) {
	others := func(e chat.Event) bool { return e.Room != events[0].Room }
	if !slices.ContainsFunc(events, others) { // so it is most of the time
		return [][]chat.Event{events}
	}
	of := make(map[chat.RoomID]int)
	for _, e := range events {
		i, known := of[e.Room]
		if !known {
			i = len(groups)
			of[e.Room], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], e)
	}
	return groups
}

// Signal calls the listeners that s concerns before it returns.
func (b *bell) Signal(_ context.Context, s chat.Signal) {
	if s.Room != "" {
		if ls, ok := b.rooms.find(s.Room); ok {
			ls.signal(s)
		}
	} else {
		for _, ls := range b.rooms.all() {
			ls.signal(s)
		}
	}
	b.every.signal(s)
}

// Listen never fails; neither ctx's end nor anything else but stop ends the listening.
func (b *bell) Listen(_ context.Context, room chat.RoomID, l chat.Listener) (stop func(), err error) {
	part := b.rooms.of(room)
	part.mu.Lock()
	ls, ok := part.m[room]
	if !ok {
		ls = &listeners{}
		part.m[room] = ls
	}
	ls.refs++
	part.mu.Unlock()

	remove := ls.add(l)
	return sync.OnceFunc(func() {
		remove()
		part.mu.Lock()
		defer part.mu.Unlock()
		if ls.refs--; ls.refs == 0 {
			delete(part.m, room)
		}
	}), nil
}

// ListenAll never fails.
func (b *bell) ListenAll(_ context.Context, l chat.Listener) (stop func(), err error) {
	return sync.OnceFunc(b.every.add(l)), nil
}

func (ls *listeners) add(l chat.Listener) (remove func()) {
	reg := &registration{l}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.list = append(ls.list, reg)
	return func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		ls.list = slices.DeleteFunc(ls.list, func(r *registration) bool { return r == reg })
	}
}

// Unlocking is deferred: a listener that panics must not leave its room locked.

func (ls *listeners) events(events []chat.Event) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.list {
		l.Events(events)
	}
}

func (ls *listeners) signal(s chat.Signal) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.list {
		l.Signal(s)
	}
}

package chat

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"
)

// View is what all are told alike who come into a room. It is shared by them: treat it as immutable.
type View struct {
	Look
	after   Seq         // of a replay: it has the events after that
	reacted []MessageID // those of its messages that have reactions
	own     *rounds[UserID, map[UserID]Own]
	framed  memo
}

// Framed returns what frame makes of the view: it is called once for each key, and the result is shared.
func (v *View) Framed(key any, frame func() any) any { return v.framed.of(key, frame) }

// Roll are the members of a room that a joiner is told of, shared by those who join at about one time.
type Roll struct {
	Members []Member
	at      time.Time
	framed  memo
}

// Framed is View.Framed for a Roll.
func (r *Roll) Framed(key any, frame func() any) any { return r.framed.of(key, frame) }

// memo keeps what was made of something immutable.
type memo struct {
	mu   sync.Mutex
	made map[any]func() any
}

func (m *memo) of(key any, make func() any) any {
	m.mu.Lock()
	f, ok := m.made[key]
	if !ok {
		if m.made == nil {
			m.made = map[any]func() any{}
		}
		f = sync.OnceValue(make)
		m.made[key] = f
	}
	m.mu.Unlock()
	return f()
}

// newView makes a view of what was read: of a replay, what came after that seq.
func newView(l Look, after Seq) *View {
	v := &View{Look: l, after: after, own: newRounds[UserID, map[UserID]Own]()}
	for i := range l.Messages {
		if m := &l.Messages[i]; len(m.Reactions) > 0 {
			v.reacted = append(v.reacted, m.ID)
		}
	}
	seen := make(map[MessageID]bool)
	for i := range l.Events {
		l.Events[i].withReactions(func(id MessageID) {
			if !seen[id] {
				seen[id] = true
				v.reacted = append(v.reacted, id)
			}
		})
	}
	return v
}

// withReactions calls f for the messages with reactions that an event shows.
func (e *Event) withReactions(f func(MessageID)) {
	if e.Message != nil && len(e.Message.Reactions) > 0 {
		f(e.Message.ID)
	}
	if e.Reactions != nil && len(e.Reactions.Totals) > 0 {
		f(e.Reactions.Message)
	}
	for i := range e.Restored {
		if len(e.Restored[i].Reactions) > 0 {
			f(e.Restored[i].ID)
		}
	}
}

// since returns the place in Events of what came after a position; false where it can't be recovered from, as Log.Since has it.
func (v *View) since(p Position) (int, bool) {
	head := v.Room.Shown
	switch {
	case p.Epoch != v.Room.Epoch || p.Seq < 0 || p.Seq > head:
		return 0, false
	case p.Seq == head:
		return len(v.Events), true
	case p.Seq < v.Mark.Floor || !v.reaches(p.Seq):
		return 0, false
	}
	missed := len(v.Stored) - sort.Search(len(v.Stored), func(i int) bool { return v.Stored[i] > p.Seq })
	return sort.Search(len(v.Events), func(i int) bool { return v.Events[i].Seq > p.Seq }), missed <= RecoverWindow
}

// reaches reports whether all is there that since asks for.
func (v *View) reaches(after Seq) bool { return v.after <= after || len(v.Stored) > RecoverWindow }

// ownOf reads what is a viewer's own in the room, as things are at the call or later.
func (s *Service) ownOf(ctx context.Context, v *View, viewer UserID) (Own, error) {
	if viewer == "" {
		return Own{}, nil
	}
	all, err := v.own.ask(ctx, viewer, nil, func(ctx context.Context, asked []UserID) (map[UserID]Own, error) {
		return s.Log.Own(ctx, v.Room.ID, asked, v.reacted)
	})
	if err != nil {
		return Own{}, fmt.Errorf("read what is the viewer's own: %w", err)
	}
	return all[viewer], nil
}

// weight is about how many bytes a view takes, framed for both protocols.
func (v *View) weight() int {
	n := 4096
	weigh := func(m *Message) { n += 1024 + 3*len(m.Text) + 2*len(m.HTML) + len(m.Plain) }
	for i := range v.Messages {
		weigh(&v.Messages[i])
	}
	for i := range v.Pins {
		weigh(&v.Pins[i])
	}
	for i := range v.Events {
		e := &v.Events[i]
		n += 512 + 64*len(e.Deleted)
		if e.Message != nil {
			weigh(e.Message)
		}
		for j := range e.Restored {
			weigh(&e.Restored[j])
		}
	}
	return n
}

package storetest

import (
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/chatd/chatd/chat"
)

// look compares what many are told of the room at once with what each of them is told alone; and a look that was taken before,
// where the room's mark is the same still, with what is to be seen now.
func (m *model) look(rt *rapid.T) {
	ctx := m.f.t.Context()
	l, err := m.f.Look(ctx, m.room, chat.LookQuery{Have: m.seen.Mark})
	if err != nil {
		rt.Fatalf("Look: %v", err)
	}
	if l.Same {
		l = m.seen
	}
	m.seen = l
	alone := m.snapshot(rt, "")
	if diff := cmp.Diff(lastOf(alone), l.Snapshot, cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("a look (-fresh +looked):\n%s", diff)
	}
	var reacted []chat.MessageID
	for _, x := range l.Messages {
		if len(x.Reactions) > 0 {
			reacted = append(reacted, x.ID)
		}
	}
	all, err := m.f.Own(ctx, m.room, slices.Collect(maps.Keys(m.readers)), reacted)
	if err != nil {
		rt.Fatalf("Own: %v", err)
	}
	for who := range m.readers {
		own, snap := all[who], lastOf(m.snapshot(rt, who))
		if own.Private {
			continue // they are told apart
		}
		want := l.Snapshot
		want.Reacted, want.Read, want.Held = own.Reacted, own.Read, own.Held
		if diff := cmp.Diff(snap, want, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("what %q is told with others (-alone +shared):\n%s", who, diff)
		}
		m.replay(rt, who)
	}
}

// replay compares what a reader missed with what all have missed since then.
func (m *model) replay(rt *rapid.T, who chat.UserID) {
	ctx, at := m.f.t.Context(), m.readers[who].late.at
	alone, _, err := m.f.Since(ctx, m.room, at, 1000, chat.SnapshotQuery{Viewer: who})
	if err != nil {
		rt.Fatalf("Since: %v", err)
	}
	l, err := m.f.Look(ctx, m.room, chat.LookQuery{Replay: true, After: at.Seq, Limit: 1000})
	if err != nil {
		rt.Fatalf("Look: %v", err)
	}
	if diff := cmp.Diff(alone, l.Events, cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("what %q has missed (-alone +shared):\n%s", who, diff)
	}
}

// lastOf keeps of a snapshot as many messages as the room's settings say.
func lastOf(s chat.Snapshot) chat.Snapshot {
	s.Messages = s.Messages[max(len(s.Messages)-s.Room.Settings.History, 0):]
	return s
}

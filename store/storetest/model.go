package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/chatd/chatd/chat"
)

// testModel: whoever replays a room's events, live or by recovery, from whatever
// moment, knows the room as well as one who reads it anew. That holds for everybody by
// what they may know: ann now and then writes under a shadow.
func testModel(t *testing.T, b Backend) {
	f := start(t, b)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &model{f: f, room: roomN(run), heard: len(f.bell.heard(t, 0)), readers: map[chat.UserID]*reader{}}
		for _, u := range []chat.UserID{ann, bob, ""} {
			live := newReplica(m.snapshot(rt, u))
			m.readers[u] = &reader{live: live, late: live.clone(), served: live.clone()}
		}
		m.node = position(m.snapshot(rt, "").Room)
		rt.Repeat(map[string]func(*rapid.T){
			"post":    func(rt *rapid.T) { m.post(rt) },
			"change":  func(rt *rapid.T) { m.change(rt) },
			"act":     func(rt *rapid.T) { m.act(rt) },
			"batch":   func(rt *rapid.T) { m.batch(rt) },
			"recover": func(rt *rapid.T) { m.recover(rt) },
			"":        func(rt *rapid.T) { m.check(rt) },
		})
		m.recover(rt)
	})
}

type model struct {
	f       *fixture
	room    chat.RoomID
	heard   int // announcements before this run
	told    int // announcements of this run that the readers have heard
	ids     []chat.MessageID
	acts    []chat.ActID
	readers map[chat.UserID]*reader
	node    chat.Position // of the node that serves all
	seen    chat.Look     // the last one
}

// reader is somebody who reads the room, in three ways.
type reader struct {
	live   *replica // hears every announcement
	late   *replica // recovers now and then
	served *replica // hears what a node recovers now and then for all of its readers
}

// hear shows events to a reader as a node does.
func (r *replica) hear(who chat.UserID, events []chat.Event) {
	for _, e := range events {
		if e.Only == "" || e.Only == who {
			r.apply(e.For(who))
		}
	}
}

func (m *model) snapshot(rt *rapid.T, who chat.UserID) chat.Snapshot {
	s, err := m.f.Snapshot(m.f.t.Context(), m.room, chat.SnapshotQuery{Messages: 1000, Viewer: who})
	if err != nil {
		rt.Fatalf("Snapshot: %v", err)
	}
	return s
}

// await takes the answers of queued changes and has the live readers hear their events.
func (m *model) await(rt *rapid.T, answers ...<-chan answer) {
	reset := false
	for _, a := range answers {
		got := wait(m.f.t, a)
		if chat.CodeOf(got.err) == "internal" {
			rt.Fatalf("got %v, want it done or refused", got.err)
		}
		reset = reset || len(got.enacted.Reset) > 0
		if got.err == nil && got.enacted.Act.Pos > 0 {
			m.acts = append(m.acts, got.enacted.Act.ID)
		}
	}
	made := m.f.number(`SELECT count(*) FROM events WHERE room = $1`, string(m.room))
	all := m.f.bell.heard(m.f.t, m.heard+made)[m.heard:]
	if len(all) > made {
		rt.Fatalf("got %d events announced, want the %d that are stored", len(all), made)
	}
	for who, r := range m.readers {
		if r.live.hear(who, all[m.told:]); reset {
			*r = *m.afresh(rt, who)
		}
	}
	if reset {
		m.node = position(m.snapshot(rt, "").Room)
		m.node.Seq = all[made-1].Seq
	}
	m.told = made
}

func (m *model) afresh(rt *rapid.T, who chat.UserID) *reader {
	live := newReplica(m.snapshot(rt, who))
	return &reader{live: live, late: live.clone(), served: live.clone()}
}

func (m *model) post(rt *rapid.T) { m.await(rt, m.queue(m.drawPost(rt))) }

func (m *model) queue(o any, by chat.UserID) <-chan answer { return m.f.queue(m.room, by, o) }

// drawBy is somebody, and whether it is done under a shadow.
func (m *model) drawBy(rt *rapid.T) (chat.UserID, bool) {
	by := rapid.SampledFrom([]chat.UserID{ann, bob}).Draw(rt, "by")
	return by, by == ann && rapid.Bool().Draw(rt, "shadow")
}

func (m *model) drawPost(rt *rapid.T) (any, chat.UserID) {
	by, shadow := m.drawBy(rt)
	p := post(by, fmt.Sprint("message ", len(m.ids)))
	p.Shadow = shadow
	if len(m.ids) > 0 && rapid.Bool().Draw(rt, "answers") {
		p.Message.ReplyTo = &chat.Reply{ID: m.drawID(rt)}
	}
	m.ids = append(m.ids, p.Message.ID)
	return p, by
}

func (m *model) drawID(rt *rapid.T) chat.MessageID {
	if len(m.ids) == 0 {
		return "nothing"
	}
	return rapid.SampledFrom(m.ids).Draw(rt, "message")
}

// drawChange is what a user does.
func (m *model) drawChange(rt *rapid.T) (any, chat.UserID) {
	by, shadow := m.drawBy(rt)
	id := m.drawID(rt)
	switch rapid.IntRange(0, 4).Draw(rt, "op") {
	case 0, 1:
		x := edit(by, id, rapid.StringMatching(`[a-zA-Zé😀<>&* "]{1,5}`).Draw(rt, "text")+"x")
		x.Shadow = shadow
		return x, by
	case 2:
		return own(by, id, m.drawID(rt)), by
	default:
		x := react(id, rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "emoji"), rapid.Bool().Draw(rt, "on"))
		x.Shadow = shadow
		return x, by
	}
}

// drawStep is what a moderator does.
func (m *model) drawStep(rt *rapid.T) chat.Step {
	id, on := m.drawID(rt), rapid.Bool().Draw(rt, "on")
	switch rapid.IntRange(0, 9).Draw(rt, "step") {
	case 0:
		return chat.HideStep{Room: m.room, IDs: []chat.MessageID{id, m.drawID(rt)}}
	case 1:
		return chat.RestoreStep{Room: m.room, IDs: []chat.MessageID{id, m.drawID(rt)}}
	case 2:
		by := rapid.SampledFrom([]chat.UserID{ann, bob}).Draw(rt, "author")
		return chat.PurgeStep{Authors: []chat.UserID{by}, Rooms: []string{string(m.room)}}
	case 3:
		return chat.PinStep{Room: m.room, ID: id, On: on}
	case 4:
		if rapid.IntRange(0, 3).Draw(rt, "clear") == 0 {
			return chat.ClearStep{Room: m.room}
		}
		return chat.ArchiveStep{Room: m.room, On: on}
	case 5:
		return chat.SetStep{Room: m.room, Patch: chat.SettingsPatch{
			Title: set(rapid.SampledFrom([]string{"", "one", "two"}).Draw(rt, "title")), ReadOnly: &on,
		}}
	}
	if len(m.acts) == 0 {
		return chat.HideStep{Room: m.room, IDs: []chat.MessageID{id}}
	}
	return chat.UndoStep{ID: rapid.SampledFrom(m.acts).Draw(rt, "act")}
}

func (m *model) change(rt *rapid.T) { m.await(rt, m.queue(m.drawChange(rt))) }

func (m *model) act(rt *rapid.T) { m.await(rt, m.drawAct(rt)) }

// drawAct queues an act, or tries one out, which changes nothing.
func (m *model) drawAct(rt *rapid.T) <-chan answer {
	s := m.drawStep(rt)
	d := m.f.act(mod, chat.ActDelete, s)
	d.DryRun = rapid.IntRange(0, 4).Draw(rt, "dry") == 0
	got := make(chan answer, 2)
	m.f.Enact(m.f.t.Context(), d, func(e chat.Enacted, err error) {
		if d.DryRun {
			e.Reset = nil
		}
		got <- answer{enacted: e, err: err}
	})
	return got
}

// batch queues several changes at once, which mostly makes them one commit.
func (m *model) batch(rt *rapid.T) {
	var answers []<-chan answer
	for range rapid.IntRange(2, 6).Draw(rt, "changes") {
		switch rapid.IntRange(0, 6).Draw(rt, "kind") {
		case 0, 1:
			answers = append(answers, m.queue(m.drawPost(rt)))
		case 2:
			answers = append(answers, m.drawAct(rt))
		default:
			answers = append(answers, m.queue(m.drawChange(rt)))
		}
	}
	m.await(rt, answers...)
}

// recover brings the readers who missed everything since the last time up to date.
func (m *model) recover(rt *rapid.T) {
	all, node, err := m.f.Since(m.f.t.Context(), m.room, m.node, 1000, chat.SnapshotQuery{All: true})
	if err != nil {
		rt.Fatalf("Since for a node: %v", err)
	}
	m.node.Seq = node.Room.Seq
	for who, r := range m.readers {
		events, snap, err := m.f.Since(m.f.t.Context(), m.room, r.late.at, 1000, chat.SnapshotQuery{Messages: 1000, Viewer: who})
		if err != nil {
			rt.Fatalf("Since for %q: %v", who, err)
		}
		r.late.apply(events...)
		r.served.hear(who, all)
		for how, x := range map[string]*replica{"recovered": r.late, "served": r.served} {
			x.at.Seq, x.pins = snap.Room.Shown, snap.Pins // a pin may go with a hide that was ended since
			m.compare(rt, how+" reader "+string(who), x, snap)
		}
		for _, e := range events {
			if e.Only != "" && e.Only != who {
				rt.Fatalf("%q recovered an event for %q", who, e.Only)
			}
		}
	}
}

func (m *model) check(rt *rapid.T) {
	if n := m.f.number(`SELECT count(*) FROM messages m WHERE m.hidden <>
		CASE WHEN EXISTS (SELECT 1 FROM message_hides h WHERE h.message = m.id AND h.ended_by = '') THEN 1 ELSE 2 * m.shadow END`); n > 0 {
		rt.Fatalf("%d messages are marked otherwise than their acts say", n)
	}
	for who, r := range m.readers {
		m.compare(rt, "live reader "+string(who), r.live, m.snapshot(rt, who))
	}
	m.look(rt)
}

func (m *model) compare(rt *rapid.T, who string, r *replica, snap chat.Snapshot) {
	for what, diff := range map[string]string{
		"messages": cmp.Diff(snap.Messages, r.messages, cmpopts.EquateEmpty()),
		"pins":     cmp.Diff(snap.Pins, r.pins, cmpopts.EquateEmpty()),
		"settings": cmp.Diff(snap.Room.Settings, r.settings, cmpopts.EquateEmpty()),
		"archived": cmp.Diff(!snap.Room.ArchivedAt.IsZero(), r.archived),
		"seq":      cmp.Diff(snap.Room.Shown, r.at.Seq),
	} {
		if diff != "" {
			rt.Fatalf("%s of the %s (-fresh +replayed):\n%s", what, who, diff)
		}
	}
}

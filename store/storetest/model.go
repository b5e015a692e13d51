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
// moment, knows the room as well as one who reads it anew.
func testModel(t *testing.T, b Backend) {
	f := start(t, b)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		room := roomN(run)
		m := &model{f: f, room: room, heard: len(f.bell.heard(t, 0))}
		m.live = newReplica(f.snapshot(room))
		m.late = m.live.clone()
		rt.Repeat(map[string]func(*rapid.T){
			"post":    func(rt *rapid.T) { m.post(rt) },
			"change":  func(rt *rapid.T) { m.change(rt) },
			"batch":   func(rt *rapid.T) { m.batch(rt) },
			"recover": func(rt *rapid.T) { m.recover(rt) },
			"":        func(rt *rapid.T) { m.check(rt) },
		})
		m.recover(rt)
	})
}

type model struct {
	f     *fixture
	room  chat.RoomID
	heard int // announcements before this run
	made  int // events of this run
	ids   []chat.MessageID
	live  *replica // hears every announcement
	late  *replica // recovers now and then
}

// await takes the answers of queued changes and has the live reader hear their events.
func (m *model) await(rt *rapid.T, answers ...<-chan answer) {
	seen := make(map[chat.Seq]bool)
	for _, a := range answers {
		got := wait(m.f.t, a)
		if chat.CodeOf(got.err) == "internal" {
			rt.Fatalf("got %v, want it stored or refused", got.err)
		}
		if got.err == nil && got.Event.Seq != 0 && !seen[got.Event.Seq] {
			seen[got.Event.Seq] = true
			m.made++
		}
	}
	all := m.f.bell.heard(m.f.t, m.heard+m.made)
	m.live.apply(all[m.heard+m.made-len(seen):]...)
}

func (m *model) post(rt *rapid.T) { m.await(rt, m.queue(m.drawPost(rt))) }

func (m *model) queue(o any, by chat.UserID) <-chan answer { return m.f.queue(m.room, by, o) }

func (m *model) drawPost(rt *rapid.T) (any, chat.UserID) {
	by := rapid.SampledFrom([]chat.UserID{ann, bob}).Draw(rt, "author")
	p := post(by, fmt.Sprint("message ", len(m.ids)))
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

func (m *model) drawChange(rt *rapid.T) (any, chat.UserID) {
	by := rapid.SampledFrom([]chat.UserID{ann, bob}).Draw(rt, "by")
	id := m.drawID(rt)
	on := rapid.Bool().Draw(rt, "on")
	switch rapid.IntRange(0, 7).Draw(rt, "op") {
	case 0:
		return edit(by, id, rapid.StringMatching(`[a-zA-Zé😀<>&* "]{1,5}`).Draw(rt, "text")+"x"), by
	case 1:
		return chat.Hide{IDs: []chat.MessageID{id}, Act: chat.ActID(newID()), Author: by}, by
	case 2:
		return hide(id, m.drawID(rt)), mod
	case 3:
		return restore(id, m.drawID(rt)), mod
	case 4, 5:
		return react(id, rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "emoji"), on), by
	case 6:
		return pin(id, on), mod
	default:
		return change(chat.SettingsPatch{
			Title: set(rapid.SampledFrom([]string{"", "one", "two"}).Draw(rt, "title")), ReadOnly: &on,
		}), mod
	}
}

func (m *model) change(rt *rapid.T) { m.await(rt, m.queue(m.drawChange(rt))) }

// batch queues several changes at once, which mostly makes them one commit.
func (m *model) batch(rt *rapid.T) {
	var answers []<-chan answer
	for range rapid.IntRange(2, 6).Draw(rt, "changes") {
		if rapid.IntRange(0, 2).Draw(rt, "posts") == 0 {
			answers = append(answers, m.queue(m.drawPost(rt)))
		} else {
			answers = append(answers, m.queue(m.drawChange(rt)))
		}
	}
	m.await(rt, answers...)
}

// recover brings the reader who missed everything since the last time up to date.
func (m *model) recover(rt *rapid.T) {
	events, snap, err := m.f.Since(m.f.t.Context(), m.room, m.late.at, 1000, chat.SnapshotQuery{Messages: 1000})
	if err != nil {
		rt.Fatalf("Since: %v", err)
	}
	m.late.apply(events...)
	m.late.at.Seq, m.late.pins = snap.Room.Seq, snap.Pins // a pin may go with a hide that was ended since
	m.compare(rt, "recovered", m.late, snap)
}

func (m *model) check(rt *rapid.T) {
	if n := m.f.number(`SELECT count(*) FROM messages m WHERE m.hidden <>
		CASE WHEN EXISTS (SELECT 1 FROM message_hides h WHERE h.message = m.id AND h.ended_by = '') THEN 1 ELSE 2 * m.shadow END`); n > 0 {
		rt.Fatalf("%d messages are marked otherwise than their acts say", n)
	}
	m.compare(rt, "live", m.live, m.f.snapshot(m.room))
}

func (m *model) compare(rt *rapid.T, who string, r *replica, snap chat.Snapshot) {
	for what, diff := range map[string]string{
		"messages": cmp.Diff(snap.Messages, r.messages, cmpopts.EquateEmpty()),
		"pins":     cmp.Diff(snap.Pins, r.pins, cmpopts.EquateEmpty()),
		"settings": cmp.Diff(snap.Room.Settings, r.settings, cmpopts.EquateEmpty()),
		"seq":      cmp.Diff(snap.Room.Seq, r.at.Seq),
	} {
		if diff != "" {
			rt.Fatalf("%s of the %s reader (-fresh +replayed):\n%s", what, who, diff)
		}
	}
}

package storetest

import (
	"maps"
	"slices"

	"github.com/chatd/chatd/chat"
)

// replica is a reader that keeps up with a room by its events alone.
type replica struct {
	at       chat.Position
	settings chat.Settings
	archived bool
	messages []chat.Message // by Seq
	pins     []chat.Message
	// texts of all messages seen, by which quotes are kept up to date; hidden ones have none.
	texts map[chat.MessageID]string
}

func newReplica(s chat.Snapshot) *replica {
	r := &replica{
		at: chat.Position{Epoch: s.Room.Epoch, Seq: s.Room.Shown}, settings: s.Room.Settings, archived: !s.Room.ArchivedAt.IsZero(),
		messages: slices.Clone(s.Messages), pins: slices.Clone(s.Pins), texts: make(map[chat.MessageID]string),
	}
	for _, m := range s.Messages {
		r.texts[m.ID] = m.Text
	}
	return r
}

func (r *replica) apply(events ...chat.Event) {
	for _, e := range events {
		r.at = chat.Position{Epoch: e.Epoch, Seq: e.Seq}
		switch e.Kind {
		case chat.EventMessage, chat.EventEdited:
			r.put(*e.Message)
		case chat.EventDeleted:
			r.drop(e.Deleted)
		case chat.EventRestored:
			for _, m := range e.Restored {
				r.put(m)
			}
		case chat.EventReaction:
			r.each(e.Reactions.Message, func(m *chat.Message) { m.Reactions = e.Reactions.Totals })
		case chat.EventCleared:
			r.messages, r.pins, r.texts = nil, nil, make(map[chat.MessageID]string)
		case chat.EventRoom:
			merge(&r.settings, e.Settings)
			if e.Archived != nil {
				r.archived = *e.Archived
			}
			if e.PinsSet {
				r.pins = slices.Clone(e.Pins)
			}
		}
	}
	r.requote()
}

// put adds a message or replaces what is known of it.
func (r *replica) put(m chat.Message) {
	r.texts[m.ID] = m.Text
	i, found := slices.BinarySearchFunc(r.messages, m.Seq, func(x chat.Message, s chat.Seq) int { return int(x.Seq - s) })
	if found {
		r.messages[i] = m
	} else {
		r.messages = slices.Insert(r.messages, i, m)
	}
	r.each(m.ID, func(x *chat.Message) { *x = m })
}

func (r *replica) drop(ids []chat.MessageID) {
	gone := func(m chat.Message) bool { return slices.Contains(ids, m.ID) }
	r.messages = slices.DeleteFunc(r.messages, gone)
	r.pins = slices.DeleteFunc(r.pins, gone)
	for _, id := range ids {
		delete(r.texts, id)
	}
}

// each changes a message wherever it is shown.
func (r *replica) each(id chat.MessageID, f func(*chat.Message)) {
	for _, all := range [][]chat.Message{r.messages, r.pins} {
		for i := range all {
			if all[i].ID == id {
				f(&all[i])
			}
		}
	}
}

// requote brings quotes up to date, as readers do when what is quoted changes.
func (r *replica) requote() {
	for _, all := range [][]chat.Message{r.messages, r.pins} {
		for i := range all {
			if q := all[i].ReplyTo; q != nil {
				fresh := *q
				fresh.Excerpt = firstRunes(r.texts[q.ID], chat.ExcerptRunes)
				all[i].ReplyTo = &fresh
			}
		}
	}
}

func firstRunes(s string, n int) string { return string([]rune(s)[:min(n, len([]rune(s)))]) }

func merge(s *chat.Settings, p chat.SettingsPatch) {
	if p.Title != nil {
		s.Title = *p.Title
	}
	if p.Topic != nil {
		s.Topic = *p.Topic
	}
	if p.History != nil {
		s.History = *p.History
	}
	if p.SlowMode != nil {
		s.SlowMode = *p.SlowMode
	}
	if p.ReadOnly != nil {
		s.ReadOnly = *p.ReadOnly
	}
	if p.AllowedSites != nil {
		s.AllowedSites = *p.AllowedSites
	}
}

// clone copies a replica, so that one can miss what the other hears.
func (r *replica) clone() *replica {
	c := *r
	c.messages, c.pins, c.texts = slices.Clone(r.messages), slices.Clone(r.pins), maps.Clone(r.texts)
	return &c
}

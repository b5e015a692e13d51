package client

import (
	"cmp"
	"maps"
	"slices"
	"unicode/utf8"
)

// excerptRunes is how much of a message a reply quotes, in characters.
const excerptRunes = 120

// View is what a reader of one room should see: the reduction of the room's events.
// The zero View of a Room is ready to use. It is not safe for concurrent use.
type View struct {
	Room     string
	Epoch    string
	Seq      int64 // of the last event that was applied
	Settings Settings
	Pins     []Message // newest pin first
	Count    int       // members
	Rights   Rights
	Lockdown *Lockdown // nil: none
	Held     []Message // your messages that wait for a moderator, oldest first

	messages map[string]Message

	// What a page that was read earlier may contradict:
	deleted recent[struct{}]
	cleared int64              // messages up to it are gone
	reacted recent[[]Reaction] // the totals on messages that were not there
}

// Apply takes an event; those of other rooms and those that it has seen change nothing.
func (v *View) Apply(e Event) {
	switch e := e.(type) {
	case Joined:
		v.join(e)
	case Logged:
		if room, seq := e.Position(); room == v.Room && seq > v.Seq {
			v.Seq = seq
			v.apply(e)
		}
	case besides:
		if e.in() == v.Room {
			v.beside(e)
		}
	}
}

// beside takes what is in no log.
func (v *View) beside(e besides) {
	switch e := e.(type) {
	case Presence:
		v.Count = e.Count
	case Held:
		v.settle(e.Message.ID)
		v.Held = append(v.Held, e.Message)
		// One whose refusal was undone waits in its old place; ids rise with time.
		slices.SortFunc(v.Held, func(a, b Message) int { return cmp.Compare(a.ID, b.ID) })
	case Released:
		v.settle(e.MessageID)
	case LockdownChanged:
		v.Lockdown = e.Lockdown
	case RightsChanged:
		v.Rights = e.Rights
	}
}

// Messages returns the visible messages in the order of the room.
func (v *View) Messages() []Message {
	return slices.SortedFunc(maps.Values(v.messages), func(a, b Message) int { return cmp.Compare(a.Seq, b.Seq) })
}

// Message returns a visible message.
func (v *View) Message(id string) (Message, bool) {
	m, ok := v.messages[id]
	return m, ok
}

// Add puts in the messages of a page of history. Where events that were applied say
// otherwise, such as a deletion that overtook the page, the events count. A page that was
// asked for before a Joined with Recovered false belongs to the state that is forgotten: don't add it.
func (v *View) Add(p Page) {
	for _, m := range p.Messages {
		if _, loaded := v.messages[m.ID]; loaded {
			continue // the events keep it up to date, the page may be older
		}
		if _, gone := v.deleted.of(m.ID); gone || v.cleared > 0 && m.Seq <= v.cleared {
			continue
		}
		if totals, ok := v.reacted.of(m.ID); ok {
			m.Reactions = totals
		}
		v.put(v.requoted(m))
	}
}

// requoted makes a message of a page quote what the view knows of the one it answers.
func (v *View) requoted(m Message) Message {
	if m.ReplyTo == nil {
		return m
	}
	if answered, ok := v.messages[m.ReplyTo.ID]; ok {
		return quoting(m, excerpt(answered.Text))
	}
	if _, gone := v.deleted.of(m.ReplyTo.ID); gone {
		return quoting(m, "")
	}
	return m
}

func (v *View) join(e Joined) {
	if e.Room != v.Room {
		return
	}
	v.Count, v.Rights, v.Lockdown, v.Held = e.Count, e.Rights, e.Lockdown, slices.Clone(e.Held)
	if e.Recovered {
		return // what changed follows as events
	}
	v.Epoch, v.Seq = e.Epoch, e.Seq
	v.Settings, v.Pins = e.Settings, slices.Clone(e.Pins)
	v.messages = make(map[string]Message, len(e.History))
	v.deleted, v.reacted, v.cleared = recent[struct{}]{}, recent[[]Reaction]{}, 0
	v.Add(Page{Messages: e.History})
}

func (v *View) apply(e Logged) {
	switch e := e.(type) {
	case Posted:
		v.settle(e.Message.ID)
		v.put(e.Message)
	case Cleared:
		v.clear(e.Seq)
	case Edited:
		v.edit(e.Message)
	case Deleted:
		v.delete(e.MessageIDs)
	case Restored:
		for _, m := range e.Messages {
			v.edit(m)
		}
	case Reacted:
		v.react(e)
	case RoomChanged:
		e.Settings.Apply(&v.Settings)
		if e.Pins != nil {
			v.Pins = slices.Clone(*e.Pins)
		}
	}
}

func (v *View) put(m Message) {
	if v.messages == nil {
		v.messages = map[string]Message{}
	}
	v.messages[m.ID] = m
}

// edit replaces a message wherever it shows: in its place, as a pin, and in the replies that quote it.
func (v *View) edit(m Message) {
	v.put(m)
	v.pinned(m.ID, func(p *Message) { *p = m })
	v.quote(m.ID, excerpt(m.Text))
}

func (v *View) delete(ids []string) {
	for _, id := range ids {
		delete(v.messages, id)
		v.deleted.note(id, struct{}{})
		v.quote(id, "")
	}
	v.Pins = slices.DeleteFunc(v.Pins, func(p Message) bool { return slices.Contains(ids, p.ID) })
}

func (v *View) clear(upTo int64) {
	v.cleared = max(v.cleared, upTo)
	maps.DeleteFunc(v.messages, func(_ string, m Message) bool { return m.Seq <= upTo })
	v.Pins = slices.DeleteFunc(v.Pins, func(p Message) bool { return p.Seq <= upTo })
}

// settle takes note that a message doesn't wait any more.
func (v *View) settle(id string) {
	v.Held = slices.DeleteFunc(v.Held, func(m Message) bool { return m.ID == id })
}

func (v *View) react(e Reacted) {
	if m, ok := v.messages[e.MessageID]; ok {
		m.Reactions = e.Reactions
		v.put(m)
	} else {
		v.reacted.note(e.MessageID, e.Reactions)
	}
	v.pinned(e.MessageID, func(p *Message) { p.Reactions = e.Reactions })
}

func (v *View) pinned(id string, change func(*Message)) {
	for i := range v.Pins {
		if v.Pins[i].ID == id {
			change(&v.Pins[i])
		}
	}
}

// quote changes what the replies to a message quote of it.
func (v *View) quote(id, text string) {
	for _, m := range v.messages {
		if m.ReplyTo != nil && m.ReplyTo.ID == id {
			v.messages[m.ID] = quoting(m, text)
		}
	}
	for i, m := range v.Held {
		if m.ReplyTo != nil && m.ReplyTo.ID == id {
			v.Held[i] = quoting(m, text)
		}
	}
}

// quoting returns a reply with another excerpt. A Reply is shared with the event or the
// page that brought it, so it is replaced, never written to.
func quoting(m Message, text string) Message {
	r := *m.ReplyTo
	r.Excerpt = text
	m.ReplyTo = &r
	return m
}

func excerpt(text string) string {
	if utf8.RuneCountInString(text) <= excerptRunes {
		return text
	}
	return string([]rune(text)[:excerptRunes])
}

package chat_test

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

// hearing remembers what a room's listeners are told.
type hearing struct {
	mu      sync.Mutex
	events  []chat.Event
	signals []chat.Signal
}

func (h *hearing) Events(events []chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, events...)
}

func (h *hearing) Signal(s chat.Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.signals = append(h.signals, s)
}

// forOthers are the events that others than user may see.
func (h *hearing) forOthers(user chat.UserID) []chat.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []chat.Event
	for _, e := range h.events {
		if e.Only == "" || e.Only != user {
			all = append(all, e)
		}
	}
	return all
}

func (h *hearing) told() []chat.Signal {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.signals)
}

func (w *world) hear(t *testing.T) *hearing {
	t.Helper()
	h := &hearing{}
	stop, err := w.bell.Listen(t.Context(), room, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return h
}

// view is everything that somebody can read of a room.
type view struct {
	Joined    chat.Joined
	Recovered chat.Joined
	Before    chat.Page
	Around    chat.Page
	Members   []chat.Member
	Count     int
}

// see reads a room in every way there is, since a position and around a message.
func (w *world) see(t *testing.T, by chat.Actor, since chat.Position, around chat.MessageID) view {
	t.Helper()
	var v view
	var err error
	check := func(what string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	v.Joined, err = w.Join(t.Context(), by, "s-"+chat.SessionID(by.ID), room, nil)
	check("join")
	v.Recovered, err = w.Join(t.Context(), by, "s-"+chat.SessionID(by.ID), room, &since)
	check("recover")
	v.Before, err = w.History(t.Context(), by, room, chat.PageQuery{Before: 1 << 60, Limit: 100})
	check("history")
	v.Around, err = w.History(t.Context(), by, room, chat.PageQuery{Around: around, Limit: 100})
	check("around")
	v.Members, v.Count, err = w.Members(t.Context(), by, room, 10)
	check("members")
	// The number of the last event is the server's own: readers are told Shown.
	for _, j := range []*chat.Joined{&v.Joined, &v.Recovered} {
		j.Room.Seq, j.View, j.Roll = 0, nil, nil // what these share is compared apart
	}
	return v
}

func textsOf(all []chat.Message) []string {
	var texts []string
	for _, m := range all {
		texts = append(texts, m.Text)
	}
	return texts
}

// Whatever somebody does who is shadowed, another reader's view is the same before and after, in every way of reading; and
// their own is as if nothing were held against them.
func TestNobodyCanTellAShadow(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	shadowed, err := w.SignIn(t.Context(), chat.Actor{ID: guest.ID, Name: "Gus", Role: chat.RoleGuest, Addr: guest.Addr})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	public := w.mustPost(t, shadowed, "before the shadow")
	hers := w.mustPost(t, bob, "bob's")
	for _, by := range []chat.Actor{shadowed, bob} {
		if _, err := w.Join(t.Context(), by, "s-"+chat.SessionID(by.ID), room, nil); err != nil {
			t.Fatal(err)
		}
	}
	w.sanction(t, chat.SanctionOrder{Target: on(shadowed), Effect: chat.Shadow})
	start, err := w.Log.Snapshot(t.Context(), room, chat.SnapshotQuery{Viewer: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	since := chat.Position{Epoch: start.Room.Epoch, Seq: start.Room.Shown}
	before := w.see(t, bob, since, hers.ID)
	heard := w.hear(t)

	said := w.mustPost(t, shadowed, "nobody hears this")
	answer, err := w.Post(t.Context(), shadowed, room, chat.Draft{Text: "nor this, @Bob", ReplyTo: said.ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Edit(t.Context(), shadowed, room, said.ID, "nobody reads this"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Edit(t.Context(), shadowed, room, public.ID, "changed in the shadow"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []chat.MessageID{hers.ID, said.ID} {
		if err := w.React(t.Context(), shadowed, room, id, "👍", true); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Typing(t.Context(), shadowed, room); err != nil {
		t.Fatal(err)
	}
	if err := w.MarkRead(t.Context(), shadowed, room, said.Seq); err != nil {
		t.Fatal(err)
	}
	renamed, err := w.Rename(t.Context(), shadowed, "Abuse")
	if err != nil || renamed.Name != "Abuse" {
		t.Fatalf("Rename: %q, %v", renamed.Name, err)
	}
	if _, err := w.Join(t.Context(), renamed, "s-"+chat.SessionID(renamed.ID), room, nil); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(before, w.see(t, bob, since, hers.ID), compareAddr); diff != "" {
		t.Errorf("another reader's view has changed:\n%s", diff)
	}
	if got := heard.forOthers(shadowed.ID); len(got) != 0 {
		t.Errorf("the others are told of %d events, the first is %+v", len(got), got[0])
	}
	quiet := func(s chat.Signal) bool { return s.Presence != nil && s.Presence.Quiet } // for the renamed alone
	if got := slices.DeleteFunc(heard.told(), quiet); len(got) != 0 {
		t.Errorf("the others are told of %+v", got)
	}
	wantUnknown(t, w, bob, said.ID)
	seesOwn(t, w, renamed, since, answer.Event.Message.ID)
}

var compareAddr = cmp.Comparer(func(a, b chat.Error) bool { return a == b })

// wantUnknown tries a message that somebody else alone sees: it is as one that was never there.
func wantUnknown(t *testing.T, w *world, by chat.Actor, id chat.MessageID) {
	t.Helper()
	const never = "01900000-0000-7000-8000-000000000000"
	tries := map[string]func(id chat.MessageID) error{
		"answer": func(id chat.MessageID) error {
			_, err := w.Post(t.Context(), by, room, chat.Draft{Text: "re", ReplyTo: id})
			return err
		},
		"react": func(id chat.MessageID) error { return w.React(t.Context(), by, room, id, "👍", true) },
		"edit": func(id chat.MessageID) error {
			_, err := w.Edit(t.Context(), by, room, id, "mine")
			return err
		},
		"delete": func(id chat.MessageID) error {
			_, err := w.DeleteOwn(t.Context(), by, room, []chat.MessageID{id})
			return err
		},
		"read around": func(id chat.MessageID) error {
			_, err := w.History(t.Context(), by, room, chat.PageQuery{Around: id, Limit: 10})
			return err
		},
	}
	for what, do := range tries {
		got, want := do(id), do(never)
		if chat.CodeOf(got) != chat.CodeOf(want) || want == nil || got == nil || got.Error() != want.Error() {
			t.Errorf("%s: told %v, of one that never was %v", what, got, want)
		}
	}
}

// seesOwn checks that who is shadowed sees all that they did.
func seesOwn(t *testing.T, w *world, by chat.Actor, since chat.Position, last chat.MessageID) {
	t.Helper()
	v := w.see(t, by, since, last)
	want := []string{"changed in the shadow", "bob's", "nobody reads this", "nor this, @Bob"}
	for what, got := range map[string][]chat.Message{
		"joining": v.Joined.Messages, "history": v.Before.Messages, "around": v.Around.Messages,
	} {
		if got := textsOf(got); !slices.Equal(got, want) {
			t.Errorf("%s, the author reads %q, want %q", what, got, want)
		}
	}
	if got := v.Joined.Messages[3].ReplyTo; got == nil || got.Excerpt != "nobody reads this" {
		t.Errorf("the author's answer quotes %+v", got)
	}
	for i, m := range v.Joined.Messages[1:3] {
		if want := []chat.Reaction{{Emoji: "👍", Count: 1}}; !slices.Equal(m.Reactions, want) {
			t.Errorf("message %d: the author sees the reactions %v, want their own", i+1, m.Reactions)
		}
	}
	if !v.Recovered.Recovered || len(v.Recovered.Events) < 5 {
		t.Errorf("recovered %t with %d events, want all that they did", v.Recovered.Recovered, len(v.Recovered.Events))
	}
	if r := v.Joined.Rights; !r.Post || r.Held || r.Slow != 0 || r.Refused != nil {
		t.Errorf("the rights tell of the shadow: %+v", r)
	}
	if i := slices.IndexFunc(v.Members, func(m chat.Member) bool { return m.ID == by.ID }); i < 0 || v.Members[i].Name != by.Name {
		t.Errorf("the author is not called %q among the members %v", by.Name, v.Members)
	}
}

// Lifting a shadow doesn't reveal what was said in it, and what is said then all read.
func TestALiftedShadowRevealsNothing(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	x := w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Shadow})
	said := w.mustPost(t, guest, "in the shadow")
	if _, err := w.Lift(t.Context(), byStaff, []chat.SanctionID{x.ID}); err != nil {
		t.Fatal(err)
	}
	heard := w.hear(t)
	w.mustPost(t, guest, "in the light")
	if _, err := w.Post(t.Context(), guest, room, chat.Draft{Text: "an answer", ReplyTo: said.ID}); err != nil {
		t.Fatal(err)
	}
	if err := w.React(t.Context(), guest, room, said.ID, "👍", true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Edit(t.Context(), guest, room, said.ID, "still in the shadow"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DeleteOwn(t.Context(), guest, room, []chat.MessageID{said.ID}); err != nil {
		t.Fatal(err)
	}
	if got, want := w.texts(t), []string{"in the light", "an answer"}; !slices.Equal(got, want) {
		t.Errorf("the others read %q, want %q", got, want)
	}
	for _, e := range heard.forOthers(guest.ID) {
		if e.Kind != chat.EventMessage || e.Message.ReplyTo != nil {
			t.Errorf("the others are told of %+v", e)
		}
	}
}

// What is done in the shadow to what all can read leaves what they read as it is.
func TestAShadowOverPublicMessages(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	public, hers := w.mustPost(t, guest, "in the light"), w.mustPost(t, bob, "bob's")
	x := w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Shadow})
	if _, err := w.Edit(t.Context(), guest, room, public.ID, "in the shadow"); err != nil {
		t.Fatal(err)
	}
	for i := range chat.MaxReactionKinds {
		if err := w.React(t.Context(), guest, room, hers.ID, string(rune(0x1F600+i)), true); err != nil {
			t.Fatal(err)
		}
	}
	c, err := w.Post(t.Context(), bob, room, chat.Draft{Text: "re", ReplyTo: public.ID})
	if err != nil || c.Event.Message.ReplyTo.Excerpt != "in the light" {
		t.Errorf("an answer quotes %+v, %v, want what all can read", c.Event.Message.ReplyTo, err)
	}
	heard := w.hear(t)
	for _, emoji := range []string{"👍", "\U0001F600"} {
		if err := w.React(t.Context(), ann, room, hers.ID, emoji, true); err != nil {
			t.Errorf("reactions in the shadow leave no room for others: %v", err)
		}
	}
	want := []chat.Reaction{{Emoji: "👍", Count: 1}, {Emoji: "\U0001F600", Count: 1}}
	w.mustPost(t, bob, "after it") // an answer comes before the others are told; this one after
	events := slices.DeleteFunc(heard.forOthers(guest.ID), func(e chat.Event) bool { return e.Kind != chat.EventReaction })
	if n := len(events); n == 0 || !slices.Equal(events[n-1].Reactions.Totals, want) {
		t.Errorf("the others are told of %+v, want %v at last", events, want)
	}
	p, err := w.History(t.Context(), bob, room, chat.PageQuery{Around: hers.ID, Limit: 10})
	if err != nil || !slices.Equal(p.Messages[1].Reactions, want) {
		t.Errorf("the others count %v, %v, want %v", p.Messages[1].Reactions, err, want)
	}

	if _, err := w.Lift(t.Context(), byStaff, []chat.SanctionID{x.ID}); err != nil {
		t.Fatal(err)
	}
	if got := w.texts(t); got[0] != "in the light" {
		t.Errorf("the shadow lifted, the others read %q", got[0])
	}
	e, err := w.Edit(t.Context(), guest, room, public.ID, "in the light again")
	if err != nil || e.Only != "" || w.texts(t)[0] != "in the light again" {
		t.Errorf("the edit came to %+v, %v; the others read %q", e, err, w.texts(t)[0])
	}
}

// A shadow on an address falls on guests whom nobody knows by name.
func TestAGuestShadowedByAddressKeepsToAMadeName(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.mustPost(t, bob, "bob's")
	p := netip.PrefixFrom(guest.Addr, 32)
	w.sanction(t, chat.SanctionOrder{Target: &chat.Target{Prefix: p, Only: chat.Guests}, Effect: chat.Shadow})
	abuse := guest
	abuse.Name = "Abuse"
	by, err := w.SignIn(t.Context(), abuse)
	if err != nil || by.Name != "Abuse" {
		t.Fatalf("signed in as %q, %v", by.Name, err)
	}
	heard := w.hear(t)
	j, err := w.join(t, by, "1", nil)
	if err != nil || len(j.Members) != 1 || j.Members[0].Name != "Abuse" {
		t.Errorf("to themselves they are %v, %v", j.Members, err)
	}
	for _, sig := range heard.told() {
		if sig.Presence != nil && sig.Presence.Member.Name == "Abuse" {
			t.Error("the others are told of the name")
		}
	}
	if m, _, err := w.Members(t.Context(), bob, room, 10); err != nil || len(m) != 1 || m[0].Name == "Abuse" {
		t.Errorf("to others they are %v, %v", m, err)
	}
}

func TestAShadowWinsOverAHold(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Review})
	w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Shadow})
	c, err := w.Post(t.Context(), guest, room, chat.Draft{Text: "hi"})
	if err != nil || c.Held != nil || c.Event.Only != guest.ID {
		t.Errorf("the post came to %+v, %v, want one in the shadow", c, err)
	}
}

func TestAHeldMessageWaits(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.mustPost(t, bob, "bob's")
	x := w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Review})
	heard := w.hear(t)
	d := chat.Draft{Text: "may I?", Nonce: "n1"}

	c, err := w.Post(t.Context(), guest, room, d)

	if err != nil || c.Held == nil || c.Duplicate || c.Event.Seq != 0 {
		t.Fatalf("the post came to %+v, %v, want that it is held", c, err)
	}
	if c.Held.Sanction != x.ID || c.Held.Why != "sanction" || c.Held.State != chat.HeldPending {
		t.Errorf("held: %+v", c.Held)
	}
	if got := w.texts(t); !slices.Equal(got, []string{"bob's"}) {
		t.Errorf("the others read %q", got)
	}
	if got := heard.told(); len(got) != 1 || got[0].Held == nil || got[0].Held.Message.ID != c.Held.Message.ID {
		t.Errorf("the bell told %+v, want the held message", got)
	}
	j, err := w.join(t, guest, "1", nil)
	if err != nil || len(j.Held) != 1 || !j.Rights.Held || !j.Rights.Post {
		t.Errorf("on joining, its author has %d held messages and the rights %+v, %v", len(j.Held), j.Rights, err)
	}
	if j, err = w.join(t, bob, "2", nil); err != nil || len(j.Held) != 0 {
		t.Errorf("another reader is told of %d held messages, %v", len(j.Held), err)
	}

	again, err := w.Post(t.Context(), guest, room, d)
	if err != nil || !again.Duplicate || again.Held == nil || again.Held.Message.ID != c.Held.Message.ID {
		t.Errorf("the retry came to %+v, %v, want the held message", again, err)
	}
	w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Mute, Duration: time.Hour})
	again, err = w.Post(t.Context(), guest, room, d)
	if err != nil || again.Held == nil || again.Held.Message.ID != c.Held.Message.ID {
		t.Errorf("the retry of who is muted by now came to %+v, %v, want the held message", again, err)
	}
	told := 0
	for _, sig := range heard.told() {
		if sig.Held != nil {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the bell told %d times of one message", told)
	}
}

func TestAReleasedMessageIsPosted(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	x := w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Review})
	d := chat.Draft{Text: "may I?", Nonce: "n1"}
	c, err := w.Post(t.Context(), guest, room, d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Decide(t.Context(), byStaff, c.Held.Message.ID, true); err != nil {
		t.Fatal(err)
	}
	if got := w.texts(t); !slices.Equal(got, []string{"may I?"}) {
		t.Errorf("the room holds %q, want what was released", got)
	}
	for range 2 { // held, and not held any more
		again, err := w.Post(t.Context(), guest, room, d)
		if err != nil || !again.Duplicate || again.Event.Message == nil || again.Event.Message.ID != c.Held.Message.ID {
			t.Errorf("the retry came to %+v, %v, want the message", again, err)
		}
		if _, err := w.Lift(context.Background(), byStaff, []chat.SanctionID{x.ID}); err != nil && chat.CodeOf(err) != "sanction_not_found" {
			t.Fatal(err)
		}
	}
	if got := w.texts(t); len(got) != 1 {
		t.Errorf("the room holds %q, want the message once", got)
	}
}

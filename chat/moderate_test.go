package chat_test

import (
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func byMod(a chat.Actor) chat.Order { return chat.Order{By: a} }

func TestSanctionHoldsAtOnce(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	heard := &ear{}
	stop, err := w.bell.ListenAll(t.Context(), heard)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	out, err := w.Sanction(t.Context(), byMod(mod), chat.SanctionOrder{
		Target: on(ann), Rooms: string(room), Effect: chat.Ban, Duration: time.Hour, Reason: "enough",
	})
	if err != nil {
		t.Fatal(err)
	}
	ban := out.Sanctions[0]
	if a, err := w.ShowAct(t.Context(), staff, out.Act.ID); err != nil || a.By != mod.ID || a.Via != chat.ViaChat || a.Reason != "enough" {
		t.Errorf("the record is %+v, %v", a, err)
	}

	_, err = w.join(t, ann, "1", nil)
	e := wantCode(t, err, "banned")
	if !e.Until.Equal(ban.Expires) || e.RetryAfter <= 0 {
		t.Errorf("the refusal says until %s, want %s", e.Until, ban.Expires)
	}
	_, err = w.Post(t.Context(), ann, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "banned")
	if _, err := w.Post(t.Context(), ann, "other", chat.Draft{Text: "hi"}); err != nil {
		t.Errorf("a ban of one room holds in another: %v", err)
	}
	if got := heard.controls(); len(got) != 1 || len(got[0].Sanctions) != 1 || got[0].Act.ID != out.Act.ID {
		t.Errorf("the bell told %+v, want the ban", got)
	}

	elsewhere := mod
	elsewhere.Rooms = []string{"other"}
	_, err = w.Lift(t.Context(), byMod(elsewhere), []chat.SanctionID{ban.ID})
	wantCode(t, err, "sanction_not_found")
	if _, err := w.Lift(t.Context(), byMod(mod), []chat.SanctionID{ban.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.join(t, ann, "1", nil); err != nil {
		t.Errorf("a lifted ban still holds: %v", err)
	}
	_, err = w.Lift(t.Context(), byMod(mod), []chat.SanctionID{ban.ID})
	wantCode(t, err, "sanction_not_found")
	if got := heard.controls(); len(got) != 2 || len(got[1].Lifted) != 1 {
		t.Errorf("the bell told %+v, want the end of the ban too", got)
	}
}

func TestSanctionExpires(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	so := chat.SanctionOrder{Target: on(ann), Rooms: string(room), Effect: chat.Mute, Duration: time.Minute}
	if _, err := w.Sanction(t.Context(), byMod(mod), so); err != nil {
		t.Fatal(err)
	}
	_, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "muted")
	w.pass(time.Minute)
	w.mustPost(t, ann, "hi again")
}

// A new Service, as after a restart, knows what stands.
func TestSanctionsSurviveRestart(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.sanction(t, chat.SanctionOrder{Target: on(ann), Effect: chat.Ban})
	again, err := chat.New(t.Context(), w.Config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = again.Join(t.Context(), ann, "1", room, nil)
	wantCode(t, err, "banned")
}

func TestNobodyLiftsTheirOwn(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	mute := w.sanction(t, chat.SanctionOrder{Target: on(mod), Rooms: string(room), Effect: chat.Mute})
	_, err := w.Lift(t.Context(), byMod(mod), []chat.SanctionID{mute.ID})
	wantCode(t, err, "target_protected")
	if _, err := w.Lift(t.Context(), byMod(mod2), []chat.SanctionID{mute.ID}); err != nil {
		t.Errorf("another moderator lifts it: %v", err)
	}
}

func TestConfigureIsForModerators(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	set := func(by chat.Actor, p chat.SettingsPatch) (chat.Outcome, error) {
		return w.Configure(t.Context(), byMod(by), chat.SetStep{Room: room, Patch: p})
	}
	_, err := set(ann, chat.SettingsPatch{Title: ref("mine")})
	wantCode(t, err, "not_a_moderator")
	_, err = set(mod, chat.SettingsPatch{MinLength: ref(600)})
	wantCode(t, err, "setting_invalid")
	_, err = set(mod, chat.SettingsPatch{Access: ref(chat.AccessStaff)})
	wantCode(t, err, "scope_missing")
	out, err := set(mod, chat.SettingsPatch{Title: ref("  Gen\u202eeral "), Topic: ref("t")})
	if err != nil || out.Room == nil || out.Room.Settings.Title != "General" {
		t.Errorf("the title became %+v, %v, want General", out.Room, err)
	}
	out, err = set(mod, chat.SettingsPatch{Title: ref("General")})
	if err != nil || len(out.Events) != 0 {
		t.Errorf("setting what is set made events %+v, %v, want none", out.Events, err)
	}
}

func TestDeleteAndRestoreByLists(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	m1, m2 := w.mustPost(t, ann, "one"), w.mustPost(t, ann, "two")
	_, err := w.Delete(t.Context(), byMod(bob), room, []chat.MessageID{m1.ID})
	wantCode(t, err, "not_a_moderator")
	_, err = w.Delete(t.Context(), byMod(mod), room, nil)
	wantCode(t, err, "bad_request")
	_, err = w.Delete(t.Context(), byMod(mod), room, []chat.MessageID{"0192"})
	wantCode(t, err, "message_not_found")
	out, err := w.Delete(t.Context(), byMod(mod), room, []chat.MessageID{m1.ID, "0192", m2.ID, m1.ID})
	if err != nil || len(out.Failed) != 1 || out.Failed[0].ID != "0192" || out.Failed[0].Why.Code != "message_not_found" {
		t.Fatalf("Delete failed for %+v, %v, want the unknown one alone", out.Failed, err)
	}
	if out.Impact.Messages != 2 || out.Impact.Users != 1 || len(out.Events) != 1 {
		t.Errorf("the deletion's impact is %+v with %d events, want 2 messages of one user, one event", out.Impact, len(out.Events))
	}
	_, err = w.Restore(t.Context(), byMod(ann), room, []chat.MessageID{m1.ID})
	wantCode(t, err, "not_a_moderator")
	if _, err := w.Restore(t.Context(), byMod(mod), room, []chat.MessageID{m1.ID}); err != nil {
		t.Fatal(err)
	}
	if got := w.texts(t); len(got) != 1 || got[0] != "one" {
		t.Errorf("the room holds %q, want what was restored", got)
	}
	out, err = w.Delete(t.Context(), byMod(mod), room, []chat.MessageID{"0192", "0193"})
	if err != nil || len(out.Failed) != 2 || out.Act.ID != "" {
		t.Errorf("an act on nothing is %+v, %v, want none", out, err)
	}
}

func TestPinAndUndo(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	m := w.mustPost(t, ann, "keep this")
	_, err := w.Pin(t.Context(), byMod(ann), room, m.ID, true)
	wantCode(t, err, "not_a_moderator")
	out, err := w.Pin(t.Context(), byMod(mod), room, m.ID, true)
	if err != nil || len(out.Events) != 1 || len(out.Events[0].Pins) != 1 {
		t.Fatalf("Pin made %+v, %v, want an event with the pin", out.Events, err)
	}
	if _, err := w.Undo(t.Context(), byStaff, out.Act.ID); err != nil {
		t.Fatal(err)
	}
	snap, err := w.Log.Snapshot(t.Context(), room, chat.SnapshotQuery{})
	if err != nil || len(snap.Pins) != 0 {
		t.Errorf("%d pins after the undo, %v, want none", len(snap.Pins), err)
	}
}

// Everyone may hear of a message only after its author has: done comes before the announcement.
func TestDoneComesBeforeTheAnnouncement(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	var mu sync.Mutex
	acked := make(map[chat.MessageID]bool)
	early := 0
	announced := make(chan struct{}, 200)
	l := &ear{onEvent: func(e chat.Event) {
		mu.Lock()
		defer mu.Unlock()
		if !acked[e.Message.ID] {
			early++
		}
		announced <- struct{}{}
	}}
	stop, err := w.bell.Listen(t.Context(), room, l)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for range 200 {
		w.Submit(t.Context(), ann, room, chat.Draft{Text: "x"}, func(c chat.Committed, err error) {
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			acked[c.Event.Message.ID] = true
		})
	}
	for range 200 {
		<-announced
	}
	if early > 0 {
		t.Errorf("%d messages were announced before they were acknowledged", early)
	}
}

// ear is a Listener that remembers.
type ear struct {
	onEvent func(chat.Event)
	mu      sync.Mutex
	heard   []chat.ControlChange
	signals []chat.Signal
}

func (l *ear) Events(events []chat.Event) {
	for _, e := range events {
		if l.onEvent != nil {
			l.onEvent(e)
		}
	}
}

func (l *ear) Signal(s chat.Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.signals = append(l.signals, s)
	if s.Control != nil {
		l.heard = append(l.heard, *s.Control)
	}
}

// controls are those that tell of sanctions.
func (l *ear) controls() []chat.ControlChange {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []chat.ControlChange
	for _, c := range l.heard {
		if len(c.Sanctions)+len(c.Lifted) > 0 {
			all = append(all, c)
		}
	}
	return all
}

func (l *ear) ends() []chat.SessionsEnd {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []chat.SessionsEnd
	for _, s := range l.signals {
		if s.End != nil {
			all = append(all, *s.End)
		}
	}
	return all
}

func (l *ear) notices() []chat.Signal {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []chat.Signal
	for _, s := range l.signals {
		if s.Notice != nil {
			all = append(all, s)
		}
	}
	return all
}

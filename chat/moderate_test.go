package chat_test

import (
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestSanctionHoldsAtOnce(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	heard := &ear{}
	stop, err := w.bell.ListenAll(t.Context(), heard)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	byMod := chat.Order{By: mod}
	out, err := w.Sanction(t.Context(), byMod, chat.SanctionOrder{
		Target: on(ann), Rooms: string(room), Effect: chat.Ban, Duration: time.Hour, Reason: "enough",
	})
	if err != nil || len(out.Sanctions) != 1 {
		t.Fatalf("the act came to %+v, %v", out, err)
	}
	ban := out.Sanctions[0]

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
	if got := heard.control(); len(got) != 1 || len(got[0].Sanctions) != 1 || got[0].Sanctions[0].ID != ban.ID {
		t.Errorf("the bell told %+v, want the ban", got)
	}

	elsewhere := mod
	elsewhere.Rooms = []string{"other"}
	_, err = w.Lift(t.Context(), chat.Order{By: elsewhere}, []chat.SanctionID{ban.ID})
	if err == nil {
		t.Error("a moderator of another room lifted it")
	}
	if _, err := w.Lift(t.Context(), byMod, []chat.SanctionID{ban.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.join(t, ann, "1", nil); err != nil {
		t.Errorf("a lifted ban still holds: %v", err)
	}
}

func TestSanctionExpires(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.sanction(t, chat.SanctionOrder{Target: on(ann), Rooms: string(room), Effect: chat.Mute, Duration: time.Minute})
	_, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "muted")
	w.pass(time.Minute)
	w.mustPost(t, ann, "hi again")
}

func TestWhatModeratorsInTheChatMayNot(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	for _, a := range []chat.Actor{mod, mod2} {
		if _, err := w.SignIn(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	elsewhere := mod
	elsewhere.Rooms = []string{"other"}
	ban := func(target chat.UserID) chat.SanctionOrder {
		return chat.SanctionOrder{Target: &chat.Target{User: target}, Rooms: string(room), Effect: chat.Ban}
	}
	tickle, shadow, everywhere, backwards := ban(bob.ID), ban(bob.ID), ban(bob.ID), ban(bob.ID)
	tickle.Effect, shadow.Effect, everywhere.Rooms, backwards.Duration = "tickle", chat.Shadow, "", -1
	tests := map[string]struct {
		by   chat.Actor
		so   chat.SanctionOrder
		want string
	}{
		"a user":                    {ann, ban(bob.ID), "not_a_moderator"},
		"a moderator of other room": {elsewhere, ban(bob.ID), "room_forbidden"},
		"in all rooms":              {mod, everywhere, "not_a_moderator"},
		"a moderator, by moderator": {mod, ban(mod2.ID), "target_protected"},
		"oneself":                   {mod, ban(mod.ID), "target_protected"},
		"staff":                     {mod, ban(staff.ID), "target_protected"},
		"nobody":                    {mod, ban("bob"), "user_invalid"},
		"a made-up effect":          {mod, tickle, "effect_invalid"},
		"a shadow":                  {mod, shadow, "scope_missing"},
		"a time that ran backwards": {mod, backwards, "duration_invalid"},
		"a moderator, by staff":     {staff, ban(mod2.ID), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := w.Sanction(t.Context(), chat.Order{By: tt.by}, tt.so)
			wantCode(t, err, tt.want)
		})
	}
}

// A new Service, as after a restart, knows what stands.
func TestSanctionsSurviveRestart(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.sanction(t, chat.SanctionOrder{Target: on(ann), Rooms: string(room), Effect: chat.Ban})
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
	_, err := w.Lift(t.Context(), chat.Order{By: mod}, []chat.SanctionID{mute.ID})
	wantCode(t, err, "target_protected")
	if _, err := w.Lift(t.Context(), chat.Order{By: mod2}, []chat.SanctionID{mute.ID}); err != nil {
		t.Errorf("another moderator lifts it: %v", err)
	}
}

func TestConfigureIsForModerators(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	configure := func(by chat.Actor, p chat.SettingsPatch) (chat.Outcome, error) {
		return w.Configure(t.Context(), chat.Order{By: by}, chat.SetStep{Room: room, Patch: p})
	}
	_, err := configure(ann, chat.SettingsPatch{Title: ref("mine")})
	wantCode(t, err, "not_a_moderator")
	_, err = configure(mod, chat.SettingsPatch{MinLength: ref(600)})
	wantCode(t, err, "setting_invalid")
	out, err := configure(mod, chat.SettingsPatch{Title: ref("  Gen\u202eeral "), Topic: ref("t")})
	if err != nil || out.Room == nil || out.Room.Settings.Title != "General" {
		t.Errorf("the room became %+v, %v, want General", out.Room, err)
	}
	out, err = configure(mod, chat.SettingsPatch{Title: ref("General")})
	if err != nil || len(out.Events) != 0 {
		t.Errorf("setting what is set made %d events, %v, want none", len(out.Events), err)
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
}

func (l *ear) Event(e chat.Event) {
	if l.onEvent != nil {
		l.onEvent(e)
	}
}

func (l *ear) Signal(s chat.Signal) {
	if s.Control == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, *s.Control)
}

func (l *ear) control() []chat.ControlChange {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]chat.ControlChange(nil), l.heard...)
}

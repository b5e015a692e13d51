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
	ban, err := w.Sanction(t.Context(), mod, room, ann.ID, chat.Ban, time.Hour, "enough")
	if err != nil {
		t.Fatal(err)
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
	if got := heard.sanctions(); len(got) != 1 || got[0].Lifted {
		t.Errorf("the bell told %+v, want the ban", got)
	}

	_, err = w.Lift(t.Context(), mod, "other", ban.ID)
	wantCode(t, err, "sanction_not_found")
	if _, err := w.Lift(t.Context(), mod, room, ban.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.join(t, ann, "1", nil); err != nil {
		t.Errorf("a lifted ban still holds: %v", err)
	}
	_, err = w.Lift(t.Context(), mod, room, ban.ID)
	wantCode(t, err, "sanction_not_found")
}

func TestSanctionExpires(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	if _, err := w.Sanction(t.Context(), mod, room, ann.ID, chat.Mute, time.Minute, ""); err != nil {
		t.Fatal(err)
	}
	_, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "muted")
	w.pass(time.Minute)
	w.mustPost(t, ann, "hi again")
}

func TestSanctionEverywhere(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	_, err := w.Sanction(t.Context(), mod, "", guest.ID, chat.Ban, 0, "")
	wantCode(t, err, "not_a_moderator")
	if _, err := w.Sanction(t.Context(), staff, "", guest.ID, chat.Ban, 0, ""); err != nil {
		t.Fatal(err)
	}
	_, err = w.SignIn(t.Context(), guest)
	wantCode(t, err, "banned")
}

func TestSanctionRefuses(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	if _, err := w.join(t, mod2, "1", nil); err != nil {
		t.Fatal(err)
	}
	elsewhere := mod
	elsewhere.Rooms = []string{"other"}
	tests := map[string]struct {
		by     chat.Actor
		target chat.UserID
		e      chat.Effect
		d      time.Duration
		want   string
	}{
		"a user":                    {ann, bob.ID, chat.Ban, 0, "not_a_moderator"},
		"a moderator of other room": {elsewhere, bob.ID, chat.Ban, 0, "room_forbidden"},
		"a moderator, by moderator": {mod, mod2.ID, chat.Ban, 0, "user_protected"},
		"oneself":                   {mod, mod.ID, chat.Ban, 0, "user_invalid"},
		"staff":                     {mod, staff.ID, chat.Ban, 0, "user_protected"},
		"nobody":                    {mod, "bob", chat.Ban, 0, "user_invalid"},
		"a made-up effect":          {mod, bob.ID, "tickle", 0, "effect_invalid"},
		"a time that ran backwards": {mod, bob.ID, chat.Ban, -1, "duration_invalid"},
		"an age":                    {mod, bob.ID, chat.Ban, chat.MaxSanction + 1, "duration_invalid"},
		"a moderator, by staff":     {staff, mod2.ID, chat.Mute, time.Second, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := w.Sanction(t.Context(), tt.by, room, tt.target, tt.e, tt.d, "")
			wantCode(t, err, tt.want)
		})
	}
}

// A new Service, as after a restart, knows what stands.
func TestSanctionsSurviveRestart(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	if _, err := w.Sanction(t.Context(), staff, room, ann.ID, chat.Ban, 0, ""); err != nil {
		t.Fatal(err)
	}
	again, err := chat.New(t.Context(), w.Config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = again.Join(t.Context(), ann, "1", room, nil)
	wantCode(t, err, "banned")
}

func TestNobodyLiftsTheirOwn(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	mute, err := w.Sanction(t.Context(), staff, room, mod.ID, chat.Mute, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Lift(t.Context(), mod, room, mute.ID)
	wantCode(t, err, "user_protected")
	if _, err := w.Lift(t.Context(), mod2, room, mute.ID); err != nil {
		t.Errorf("another moderator lifts it: %v", err)
	}
}

func TestConfigureIsForModerators(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	_, err := w.Configure(t.Context(), ann, room, chat.SettingsPatch{Title: ref("mine")})
	wantCode(t, err, "not_a_moderator")
	_, err = w.Configure(t.Context(), mod, room, chat.SettingsPatch{MinLength: ref(600)})
	wantCode(t, err, "setting_invalid")
	e, err := w.Configure(t.Context(), mod, room, chat.SettingsPatch{Title: ref("  Gen\u202eeral "), Topic: ref("t")})
	if err != nil || e.Settings.Title == nil || *e.Settings.Title != "General" {
		t.Errorf("the title became %v, %v, want General", e.Settings.Title, err)
	}
	e, err = w.Configure(t.Context(), mod, room, chat.SettingsPatch{Title: ref("General")})
	if err != nil || e.Seq != 0 {
		t.Errorf("setting what is set made event %d, %v, want none", e.Seq, err)
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
	heard   []chat.SanctionChange
}

func (l *ear) Event(e chat.Event) {
	if l.onEvent != nil {
		l.onEvent(e)
	}
}

func (l *ear) Signal(s chat.Signal) {
	if s.Sanction == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, *s.Sanction)
}

func (l *ear) sanctions() []chat.SanctionChange {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]chat.SanctionChange(nil), l.heard...)
}

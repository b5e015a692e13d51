package chat_test

import (
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func (w *world) lock(t *testing.T, l chat.Lockdown) chat.Lockdown {
	t.Helper()
	if l.Until.IsZero() {
		l.Until = w.clock().Add(time.Hour)
	}
	out, err := w.LockDown(t.Context(), byStaff, l)
	if err != nil {
		t.Fatalf("LockDown: %v", err)
	}
	if len(out.Lockdowns) != 1 {
		t.Fatalf("the act made %d lock-downs, want 1", len(out.Lockdowns))
	}
	return out.Lockdowns[0]
}

func TestLockdowns(t *testing.T) {
	known, fresh := ann, bob
	known.FirstSeen, fresh.FirstSeen = time.Now().Add(-2*time.Hour), time.Now()
	tests := map[string]struct {
		l    chat.Lockdown
		by   chat.Actor
		want string // the second post's refusal
	}{
		"read only":                 {chat.Lockdown{Room: room, Level: chat.LockReadOnly}, known, "room_read_only"},
		"read only, everywhere":     {chat.Lockdown{Level: chat.LockReadOnly}, known, "room_read_only"},
		"read only, elsewhere":      {chat.Lockdown{Room: "other", Level: chat.LockReadOnly}, known, ""},
		"read only, for moderators": {chat.Lockdown{Room: room, Level: chat.LockReadOnly}, mod, ""},
		"read only, for staff":      {chat.Lockdown{Room: room, Level: chat.LockReadOnly}, staff, ""},
		"signed in, for guests":     {chat.Lockdown{Room: room, Level: chat.LockSignedIn}, guest, "guests_read_only"},
		"signed in, for users":      {chat.Lockdown{Room: room, Level: chat.LockSignedIn}, known, ""},
		"known, for the known":      {chat.Lockdown{Room: room, Level: chat.LockKnown, Interval: time.Hour}, known, ""},
		"known, for the new":        {chat.Lockdown{Room: room, Level: chat.LockKnown, Interval: time.Hour}, fresh, "not_known_yet"},
		"known, for moderators":     {chat.Lockdown{Room: room, Level: chat.LockKnown, Interval: time.Hour}, mod, ""},
		"slow":                      {chat.Lockdown{Room: room, Level: chat.LockSlow, Interval: time.Minute}, known, "slow_mode"},
		"slow, for moderators":      {chat.Lockdown{Room: room, Level: chat.LockSlow, Interval: time.Minute}, mod, ""},
		"no joins":                  {chat.Lockdown{Room: room, Level: chat.LockNoJoins}, known, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			l := w.lock(t, tt.l)
			var err error
			for range 2 {
				_, err = w.Post(t.Context(), tt.by, room, chat.Draft{Text: "hi"})
			}
			e := wantCode(t, err, tt.want)
			if tt.want != "" && e.RetryAfter <= 0 {
				t.Error("the refusal doesn't say how long to wait")
			}
			if _, err := w.Unlock(t.Context(), byStaff, l.ID); err != nil {
				t.Fatal(err)
			}
			if _, ok := w.LockdownOf(tt.l.Room); ok {
				t.Error("a lifted lock-down is told of")
			}
		})
	}
}

func TestALockdownEndsByItself(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.lock(t, chat.Lockdown{Room: room, Level: chat.LockReadOnly, Until: w.clock().Add(time.Minute)})
	_, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "room_read_only")
	j, err := w.join(t, ann, "1", nil)
	if err != nil || j.Lockdown == nil || j.Lockdown.Level != chat.LockReadOnly || j.Rights.Post {
		t.Errorf("on joining: %+v, %+v, %v, want the lock-down", j.Lockdown, j.Rights, err)
	}
	w.pass(time.Minute)
	w.mustPost(t, ann, "hi")
	if j, err = w.join(t, ann, "1", nil); err != nil || j.Lockdown != nil || !j.Rights.Post {
		t.Errorf("on joining after it: %+v, %+v, %v", j.Lockdown, j.Rights, err)
	}
}

// A new Service, as after a restart, knows what is locked.
func TestLockdownsSurviveRestart(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.lock(t, chat.Lockdown{Room: room, Level: chat.LockReadOnly})
	again, err := chat.New(t.Context(), w.Config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = again.Post(t.Context(), ann, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "room_read_only")
}

func TestNobodyComesInButWhoWasThere(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	j, err := w.join(t, ann, "ann-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	w.lock(t, chat.Lockdown{Room: room, Level: chat.LockNoJoins})
	w.mustPost(t, ann, "who is there writes")
	at := chat.Position{Epoch: j.Room.Epoch, Seq: j.Room.Seq}

	_, err = w.join(t, bob, "bob-1", nil)
	if e := wantCode(t, err, "room_locked"); e.Until.IsZero() {
		t.Error("room_locked doesn't say until when")
	}
	if _, n, _ := w.bell.Members(t.Context(), room, 10); n != 1 {
		t.Errorf("%d members after a join that was refused, want 1", n)
	}
	for who, by := range map[chat.SessionID]chat.Actor{"ann-2": ann, "mod-1": mod, "staff-1": staff} {
		if _, err := w.join(t, by, who, nil); err != nil {
			t.Errorf("%s can't come in: %v", who, err)
		}
	}
	w.Leave(t.Context(), "ann-1", room)
	w.Leave(t.Context(), "ann-2", room)
	w.pass(time.Minute)
	if _, err := w.join(t, ann, "ann-3", &at); err != nil {
		t.Errorf("who left a minute ago can't come back: %v", err)
	}
	w.Leave(t.Context(), "ann-3", room)
	w.pass(3 * time.Minute)
	_, err = w.join(t, ann, "ann-4", &at)
	wantCode(t, err, "room_locked")
	w.pass(time.Hour)
	if _, err := w.join(t, bob, "bob-2", nil); err != nil {
		t.Errorf("after the lock-down: %v", err)
	}
}

func TestRoomAccess(t *testing.T) {
	paid, free, vague := ann, bob, bob
	paid.Claims = map[string][]string{"plan": {"basic", "paid"}}
	free.Claims = map[string][]string{"plan": {"free"}}
	claim := chat.SettingsPatch{Access: ref(chat.AccessClaim), Claim: ref(chat.Claim{Name: "plan", Value: "paid"})}
	anyPlan := chat.SettingsPatch{Access: ref(chat.AccessClaim), Claim: ref(chat.Claim{Name: "plan"})}
	signedIn := chat.SettingsPatch{Access: ref(chat.AccessSignedIn)}
	staffOnly := chat.SettingsPatch{Access: ref(chat.AccessStaff)}
	tests := map[string]struct {
		set  chat.SettingsPatch
		by   chat.Actor
		want string
	}{
		"open":                        {chat.SettingsPatch{}, guest, ""},
		"signed in, a guest":          {signedIn, guest, "sign_in_required"},
		"signed in, a user":           {signedIn, ann, ""},
		"a claim, a guest":            {claim, guest, "access_denied"},
		"a claim, who has it":         {claim, paid, ""},
		"a claim, with another value": {claim, free, "access_denied"},
		"a claim, without":            {claim, vague, "access_denied"},
		"any value, with one":         {anyPlan, free, ""},
		"any value, without":          {anyPlan, vague, "access_denied"},
		"staff, a user":               {staffOnly, ann, "access_denied"},
		"staff, a moderator":          {staffOnly, mod, ""},
		"staff, staff":                {staffOnly, staff, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			w.set(t, tt.set)
			_, err := w.join(t, tt.by, "1", nil)
			wantCode(t, err, tt.want)
			_, err = w.Post(t.Context(), tt.by, room, chat.Draft{Text: "hi"})
			wantCode(t, err, tt.want)
			_, err = w.History(t.Context(), tt.by, room, chat.PageQuery{Before: 1 << 60, Limit: 1})
			wantCode(t, err, tt.want)
		})
	}
}

func TestAnArchivedRoom(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.mustPost(t, ann, "from before")
	if _, err := w.Archive(t.Context(), byStaff, room, true); err != nil {
		t.Fatal(err)
	}
	for _, by := range []chat.Actor{guest, ann, mod} {
		_, err := w.join(t, by, "1", nil)
		wantCode(t, err, "room_archived")
		_, err = w.Post(t.Context(), by, room, chat.Draft{Text: "hi"})
		wantCode(t, err, "room_archived")
	}
	p, err := w.History(t.Context(), staff, room, chat.PageQuery{Before: 1 << 60, Limit: 10})
	if err != nil || len(p.Messages) != 1 {
		t.Errorf("staff read %d messages, %v, want 1", len(p.Messages), err)
	}
	_, err = w.Post(t.Context(), staff, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "room_archived")
	if _, err := w.Archive(t.Context(), byStaff, room, false); err != nil {
		t.Fatal(err)
	}
	w.mustPost(t, ann, "hello again")
}

func TestStaffNeedAGrantToBeThere(t *testing.T) {
	viewer, elsewhere, speaker := staff, staff, staff
	viewer.Grant = chat.GrantOf(chat.Viewer, nil)
	elsewhere.Grant = chat.GrantOf(chat.StaffModerator, []string{"other*"})
	speaker.Grant = &chat.Grant{Scopes: []chat.Scope{chat.MessagesPost}}
	nobody := staff
	nobody.Grant = nil
	tests := map[string]struct {
		by                 chat.Actor
		post, read, people string
	}{
		"an owner":             {staff, "", "", ""},
		"a viewer":             {viewer, "scope_missing", "", ""},
		"of other rooms":       {elsewhere, "bound_rooms", "bound_rooms", "bound_rooms"},
		"a key that may speak": {speaker, "", "scope_missing", "scope_missing"},
		"without a grant":      {nobody, "bound_rooms", "bound_rooms", "bound_rooms"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			_, err := w.Post(t.Context(), tt.by, room, chat.Draft{Text: "hi"})
			wantCode(t, err, tt.post)
			_, err = w.History(t.Context(), tt.by, room, chat.PageQuery{Before: 1 << 60, Limit: 1})
			wantCode(t, err, tt.read)
			_, _, err = w.Members(t.Context(), tt.by, room, 1)
			wantCode(t, err, tt.people)
		})
	}
}

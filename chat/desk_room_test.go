package chat_test

import (
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestArchiveClearAndRemove(t *testing.T) {
	d := newDesk(t)
	d.mustPost(t, ann, "hi")
	d.arrive(t, ann, room)
	ctx := t.Context()
	for name, do := range map[string]func(o chat.Order) (chat.Outcome, error){
		"archive": func(o chat.Order) (chat.Outcome, error) { return d.Archive(ctx, o, room, true) },
		"clear":   func(o chat.Order) (chat.Outcome, error) { return d.Clear(ctx, o, room) },
		"remove":  func(o chat.Order) (chat.Outcome, error) { return d.RemoveRoom(ctx, o, room) },
	} {
		_, err := do(byMod(mod))
		wantCode(t, err, "scope_missing")
		_, err = do(chat.Order{By: staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"other"}))})
		wantCode(t, err, "bound_rooms")
		dry, err := do(chat.Order{By: staff, DryRun: true})
		if err != nil || dry.Impact.Sessions != 1 {
			t.Errorf("%s would hit %+v, %v, want Ann", name, dry.Impact, err)
		}
	}
	if got := d.texts(t); len(got) != 1 {
		t.Fatalf("dry runs left %q", got)
	}
	archived, err := d.Archive(ctx, byStaff, room, true)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Post(ctx, ann, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "room_archived")
	if _, err := d.Undo(ctx, byStaff, archived.Act.ID); err != nil {
		t.Fatal(err)
	}
	d.mustPost(t, ann, "back again")
	cleared, err := d.Clear(ctx, byStaff, room)
	if err != nil || cleared.Impact.Messages != 2 {
		t.Fatalf("cleared %+v, %v, want 2 messages", cleared.Impact, err)
	}
	if got := d.texts(t); len(got) != 0 {
		t.Errorf("a cleared room holds %q", got)
	}
	before, err := d.Room(ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Undo(ctx, byStaff, cleared.Act.ID); err != nil {
		t.Fatal(err)
	}
	if got := d.texts(t); len(got) != 2 {
		t.Errorf("after the undo the room holds %q", got)
	}
	if after, err := d.Room(ctx, room); err != nil || after.Epoch == before.Epoch {
		t.Errorf("its epoch is still %s, %v", after.Epoch, err)
	}
	if _, err := d.RemoveRoom(ctx, byStaff, room); err != nil {
		t.Fatal(err)
	}
	// Its name is free once it is empty, which takes a moment.
	if r, err := d.Room(ctx, room); err == nil && r.Stored || err != nil && chat.CodeOf(err) != "room_unknown" {
		t.Errorf("the room is still there: %+v, %v", r, err)
	}
	_, err = d.Clear(ctx, byStaff, room)
	wantCode(t, err, "room_unknown")
}

func TestConfigureAnswersStale(t *testing.T) {
	d := newDesk(t)
	made, err := d.Configure(t.Context(), byStaff, chat.SetStep{Room: room, New: true, Patch: chat.SettingsPatch{Title: ref("one")}})
	if err != nil || made.Act.Kind != chat.ActCreateRoom || made.Room == nil {
		t.Fatalf("made %+v, %v", made, err)
	}
	_, err = d.Configure(t.Context(), byStaff, chat.SetStep{Room: room, New: true})
	wantCode(t, err, "room_exists")
	v := made.Room.Version
	if _, err := d.Configure(t.Context(), byStaff, chat.SetStep{Room: room, IfVersion: v, Patch: chat.SettingsPatch{Title: ref("two")}}); err != nil {
		t.Fatal(err)
	}
	_, err = d.Configure(t.Context(), byStaff, chat.SetStep{Room: room, IfVersion: v, Patch: chat.SettingsPatch{Title: ref("three")}})
	if e := wantCode(t, err, "stale"); e.Kind != chat.Stale {
		t.Errorf("stale is of kind %d", e.Kind)
	}
	if r, err := d.ShowRoom(t.Context(), staff, room); err != nil || r.Settings.Title != "two" {
		t.Errorf("the title is %q, %v", r.Settings.Title, err)
	}
}

func TestLockDownSaysWhomItHits(t *testing.T) {
	d := newDesk(t)
	known := d.clock()
	d.arrive(t, ann, room)
	d.arrive(t, mod, room)
	d.pass(time.Hour)
	d.arrive(t, bob, "other")
	d.arrive(t, guest, room)
	until := d.clock().Add(10 * time.Minute)
	tests := map[string]struct {
		l    chat.Lockdown
		want int
	}{
		"slow":              {chat.Lockdown{Level: chat.LockSlow, Interval: time.Minute}, 3},
		"slow, here":        {chat.Lockdown{Room: room, Level: chat.LockSlow, Interval: time.Minute}, 2},
		"known":             {chat.Lockdown{Level: chat.LockKnown, Interval: 30 * time.Minute}, 2},
		"signed in":         {chat.Lockdown{Level: chat.LockSignedIn}, 1},
		"read only":         {chat.Lockdown{Level: chat.LockReadOnly}, 3},
		"no joins, nobody":  {chat.Lockdown{Level: chat.LockNoJoins}, 0},
		"an empty room too": {chat.Lockdown{Room: "empty", Level: chat.LockReadOnly}, 0},
	}
	for name, tt := range tests {
		tt.l.Until = until
		out, err := d.LockDown(t.Context(), chat.Order{By: staff, DryRun: true}, tt.l)
		if err != nil || out.Impact.Users != tt.want {
			t.Errorf("%s: hits %d users (%+v), %v, want %d", name, out.Impact.Users, out.Impact.Sample, err, tt.want)
		}
	}
	d.mustPost(t, ann, "nothing is locked")
	_ = known
}

func TestLockDownRefuses(t *testing.T) {
	d := newDesk(t)
	until := d.clock().Add(time.Hour)
	narrow := staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"gen*"}))
	tests := map[string]struct {
		by   chat.Actor
		l    chat.Lockdown
		want string
	}{
		"by a moderator in the chat": {mod, chat.Lockdown{Room: room, Level: chat.LockReadOnly, Until: until}, "scope_missing"},
		"all rooms, by a few":        {narrow, chat.Lockdown{Level: chat.LockReadOnly, Until: until}, "bound_rooms"},
		"a made-up level":            {staff, chat.Lockdown{Level: "nap", Until: until}, "lockdown_invalid"},
		"slow without a time":        {staff, chat.Lockdown{Level: chat.LockSlow, Until: until}, "lockdown_invalid"},
		"read only with a time":      {staff, chat.Lockdown{Level: chat.LockReadOnly, Interval: time.Second, Until: until}, "lockdown_invalid"},
		"over already":               {staff, chat.Lockdown{Level: chat.LockReadOnly, Until: d.clock()}, "duration_invalid"},
		"for good":                   {staff, chat.Lockdown{Level: chat.LockReadOnly, Until: d.clock().Add(2 * chat.MaxLockdown)}, "duration_invalid"},
		"one's own room":             {narrow, chat.Lockdown{Room: room, Level: chat.LockReadOnly, Until: until}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := d.LockDown(t.Context(), chat.Order{By: tt.by, DryRun: true}, tt.l)
			wantCode(t, err, tt.want)
		})
	}
}

func TestUnlock(t *testing.T) {
	d := newDesk(t)
	until := d.clock().Add(time.Hour)
	narrow := chat.Order{By: staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"other"}))}
	here, err := d.LockDown(t.Context(), byStaff, chat.Lockdown{Room: room, Level: chat.LockReadOnly, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	all, err := d.LockDown(t.Context(), byStaff, chat.Lockdown{Level: chat.LockSignedIn, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Unlock(t.Context(), narrow, here.Lockdowns[0].ID)
	wantCode(t, err, "lockdown_not_found")
	_, err = d.Unlock(t.Context(), narrow, all.Lockdowns[0].ID)
	wantCode(t, err, "bound_rooms")
	if got, err := d.ListLockdowns(t.Context(), narrow.By); err != nil || len(got) != 1 {
		t.Errorf("who is limited sees %d lock-downs, %v, want that of all rooms", len(got), err)
	}
	if _, err := d.Unlock(t.Context(), byStaff, here.Lockdowns[0].ID); err != nil {
		t.Fatal(err)
	}
	d.mustPost(t, ann, "open again")
	_, err = d.Unlock(t.Context(), byStaff, here.Lockdowns[0].ID)
	wantCode(t, err, "lockdown_not_found")
	if _, err := d.Undo(t.Context(), byStaff, all.Act.ID); err != nil {
		t.Fatal(err)
	}
	d.mustPost(t, guest, "me too")
}

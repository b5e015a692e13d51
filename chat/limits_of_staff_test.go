package chat_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func key(longest time.Duration, scopes ...chat.Scope) chat.Order {
	return chat.Order{By: staffWith("k:1", &chat.Grant{Scopes: scopes, LongestBan: longest})}
}

func done(t *testing.T, out chat.Outcome, err error) chat.Outcome {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Who takes something back does it as if they did it themselves.
func TestUndoNeedsWhatItPutsBack(t *testing.T) {
	d := newDesk(t)
	var n int
	order := func(so chat.SanctionOrder) chat.SanctionOrder { // of nobody known, each of another
		n++
		so.Target, so.Effect = &chat.Target{User: chat.UserID(fmt.Sprintf("u:%d", n))}, chat.Mute
		return so
	}
	lifted := func(so chat.SanctionOrder) chat.ActID {
		x := d.sanction(t, so)
		out, err := d.Lift(t.Context(), byStaff, []chat.SanctionID{x.ID})
		return done(t, out, err).Act.ID
	}
	made := d.sanction(t, order(chat.SanctionOrder{})).Act
	long := d.sanction(t, order(chat.SanctionOrder{}))
	out, err := d.AlterSanction(t.Context(), byStaff, chat.AlterStep{ID: long.ID, Expires: ref(d.clock().Add(time.Minute))})
	shortened := done(t, out, err).Act.ID
	lock := d.lock(t, chat.Lockdown{Room: room, Level: chat.LockReadOnly})
	out, err = d.Unlock(t.Context(), byStaff, lock.ID)
	unlocked := done(t, out, err).Act.ID
	d.arrive(t, mod, "other") // as a moderator of the chat
	out, err = d.AddNote(t.Context(), byStaff, ann.ID, "hm")
	if err != nil { // Ann has to be known
		d.arrive(t, ann, room)
		if err := d.WriteSightings(t.Context()); err != nil {
			t.Fatal(err)
		}
		out, err = d.AddNote(t.Context(), byStaff, ann.ID, "hm")
	}
	note := done(t, out, err).Act.ID
	forGood, brief := lifted(order(chat.SanctionOrder{})), lifted(order(chat.SanctionOrder{Duration: 50 * time.Second}))
	onMod := lifted(chat.SanctionOrder{Target: on(mod), Effect: chat.Mute, Rooms: "general"})
	both := []chat.Scope{chat.ActsUndo, chat.SanctionsWrite}
	mel := chat.Order{By: staffWith("s:mel", chat.GrantOf(chat.StaffModerator, nil))}
	tests := map[string]struct {
		by   chat.Order
		act  chat.ActID
		want string
	}{
		"a lifting, without sanctions:write":       {key(0, chat.ActsUndo), forGood, "scope_missing"},
		"a sanction, without sanctions:write":      {key(0, chat.ActsUndo), made, "scope_missing"},
		"a sanction for good, by a bounded key":    {key(time.Minute, both...), forGood, "bound_duration"},
		"a sanction within the bound":              {key(time.Minute, both...), brief, ""},
		"for good, by who is unbounded":            {key(0, both...), forGood, ""},
		"the making of one, by a bounded key":      {key(time.Minute, both...), made, ""},
		"an end that comes later, by a bound":      {key(time.Hour, both...), shortened, "bound_duration"},
		"a lock-down, without rooms:write":         {key(0, both...), unlocked, "scope_missing"},
		"a lock-down, by a bounded key":            {key(time.Minute, chat.ActsUndo, chat.RoomsWrite), unlocked, "bound_duration"},
		"a lock-down within the bound":             {key(2*time.Hour, chat.ActsUndo, chat.RoomsWrite), unlocked, ""},
		"a note, without users:write":              {key(0, both...), note, "scope_missing"},
		"a sanction on a moderator, by their like": {mel, onMod, "target_protected"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.by.DryRun = true
			_, err := d.Undo(t.Context(), tt.by, tt.act)
			wantCode(t, err, tt.want)
		})
	}
	dry := key(time.Minute, both...)
	dry.DryRun = true
	all, err := d.PreviewUndoSince(t.Context(), dry, staff.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	codes := make(map[string]int)
	for _, x := range all.Skipped {
		codes[x.Code]++
	}
	if codes["bound_duration"] < 2 || codes["scope_missing"] < 2 {
		t.Errorf("the preview leaves %v, want what is out of the key's bounds", codes)
	}
}

func TestLockdownsAreBoundedLikeSanctions(t *testing.T) {
	d := newDesk(t)
	o := key(time.Minute, chat.RoomsWrite)
	_, err := d.LockDown(t.Context(), o, chat.Lockdown{Level: chat.LockReadOnly, Until: d.clock().Add(2 * time.Minute)})
	wantCode(t, err, "bound_duration")
	if _, err := d.LockDown(t.Context(), o, chat.Lockdown{Level: chat.LockReadOnly, Until: d.clock().Add(time.Minute)}); err != nil {
		t.Error(err)
	}
}

// A PUT may be repeated, whatever time has passed.
func TestPuttingTheSameSanctionAgain(t *testing.T) {
	d := newDesk(t)
	o := key(time.Minute, chat.SanctionsWrite, chat.SanctionsRead)
	so := chat.SanctionOrder{ID: chat.SanctionID(d.NewID()), Target: on(ann), Effect: chat.Mute, Duration: time.Minute}
	first, err := d.Sanction(t.Context(), o, so)
	first = done(t, first, err)
	d.pass(30 * time.Second)
	if _, err := d.Sanction(t.Context(), o, so); err != nil {
		t.Fatalf("the same again: %v", err)
	}
	x, err := d.ShowSanction(t.Context(), staff, so.ID)
	if err != nil || !x.Expires.Equal(first.Sanctions[0].Expires) || x.Version != 1 {
		t.Errorf("it ends at %s in version %d, %v, want as before", x.Expires, x.Version, err)
	}
	so.Duration = 50 * time.Second // from now on
	if _, err := d.Sanction(t.Context(), o, so); err != nil {
		t.Fatal(err)
	}
	if x, err = d.ShowSanction(t.Context(), staff, so.ID); err != nil || !x.Expires.Equal(d.clock().Add(so.Duration).Truncate(time.Millisecond)) {
		t.Errorf("it ends at %s, %v, want in 50 s", x.Expires, err)
	}
	_, err = d.AlterSanction(t.Context(), o, chat.AlterStep{ID: so.ID, Expires: ref(d.clock().Add(time.Minute))})
	wantCode(t, err, "bound_duration") // as it would hold longer than the key's longest
}

func TestAnotherRoomsSanctionIsNotThere(t *testing.T) {
	d := newDesk(t)
	so := chat.SanctionOrder{ID: chat.SanctionID(d.NewID()), Target: on(ann), Effect: chat.Mute, Rooms: "other"}
	d.sanction(t, so)
	so.Rooms = "general"
	_, err := d.Sanction(t.Context(), chat.Order{By: limited("s:mia", "general")}, so)
	wantCode(t, err, "sanction_not_found")
}

func TestWhatAccompaniesABanEndsWithIt(t *testing.T) {
	d := newDesk(t)
	plain := guest
	plain.Tokenless = true
	d.arrive(t, plain, room)
	so := chat.SanctionOrder{ID: chat.SanctionID(d.NewID()), Target: on(guest), Effect: chat.Ban, Duration: time.Hour}
	made, err := d.Sanction(t.Context(), byStaff, so)
	if made = done(t, made, err); len(made.Sanctions) != 3 {
		t.Fatalf("made %d sanctions, want 3", len(made.Sanctions))
	}
	alter := func(want time.Time, do func() (chat.Outcome, error)) {
		t.Helper()
		out, err := do()
		done(t, out, err)
		all, err := d.ListSanctions(t.Context(), staff, chat.SanctionQuery{Limit: 10, Standing: ref(true)})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			if asBan := x.Effect == chat.Ban; asBan != x.Expires.Equal(want.Truncate(time.Millisecond)) {
				t.Errorf("%s of %+v ends at %s, the ban at %s", x.Effect, x.Target, x.Expires, want)
			}
		}
		if len(all) != 3 {
			t.Errorf("%d stand, want 3", len(all))
		}
	}
	alter(d.clock().Add(2*time.Hour), func() (chat.Outcome, error) {
		return d.AlterSanction(t.Context(), byStaff, chat.AlterStep{ID: so.ID, Expires: ref(d.clock().Add(2 * time.Hour))})
	})
	alter(d.clock().Add(3*time.Hour), func() (chat.Outcome, error) {
		so.Duration = 3 * time.Hour
		return d.Sanction(t.Context(), byStaff, so)
	})
}

func TestWhoIsLimitedRemovesTheirOwnNotes(t *testing.T) {
	d := newDesk(t)
	d.arrive(t, ann, room)
	if err := d.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	mia := chat.Order{By: limited("s:mia", "general")}
	for _, o := range []chat.Order{byStaff, mia} {
		out, err := d.AddNote(t.Context(), o, ann.ID, "hm")
		done(t, out, err)
	}
	notes, err := d.ListNotes(t.Context(), staff, ann.ID, "", 10)
	if err != nil || len(notes) != 2 {
		t.Fatalf("%d notes, %v", len(notes), err)
	}
	_, err = d.RemoveNote(t.Context(), mia, ann.ID, notes[1].ID)
	wantCode(t, err, "bound_rooms")
	_, err = d.RemoveNote(t.Context(), mia, ann.ID, "0192")
	wantCode(t, err, "note_not_found")
	out, err := d.RemoveNote(t.Context(), mia, ann.ID, notes[0].ID)
	done(t, out, err)
	out, err = d.RemoveNote(t.Context(), byStaff, ann.ID, notes[1].ID)
	done(t, out, err)
}

func TestModeratorsAreNotDisconnectedByTheirLike(t *testing.T) {
	d := newDesk(t)
	l, other := d.arrive(t, mod, room), d.arrive(t, ann, room)
	mel := chat.Order{By: limited("s:mel", "general")}
	_, err := d.Disconnect(t.Context(), mel, []chat.SessionID{l.ID}, nil)
	wantCode(t, err, "target_protected")
	out, err := d.Disconnect(t.Context(), mel, []chat.SessionID{l.ID, other.ID}, nil)
	if out = done(t, out, err); len(out.Failed) != 1 || out.Failed[0].ID != string(l.ID) || out.Impact.Sessions != 1 {
		t.Errorf("failed %+v, ended %d, want the moderator left and Ann gone", out.Failed, out.Impact.Sessions)
	}
	out, err = d.Disconnect(t.Context(), byStaff, []chat.SessionID{l.ID}, nil)
	done(t, out, err)
}

func TestOwnersAreOwnersOfEverything(t *testing.T) {
	d := newDesk(t)
	a := chat.StaffAccount{Name: "admin", Role: chat.Owner, PasswordHash: "x", CreatedAt: d.clock(), Version: 1}
	if err := d.Accounts.FirstStaff(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	_, err := d.ChangeStaff(t.Context(), byStaff, "admin", chat.StaffPatch{Rooms: &[]string{"ra"}}, 0)
	wantCode(t, err, "rooms_invalid")
	_, err = d.Invite(t.Context(), byStaff, chat.Invite{
		ID: "1", Hash: []byte("h"), Role: chat.Owner, Rooms: []string{"ra"}, ExpiresAt: d.clock().Add(time.Hour),
	})
	wantCode(t, err, "rooms_invalid")
}

// How one logs in takes more than a session.
func TestNobodyResetsTheirOwnLogIn(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"admin", "mel"} {
		a := chat.StaffAccount{Name: name, Role: chat.Owner, PasswordHash: "x", CreatedAt: d.clock(), Version: 1}
		if err := d.Accounts.FirstStaff(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.ResetPassword(t.Context(), byStaff, "admin", "y")
	wantCode(t, err, "staff_protected")
	_, err = d.ResetTOTP(t.Context(), byStaff, "admin")
	wantCode(t, err, "staff_protected")
	out, err := d.ResetPassword(t.Context(), byStaff, "mel", "y")
	done(t, out, err)
	out, err = d.ResetTOTP(t.Context(), byStaff, "mel")
	done(t, out, err)
}

// asked counts what is asked of the directory.
type asked struct {
	chat.Directory
	rooms int
}

func (a *asked) Rooms(ctx context.Context, q chat.RoomQuery) ([]chat.Room, error) {
	a.rooms++
	return a.Directory.Rooms(ctx, q)
}

func TestOccupiedRoomsAreFoundAtOnce(t *testing.T) {
	d := newDesk(t)
	for i := range 40 {
		id := chat.RoomID(fmt.Sprintf("r%02d", i))
		out, err := d.Configure(t.Context(), byStaff, chat.SetStep{Room: id, Patch: chat.SettingsPatch{Title: ref(fmt.Sprint("Title ", i%2))}})
		done(t, out, err)
		if i >= 37 {
			if _, err := d.Join(t.Context(), ann, "1", id, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	a := &asked{Directory: d.Directory}
	d.Directory = a
	for name, tt := range map[string]struct {
		by       chat.Actor
		q        chat.RoomQuery
		occupied bool
		want     string
	}{
		"occupied":             {staff, chat.RoomQuery{Limit: 1}, true, "[r37]"},
		"the next":             {staff, chat.RoomQuery{Limit: 2, After: "r37"}, true, "[r38 r39]"},
		"by title":             {staff, chat.RoomQuery{Limit: 5, Text: "title 1"}, true, "[r37 r39]"},
		"in their rooms":       {limited("s:mia", "*8"), chat.RoomQuery{Limit: 5}, true, "[r38]"},
		"archived":             {staff, chat.RoomQuery{Limit: 5, Archived: ref(true)}, true, "[]"},
		"empty, after the end": {staff, chat.RoomQuery{Limit: 1, After: "r36"}, false, "[]"},
		"empty":                {staff, chat.RoomQuery{Limit: 1, After: "r35"}, false, "[r36]"},
	} {
		t.Run(name, func(t *testing.T) {
			a.rooms = 0
			rooms, err := d.ListRooms(t.Context(), tt.by, tt.q, &tt.occupied)
			if err != nil {
				t.Fatal(err)
			}
			got := []chat.RoomID{}
			for _, r := range rooms {
				got = append(got, r.ID)
			}
			if fmt.Sprint(got) != tt.want || a.rooms != 1 {
				t.Errorf("got %v in %d queries, want %s in one", got, a.rooms, tt.want)
			}
		})
	}
}

func TestImportLooksAtTheConnectionsOnce(t *testing.T) {
	d := newDesk(t)
	l := d.arrive(t, ann, room)
	var all []chat.SanctionOrder
	for i := range 50 {
		all = append(all, chat.SanctionOrder{Target: &chat.Target{Alias: d.Alias(visitor(i, "").Addr)}, Effect: chat.Mute})
	}
	d.lists = 0
	out, err := d.ImportSanctions(t.Context(), byStaff, append(all, chat.SanctionOrder{Target: on(l.Actor), Effect: chat.Mute}))
	if out = done(t, out, err); len(out.Sanctions) != 51 || out.Impact.Sessions != 1 || d.lists > 3 {
		t.Errorf("made %d sanctions on %d sessions, listed %d times", len(out.Sanctions), out.Impact.Sessions, d.lists)
	}
}

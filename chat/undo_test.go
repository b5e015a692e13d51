package chat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestUndoOfAPurgeLeavesWhatOthersChanged(t *testing.T) {
	d := newDesk(t)
	var ids []chat.MessageID
	for _, text := range []string{"one", "two", "three", "four"} {
		ids = append(ids, d.mustPost(t, ann, text).ID)
	}
	if _, err := d.Delete(t.Context(), byMod(mod), room, ids[:1]); err != nil { // before the purge
		t.Fatal(err)
	}
	purge, err := d.Purge(t.Context(), byStaff, chat.PurgeOrder{Selection: chat.Selection{Users: []chat.UserID{ann.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Delete(t.Context(), byMod(mod), room, ids[1:2]); err != nil { // after it
		t.Fatal(err)
	}
	if _, err := d.Restore(t.Context(), byMod(mod), room, ids[2:3]); err != nil {
		t.Fatal(err)
	}
	if got := d.texts(t); !slices.Equal(got, []string{"three"}) {
		t.Fatalf("before the undo the room holds %q", got)
	}

	undo, err := d.Undo(t.Context(), byStaff, purge.Act.ID)

	if err != nil {
		t.Fatal(err)
	}
	if got := d.texts(t); !slices.Equal(got, []string{"three", "four"}) {
		t.Errorf("after the undo the room holds %q, want what nobody else hid", got)
	}
	_, err = d.Undo(t.Context(), byStaff, purge.Act.ID)
	wantCode(t, err, "already_undone")
	redo, err := d.Undo(t.Context(), byStaff, undo.Act.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.texts(t); slices.Contains(got, "four") {
		t.Errorf("after the undo of the undo the room holds %q", got)
	}
	if a, err := d.ShowAct(t.Context(), staff, undo.Act.ID); err != nil || a.UndoneBy != redo.Act.ID || a.Undoes != purge.Act.ID {
		t.Errorf("the record of the undo is %+v, %v", a, err)
	}
}

func TestUndoOfSanctions(t *testing.T) {
	d := newDesk(t)
	ban, err := d.Sanction(t.Context(), byStaff, chat.SanctionOrder{Target: on(ann), Effect: chat.Ban})
	if err != nil {
		t.Fatal(err)
	}
	lift, err := d.Lift(t.Context(), byStaff, []chat.SanctionID{ban.Sanctions[0].ID})
	if err != nil {
		t.Fatal(err)
	}
	d.arrive(t, ann, room)
	undo, err := d.Undo(t.Context(), byStaff, lift.Act.ID)
	if err != nil || len(undo.Sanctions) != 1 || undo.Impact.Sessions != 1 {
		t.Fatalf("the undo of the lift: %+v, %v, want the ban and Ann's session", undo.Impact, err)
	}
	_, err = d.SignIn(t.Context(), ann)
	wantCode(t, err, "banned")
	if got := d.controls(); len(got) != 3 || len(got[2].Sanctions) != 1 {
		t.Errorf("the bell told %d changes, want the ban that holds again", len(got))
	}
}

func TestWhoUndoesWhat(t *testing.T) {
	d := newDesk(t)
	m := d.mustPost(t, ann, "hi")
	here, err := d.Delete(t.Context(), byStaff, room, []chat.MessageID{m.ID})
	if err != nil {
		t.Fatal(err)
	}
	everywhere := d.sanction(t, chat.SanctionOrder{Target: on(bob), Effect: chat.Mute}).Act
	invite := chat.Deed{
		Act: chat.Act{ID: chat.ActID(d.NewID()), At: d.clock(), By: staff.ID, Via: chat.ViaDashboard, Kind: chat.ActInvite},
		Steps: []chat.Step{chat.AddInviteStep{Invite: chat.Invite{
			ID: d.NewID(), Hash: []byte("h"), Role: chat.Viewer, By: staff.ID, CreatedAt: d.clock(), ExpiresAt: d.clock().Add(time.Hour),
		}}},
	}
	done := make(chan error, 1)
	d.Ledger.Enact(t.Context(), invite, func(_ chat.Enacted, err error) { done <- err })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		by   chat.Actor
		act  chat.ActID
		want string
	}{
		"a viewer":                       {staffWith("s:v", chat.GrantOf(chat.Viewer, nil)), here.Act.ID, "scope_missing"},
		"a moderator in the chat":        {mod, here.Act.ID, "scope_missing"},
		"a moderator of another room":    {staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"other"})), here.Act.ID, "act_not_found"},
		"what is everywhere, by a few":   {staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"general"})), everywhere, "act_not_found"},
		"nothing":                        {staff, "0192", "act_not_found"},
		"what is about staff, by admins": {staffWith("s:a", chat.GrantOf(chat.Admin, nil)), invite.Act.ID, "scope_missing"},
		"by a key":                       {staffWith("k:1", &chat.Grant{Scopes: chat.Scopes()}), invite.Act.ID, "scope_missing"},
		"by the owner":                   {staff, invite.Act.ID, ""},
		"a moderator of this room":       {staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"general"})), here.Act.ID, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := d.Undo(t.Context(), chat.Order{By: tt.by, DryRun: true}, tt.act)
			wantCode(t, err, tt.want)
		})
	}
}

func TestUndoSince(t *testing.T) {
	d := newDesk(t)
	rogue := staffWith("s:rogue", chat.GrantOf(chat.StaffModerator, nil))
	m1, m2 := d.mustPost(t, ann, "one"), d.mustPost(t, ann, "two")
	must := func(out chat.Outcome, err error) chat.Outcome {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	early := must(d.Delete(t.Context(), chat.Order{By: rogue}, room, []chat.MessageID{m1.ID}))
	d.pass(time.Minute)
	since := d.clock()
	mute := must(d.Sanction(t.Context(), byStaff, chat.SanctionOrder{Target: on(bob), Effect: chat.Mute}))
	must(d.Delete(t.Context(), chat.Order{By: rogue}, room, []chat.MessageID{m2.ID}))
	must(d.Sanction(t.Context(), chat.Order{By: rogue}, chat.SanctionOrder{Target: on(ann), Effect: chat.Ban}))
	must(d.Undo(t.Context(), chat.Order{By: rogue}, mute.Act.ID)) // takes back what the owner did
	must(d.SendNotice(t.Context(), chat.Order{By: rogue}, nil, "", "ha ha"))
	must(d.LockDown(t.Context(), chat.Order{By: rogue}, chat.Lockdown{Level: chat.LockReadOnly, Until: since.Add(time.Hour)}))
	d.pass(time.Minute)

	var steps int
	made, err := d.UndoSince(t.Context(), byStaff, rogue.ID, since, func(done int, failed []chat.Failure) bool {
		steps = done
		if done == 5 && (len(failed) != 1 || failed[0].Why.Code != "not_undoable") {
			t.Errorf("failed %+v, want the notice alone", failed)
		}
		return true
	})

	if err != nil || steps != 5 || len(made) != 4 {
		t.Fatalf("did %d, made %d undos, %v, want 5 and 4", steps, len(made), err)
	}
	if got := d.texts(t); !slices.Equal(got, []string{"two"}) {
		t.Errorf("the room holds %q, want what was deleted since", got)
	}
	if _, err := d.SignIn(t.Context(), ann); err != nil {
		t.Errorf("Ann: %v", err)
	}
	_, err = d.Post(t.Context(), bob, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "muted")
	if a, err := d.ShowAct(t.Context(), staff, early.Act.ID); err != nil || a.UndoneBy != "" {
		t.Errorf("what was done before is %+v, %v", a, err)
	}

	stopped := 0
	if _, err := d.UndoSince(t.Context(), byStaff, staff.ID, since, func(int, []chat.Failure) bool { stopped++; return false }); err != nil || stopped != 1 {
		t.Errorf("told to stop, it went on for %d acts, %v", stopped, err)
	}
}

// What somebody took back themselves is back, and stays so.
func TestUndoSinceKnowsWhatWasTakenBack(t *testing.T) {
	d := newDesk(t)
	o := chat.Order{By: staffWith("s:rogue", chat.GrantOf(chat.StaffModerator, nil))}
	since := d.clock()
	undo := func(a chat.ActID) chat.ActID {
		t.Helper()
		out, err := d.Undo(t.Context(), o, a)
		if err != nil {
			t.Fatal(err)
		}
		return out.Act.ID
	}
	for _, text := range []string{"never", "once", "twice", "thrice"} {
		d.mustPost(t, ann, text)
	}
	for i, m := range d.messages(t) {
		out, err := d.Delete(t.Context(), o, room, []chat.MessageID{m})
		if err != nil {
			t.Fatal(err)
		}
		for id := out.Act.ID; i > 0; i-- {
			id = undo(id)
		}
	}
	if got := d.texts(t); !slices.Equal(got, []string{"once", "thrice"}) {
		t.Fatalf("before, the room holds %q", got)
	}
	made, err := d.UndoSince(t.Context(), byStaff, o.By.ID, since, func(_ int, failed []chat.Failure) bool {
		if len(failed) > 0 {
			t.Errorf("failed: %+v", failed)
		}
		return true
	})
	if err != nil || len(made) != 2 {
		t.Errorf("made %d undos, %v, want 2", len(made), err)
	}
	if got := d.texts(t); !slices.Equal(got, []string{"never", "once", "twice", "thrice"}) {
		t.Errorf("the room holds %q, want all", got)
	}
}

func (d *desk) messages(t *testing.T) []chat.MessageID {
	t.Helper()
	p, err := d.History(t.Context(), ann, room, chat.PageQuery{Before: 1 << 60, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	var ids []chat.MessageID
	for _, m := range p.Messages {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestSomeActsCantBeUndone(t *testing.T) {
	d := newDesk(t)
	out, err := d.SendNotice(t.Context(), byStaff, nil, "", "hear, hear")
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Undo(t.Context(), byStaff, out.Act.ID)
	wantCode(t, err, "not_undoable")
}

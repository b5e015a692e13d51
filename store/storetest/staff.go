package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

// decree enacts steps as one act of a moderator.
func (f *fixture) decree(kind chat.ActKind, steps ...chat.Step) (chat.Enacted, error) {
	f.t.Helper()
	type answer struct {
		chat.Enacted
		err error
	}
	got := make(chan answer, 2)
	f.Enact(context.Background(), chat.Deed{
		Act:   chat.Act{ID: chat.ActID(newID()), At: f.clock.Now(), By: mod, Via: chat.ViaDashboard, Kind: kind},
		Steps: steps,
	}, func(e chat.Enacted, err error) { got <- answer{e, err} })
	a := wait(f.t, got)
	return a.Enacted, a.err
}

// must enacts what can't be refused.
func (f *fixture) must(kind chat.ActKind, steps ...chat.Step) chat.Enacted {
	f.t.Helper()
	e, err := f.decree(kind, steps...)
	if err != nil {
		f.t.Fatalf("%s: got %v, want it done", kind, err)
	}
	return e
}

// undone takes an act back and returns what the undo came to.
func (f *fixture) undone(e chat.Enacted) chat.Enacted {
	f.t.Helper()
	return f.must(chat.ActUndo, chat.UndoStep{ID: e.Act.ID})
}

// wantEffects compares the effects of an act, each as "what subject before after count".
func wantEffects(t testing.TB, what string, e chat.Enacted, want ...string) {
	t.Helper()
	var got []string
	for _, x := range e.Act.Effects {
		parts := []string{x.What, x.Subject, x.Before, x.After}
		if x.Count > 0 {
			parts = append(parts, fmt.Sprint(x.Count))
		}
		got = append(got, strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: effects (-want +got):\n%s", what, diff)
	}
}

// wantSkipped compares the codes of what an act left alone.
func wantSkipped(t testing.TB, what string, e chat.Enacted, want ...string) {
	t.Helper()
	var got []string
	for _, x := range e.Skipped {
		got = append(got, x.What+" "+x.Code)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: skipped (-want +got):\n%s", what, diff)
	}
}

func account(name string, role chat.StaffRole) chat.StaffAccount {
	return chat.StaffAccount{Name: name, Role: role, PasswordHash: "$argon2id$" + name, CreatedAt: noon, Version: 1}
}

func session(staff, token string) chat.StaffSession {
	return chat.StaffSession{ID: newID(), Staff: staff, Hash: []byte(token), CreatedAt: noon, SeenAt: noon, RotatedAt: noon,
		ExpiresAt: noon.Add(time.Hour), Addr: "192.0.2.1", Agent: "browser"}
}

func testStaff(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	_, err := f.Staff(ctx, "admin")
	wantCode(t, "an account that isn't there", err, "staff_not_found")
	admin := account("admin", chat.Owner)
	admin.MustChange, admin.TOTPSecret, admin.Recovery = true, []byte{0, 255}, [][]byte{{2}, {1}}
	admin.Rooms = []string{"a", "b-*"}
	if err := f.FirstStaff(ctx, admin); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "a second account of the name", f.FirstStaff(ctx, account("admin", chat.Viewer)), "staff_exists")
	if got, err := f.Staff(ctx, "admin"); err != nil || !cmp.Equal(got, admin) {
		t.Errorf("Staff: %v (-want +got):\n%s", err, cmp.Diff(admin, got))
	}
	for _, name := range []string{"b", "B", "a.b", "a-b", "a_b", "z"} {
		f.must(chat.ActJoinStaff, chat.AddStaffStep{Account: account(name, chat.Viewer)})
	}
	var names []string
	for after := ""; ; after = names[len(names)-1] {
		some, err := f.ListStaff(ctx, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range some {
			names = append(names, a.Name)
		}
		if len(some) < 2 {
			break
		}
	}
	if got, want := strings.Join(names, " "), "B a-b a.b a_b admin b z"; got != want {
		t.Errorf("accounts by name: got %s, want %s", got, want)
	}
	if n, err := f.CountStaff(ctx); err != nil || n != 7 {
		t.Errorf("CountStaff: got %d, %v, want 7", n, err)
	}
}

// testFactors: of many who come with one factor at once, one is let in.
func testFactors(t *testing.T, b Backend) {
	f := start(t, b)
	a := account("admin", chat.Owner)
	a.TOTPSecret, a.Recovery = []byte("secret"), [][]byte{{1}, {2}, {3}}
	if err := f.FirstStaff(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	use := func(what string, step int64, code []byte, want int32) {
		t.Helper()
		var wg sync.WaitGroup
		var used atomic.Int32
		for range 8 {
			wg.Go(func() {
				ok, err := f.UseFactor(t.Context(), "admin", step, code)
				if err != nil {
					t.Errorf("UseFactor: %v", err)
				}
				if ok {
					used.Add(1)
				}
			})
		}
		wg.Wait()
		if got := used.Load(); got != want {
			t.Errorf("%s: got used %d times, want %d", what, got, want)
		}
	}
	use("a time step", 7, nil, 1)
	use("the same again", 7, nil, 0)
	use("an earlier one", 6, nil, 0)
	use("a later one", 8, nil, 1)
	use("a recovery code", 0, []byte{2}, 1)
	use("an unknown one", 0, []byte{9}, 0)
	if got, err := f.Staff(t.Context(), "admin"); err != nil || got.TOTPStep != 8 || !cmp.Equal(got.Recovery, [][]byte{{1}, {3}}) {
		t.Errorf("got step %d and codes %v, %v, want 8 and those that weren't used", got.TOTPStep, got.Recovery, err)
	}
}

func testStaffSessions(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	wantCode(t, "a session of nobody", f.AddSession(ctx, session("admin", "x")), "staff_not_found")
	if err := f.FirstStaff(ctx, account("admin", chat.Owner)); err != nil {
		t.Fatal(err)
	}
	one, two := session("admin", "one"), session("admin", "two")
	two.CreatedAt = noon.Add(time.Second)
	for _, x := range []chat.StaffSession{one, two} {
		if err := f.AddSession(ctx, x); err != nil {
			t.Fatal(err)
		}
	}
	find := func(token string, at time.Time, want string) chat.StaffSession {
		t.Helper()
		got, err := f.SessionByHash(ctx, []byte(token), at)
		if want == "" {
			wantCode(t, "the session of "+token, err, "session_not_found")
		} else if err != nil || got.ID != want {
			t.Errorf("the session of %s: got %q, %v, want %q", token, got.ID, err, want)
		}
		return got
	}
	if got := find("one", noon, one.ID); !cmp.Equal(got, one) {
		t.Errorf("SessionByHash (-want +got):\n%s", cmp.Diff(one, got))
	}
	find("one", noon.Add(time.Hour), "")
	find("none", noon, "")

	var wg sync.WaitGroup
	var rotated atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			ok, err := f.RotateSession(ctx, one.ID, []byte("one"), fmt.Append(nil, "new", i), noon.Add(time.Minute), noon.Add(time.Second))
			if err != nil {
				t.Errorf("RotateSession: %v", err)
			}
			if ok {
				rotated.Add(1)
			}
		})
	}
	wg.Wait()
	if got := rotated.Load(); got != 1 {
		t.Errorf("one token was rotated %d times at once, want once", got)
	}
	find("one", noon.Add(59*time.Second), one.ID)
	find("one", noon.Add(time.Minute), "")

	newest := find("one", noon, one.ID).Hash
	replace := func(from, to []byte, oldUntil time.Time, want bool) {
		t.Helper()
		if ok, err := f.ReplaceToken(ctx, one.ID, from, to, oldUntil, noon.Add(2*time.Second)); err != nil || ok != want {
			t.Errorf("ReplaceToken: got %v, %v, want %v", ok, err, want)
		}
	}
	replace([]byte("one"), []byte("another"), noon.Add(time.Hour), false) // no longer the session's
	replace(newest, []byte("another"), noon.Add(2*time.Minute), true)
	find(string(newest), noon, "")
	find("another", noon.Add(time.Hour-time.Second), one.ID)
	find("one", noon.Add(2*time.Minute-time.Second), one.ID)
	replace([]byte("another"), []byte("another"), noon.Add(time.Second), true)
	find("another", noon, one.ID)
	find("one", noon.Add(time.Second), "")

	if err := f.TouchSession(ctx, two.ID, "192.0.2.9", noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := find("two", noon, two.ID); got.Addr != "192.0.2.9" || !got.SeenAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("a touched session: got %s, %v", got.Addr, got.SeenAt)
	}
	if a, err := f.Staff(ctx, "admin"); err != nil || !a.LastSeen.Equal(noon.Add(time.Minute)) {
		t.Errorf("last seen: got %v, %v, want when the session was used", a.LastSeen, err)
	}
	list := func(staff string, at time.Time, want ...string) {
		t.Helper()
		all, err := f.SessionsOf(ctx, staff, at)
		var ids []string
		for _, x := range all {
			ids = append(ids, x.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("sessions of %q: got %v, %v, want %v", staff, ids, err, want)
		}
	}
	list("admin", noon, two.ID, one.ID)
	list("", noon, two.ID, one.ID)
	list("other", noon)
	list("admin", noon.Add(time.Hour))
	wantCode(t, "another's session", f.EndSession(ctx, "other", one.ID), "session_not_found")
	if err := f.EndSession(ctx, "admin", one.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "a session that has ended", f.EndSession(ctx, "admin", one.ID), "session_not_found")
	list("admin", noon, two.ID)
}

func testStaffActs(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	if err := f.FirstStaff(ctx, account("root", chat.Owner)); err != nil {
		t.Fatal(err)
	}
	joined := f.must(chat.ActJoinStaff, chat.AddStaffStep{Account: account("max", chat.StaffModerator)})
	wantEffects(t, "an account", joined, `staff_added max {"role":"moderator","rooms":null}`)
	_, err := f.decree(chat.ActJoinStaff, chat.AddStaffStep{Account: account("max", chat.Owner)})
	wantCode(t, "the same name", err, "staff_exists")

	var kept string
	for i := range 3 {
		x := session("max", fmt.Sprint("t", i))
		kept = x.ID
		if err := f.AddSession(ctx, x); err != nil {
			t.Fatal(err)
		}
	}
	change := func(what string, p chat.StaffPatch, want ...string) chat.Enacted {
		t.Helper()
		e := f.must(chat.ActChangeStaff, chat.ChangeStaffStep{Name: "max", Patch: p, KeepSession: kept})
		wantEffects(t, what, e, want...)
		return e
	}
	role := change("a role", chat.StaffPatch{Role: set(chat.Admin)}, `staff_role max "moderator" "admin"`, `sessions_ended max 2`)
	rooms := change("rooms", chat.StaffPatch{Rooms: &[]string{"a-*"}, Role: set(chat.Admin)}, `staff_rooms max null ["a-*"]`)
	change("nothing", chat.StaffPatch{Role: set(chat.Admin)})
	password := change("a password", chat.StaffPatch{PasswordHash: set("$argon2id$secret"), MustChange: set(true)},
		`staff_password max`, `staff_must_change max false true`)
	change("a second factor", chat.StaffPatch{TOTPSecret: &[]byte{1}, Recovery: &[][]byte{{1}, {2}}}, `staff_totp_set max`, `staff_recovery_codes max 2`)
	change("no second factor", chat.StaffPatch{TOTPSecret: new([]byte), Recovery: new([][]byte)}, `staff_totp_removed max`, `staff_recovery_codes max`)

	_, err = f.decree(chat.ActChangeStaff, chat.ChangeStaffStep{Name: "max", IfVersion: 2, Patch: chat.StaffPatch{Disabled: set(true)}})
	wantCode(t, "another version", err, "stale")
	_, err = f.decree(chat.ActChangeStaff, chat.ChangeStaffStep{Name: "nobody"})
	wantCode(t, "an unknown account", err, "staff_not_found")
	for name, step := range map[string]chat.Step{
		"disabled": chat.ChangeStaffStep{Name: "root", Patch: chat.StaffPatch{Disabled: set(true)}},
		"demoted":  chat.ChangeStaffStep{Name: "root", Patch: chat.StaffPatch{Role: set(chat.Admin)}},
		"removed":  chat.RemoveStaffStep{Name: "root"},
	} {
		_, err := f.decree(chat.ActChangeStaff, step)
		wantCode(t, "the last owner "+name, err, "last_owner")
	}

	back := f.undone(rooms)
	wantEffects(t, "rooms undone", back, `staff_rooms max ["a-*"] null`, `sessions_ended max 1`)
	wantEffects(t, "and done again", f.undone(back), `staff_rooms max null ["a-*"]`)
	change("a later role", chat.StaffPatch{Role: set(chat.Viewer)}, `staff_role max "admin" "viewer"`)
	e := f.undone(role)
	wantEffects(t, "a role that was changed later", e)
	wantSkipped(t, "a role that was changed later", e, "sessions_ended not_undoable", "staff_role changed_later")
	e = f.undone(password)
	wantSkipped(t, "a password", e, "staff_must_change not_undoable", "staff_password not_undoable")
	if a, err := f.Staff(ctx, "max"); err != nil || a.Disabled || a.PasswordHash != "$argon2id$secret" || a.Version != 9 {
		t.Errorf("got %+v, %v, want it as it was changed since", a, err)
	}
	wantEffects(t, "an account undone", f.undone(joined), `staff_disabled max false true`)

	ended := f.must(chat.ActRemoveStaff, chat.RemoveStaffStep{Name: "max"})
	wantEffects(t, "a removal", ended, `staff_removed max {"role":"viewer","rooms":["a-*"]}`)
	wantSkipped(t, "a removal undone", f.undone(ended), "staff_removed not_undoable")
	_, err = f.Staff(ctx, "max")
	wantCode(t, "a removed account", err, "staff_not_found")
}

// testLastOwner: an undo leaves an owner, too; and it disables an account that was made.
func testLastOwner(t *testing.T, b Backend) {
	f := start(t, b)
	if err := f.FirstStaff(t.Context(), account("one", chat.Owner)); err != nil {
		t.Fatal(err)
	}
	made := f.must(chat.ActJoinStaff, chat.AddStaffStep{Account: account("two", chat.Owner)})
	f.must(chat.ActRemoveStaff, chat.RemoveStaffStep{Name: "one"})
	e := f.undone(made)
	wantSkipped(t, "the making of the last owner undone", e, "staff_added last_owner")
	wantEffects(t, "the making of the last owner undone", e)
	made = f.must(chat.ActJoinStaff, chat.AddStaffStep{Account: account("three", chat.Owner)})
	off := f.undone(made)
	wantEffects(t, "an account undone", off, `staff_disabled three false true`)
	wantEffects(t, "and done again", f.undone(off), `staff_disabled three true false`)
	_, err := f.decree(chat.ActEndSessions, chat.EndStaffSessionsStep{Name: "three", ID: newID()})
	wantCode(t, "an unknown session", err, "session_not_found")
	x, y := session("three", "x"), session("three", "y")
	for _, s := range []chat.StaffSession{x, y} {
		if err := f.AddSession(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	wantEffects(t, "one session ended", f.must(chat.ActEndSessions, chat.EndStaffSessionsStep{Name: "three", ID: x.ID}), `sessions_ended three 1`)
	wantEffects(t, "all but one", f.must(chat.ActEndSessions, chat.EndStaffSessionsStep{Name: "three", Keep: y.ID}))
	wantEffects(t, "all", f.must(chat.ActEndSessions, chat.EndStaffSessionsStep{Name: "three"}), `sessions_ended three 1`)
}

func testInvites(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	invite := func(token string) chat.Invite {
		return chat.Invite{ID: newID(), Hash: []byte(token), Role: chat.StaffModerator, Rooms: []string{"a"}, By: mod,
			CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	}
	one, two, three := invite("one"), invite("two"), invite("three")
	var made []chat.Enacted
	for _, x := range []chat.Invite{one, two, three} {
		e := f.must(chat.ActInvite, chat.AddInviteStep{Invite: x})
		wantEffects(t, "an invite", e, `invite_made `+x.ID+` {"role":"moderator","rooms":["a"]}`)
		made = append(made, e)
	}
	if got, err := f.InviteByHash(ctx, []byte("one"), noon); err != nil || !cmp.Equal(got, one) {
		t.Errorf("InviteByHash: %v (-want +got):\n%s", err, cmp.Diff(one, got))
	}
	_, err := f.InviteByHash(ctx, []byte("one"), noon.Add(time.Hour))
	wantCode(t, "an expired invite", err, "invite_not_found")

	var wg sync.WaitGroup
	var joined atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			name := fmt.Sprint("staff", i)
			_, err := f.decree(chat.ActJoinStaff, chat.AddStaffStep{Account: account(name, chat.StaffModerator), Invite: one.ID})
			if err == nil {
				joined.Add(1)
				return
			}
			wantCode(t, "an invite that was used", err, "invite_not_found")
			if _, err := f.Staff(ctx, name); chat.CodeOf(err) != "staff_not_found" {
				t.Errorf("%s came in by a used invite: %v", name, err)
			}
		})
	}
	wg.Wait()
	if got := joined.Load(); got != 1 {
		t.Errorf("one invite made %d accounts, want one", got)
	}
	wantEffects(t, "a revoked invite", f.must(chat.ActUninvite, chat.RemoveInviteStep{ID: two.ID}), "invite_revoked "+two.ID)
	for name, id := range map[string]string{"revoked": two.ID, "used": one.ID, "unknown": newID()} {
		_, err := f.decree(chat.ActUninvite, chat.RemoveInviteStep{ID: id})
		wantCode(t, "revoking one that is "+name, err, "invite_not_found")
	}
	list, err := f.ListInvites(ctx, "", 10, noon)
	if err != nil || len(list) != 1 || list[0].ID != three.ID {
		t.Errorf("ListInvites: got %v, %v, want the one that is open", list, err)
	}
	wantSkipped(t, "a used invite undone", f.undone(made[0]), "invite_made gone")
	wantEffects(t, "an open invite undone", f.undone(made[2]), "invite_revoked "+three.ID)
}

func testKeys(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	_, err := f.KeyByPrefix(ctx, "ck_1")
	wantCode(t, "a key that isn't there", err, "key_not_found")
	_, err = f.KeyByPrefix(ctx, "")
	wantCode(t, "no prefix", err, "key_not_found")
	first := chat.APIKey{ID: "k1", Prefix: "ck_1", Hash: []byte{0, 255, 1}, Label: "ci", CreatedAt: noon, Version: 1,
		Grant: chat.Grant{Scopes: chat.Scopes()}}
	if err := f.FirstKey(ctx, first); err != nil {
		t.Fatal(err)
	}
	key := chat.APIKey{ID: "k2", Prefix: "ck_2", Hash: []byte{2}, Label: "bot", By: mod, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour), Version: 1,
		Grant: chat.Grant{Scopes: []chat.Scope{chat.RoomsRead}, Rooms: []string{"a", "b-*"}, LongestBan: time.Hour, ActsPerHour: 5, DryRunOnly: true}}
	made := f.must(chat.ActMakeKey, chat.AddKeyStep{Key: key})
	wantEffects(t, "a key", made, `key_made k2 {"label":"bot","scopes":["rooms:read"],"rooms":["a","b-*"],"longest_ban_seconds":3600,`+
		`"acts_per_hour":5,"dry_run_only":true,"expires_at":"2026-03-04T13:00:00Z"}`)
	for _, want := range []chat.APIKey{first, key} {
		if got, err := f.KeyByPrefix(ctx, want.Prefix); err != nil || !cmp.Equal(got, want) {
			t.Errorf("KeyByPrefix: %v (-want +got):\n%s", err, cmp.Diff(want, got))
		}
	}
	change := func(what string, p chat.KeyPatch, want ...string) chat.Enacted {
		t.Helper()
		e := f.must(chat.ActChangeKey, chat.ChangeKeyStep{ID: "k2", Patch: p})
		wantEffects(t, what, e, want...)
		return e
	}
	all := change("every bound", chat.KeyPatch{Label: set("robot"), Scopes: &[]chat.Scope{chat.RoomsRead, chat.RoomsWrite}, Rooms: new([]string),
		LongestBan: set(time.Minute), ActsPerHour: set(0), DryRunOnly: set(false), ExpiresAt: new(time.Time)},
		`key_label k2 "bot" "robot"`, `key_scopes k2 ["rooms:read"] ["rooms:read","rooms:write"]`, `key_rooms k2 ["a","b-*"] null`,
		`key_longest_ban_seconds k2 3600 60`, `key_acts_per_hour k2 5 0`, `key_dry_run_only k2 true false`,
		`key_expires_at k2 "2026-03-04T13:00:00Z" null`)
	change("nothing", chat.KeyPatch{Label: set("robot")})
	change("a label", chat.KeyPatch{Label: set("droid")}, `key_label k2 "robot" "droid"`)
	_, err = f.decree(chat.ActChangeKey, chat.ChangeKeyStep{ID: "k2", IfVersion: 1})
	wantCode(t, "another version", err, "stale")
	back := f.undone(all)
	wantSkipped(t, "all undone", back, "key_label changed_later")
	want := key
	want.Label, want.Version = "droid", 9
	if got, err := f.Key(ctx, "k2"); err != nil || !cmp.Equal(got, want) {
		t.Errorf("undone: %v (-want +got):\n%s", err, cmp.Diff(want, got))
	}

	rotated := f.must(chat.ActRotateKey, chat.RotateKeyStep{ID: "k2", Prefix: "ck_3", Hash: []byte{3}, OldUntil: noon.Add(time.Minute)})
	wantEffects(t, "a rotation", rotated, `key_rotated k2 "2026-03-04T12:01:00Z"`)
	wantSkipped(t, "a rotation undone", f.undone(rotated), "key_rotated not_undoable")
	for _, prefix := range []string{"ck_2", "ck_3"} {
		got, err := f.KeyByPrefix(ctx, prefix)
		if err != nil || got.ID != "k2" || got.OldPrefix != "ck_2" || !cmp.Equal(got.OldHash, []byte{2}) || !got.OldUntil.Equal(noon.Add(time.Minute)) {
			t.Errorf("by %s: got %+v, %v, want the key with both secrets", prefix, got, err)
		}
	}
	if err := f.TouchKeys(ctx, map[string]time.Time{"k1": noon.Add(time.Minute), "k2": noon.Add(time.Second), "gone": noon}); err != nil {
		t.Fatal(err)
	}
	if err := f.TouchKeys(ctx, map[string]time.Time{"k1": noon}); err != nil {
		t.Fatal(err)
	}
	list, err := f.ListKeys(ctx, "", 10)
	if err != nil || len(list) != 2 || !list[0].LastUsed.Equal(noon.Add(time.Minute)) || !list[1].LastUsed.Equal(noon.Add(time.Second)) {
		t.Errorf("ListKeys: got %+v, %v, want both with when they were last used", list, err)
	}
	if n, err := f.CountKeys(ctx); err != nil || n != 2 {
		t.Errorf("CountKeys: got %d, %v, want 2", n, err)
	}

	e := f.undone(made)
	wantEffects(t, "a key undone", e, "key_revoked k2")
	wantSkipped(t, "its end undone", f.undone(e), "key_revoked not_undoable")
	e = f.must(chat.ActUndo, chat.UndoStep{ID: back.Act.ID})
	wantEffects(t, "bounds of a revoked key", e)
	if got, want := len(e.Skipped), len(back.Act.Effects); got != want {
		t.Errorf("bounds of a revoked key undone: got %d left, want all %d", got, want)
	}
	if got, err := f.KeyByPrefix(ctx, "ck_3"); err != nil || got.RevokedAt.IsZero() {
		t.Errorf("a revoked key: got %+v, %v, want it found", got, err)
	}
	for name, step := range map[string]chat.Step{
		"changing": chat.ChangeKeyStep{ID: "k2"}, "rotating": chat.RotateKeyStep{ID: "k2", Prefix: "ck_4", Hash: []byte{4}},
		"revoking": chat.RevokeKeyStep{ID: "k2"}, "revoking an unknown": chat.RevokeKeyStep{ID: "none"},
	} {
		_, err := f.decree(chat.ActChangeKey, step)
		wantCode(t, name+" a key that was revoked", err, "key_not_found")
	}
}

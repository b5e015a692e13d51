package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

// ban is a sanction for good, everywhere.
func ban(target chat.Target) chat.Sanction {
	return chat.Sanction{ID: chat.SanctionID(newID()), Act: "act", Target: target, Effect: chat.Ban, By: mod, Via: chat.ViaDashboard,
		At: noon, Starts: noon, Version: 1}
}

func testStanding(t *testing.T, b Backend) {
	f := start(t, b)
	short, long, lifted := ban(chat.Target{User: bob}), ban(chat.Target{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Only: chat.Guests}), ban(chat.Target{Alias: "addr_x"})
	short.Expires, short.Effect, short.Interval = noon.Add(time.Minute), chat.Slow, 5*time.Second
	long.Reason, long.Note, long.Rooms, long.Name, long.Evidence = "public", "for staff", "a-*", "Bob", []chat.MessageID{"m1", "m2"}
	long.Via, long.Rule, long.With, long.Starts, long.Also = chat.ViaRule, "words@3", short.ID, noon.Add(time.Second), []chat.UserID{ann, "u:other"}
	f.must(chat.ActSanction, chat.ImposeStep{Sanctions: []chat.Sanction{short, long, lifted}})
	for _, x := range []*chat.Sanction{&short, &long, &lifted} {
		got, err := f.Sanction(t.Context(), x.ID)
		if err != nil {
			t.Fatal(err)
		}
		x.Act = got.Act // the act says
		if diff := cmp.Diff(*x, got, sameAddr); diff != "" {
			t.Errorf("Sanction (-want +got):\n%s", diff)
		}
	}
	standing := func(at time.Time, want ...chat.Sanction) {
		t.Helper()
		var got []chat.Sanction
		err := f.Standing(t.Context(), at, func(x chat.Sanction) error { got = append(got, x); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, sameAddr); diff != "" {
			t.Errorf("standing at %v (-want +got):\n%s", at, diff)
		}
	}
	standing(noon, short, long, lifted)
	standing(noon.Add(time.Minute), long, lifted)
	f.must(chat.ActLift, chat.LiftStep{IDs: []chat.SanctionID{lifted.ID}})
	standing(noon, short, long)
	f.restart()
	standing(noon, short, long)
	if got, err := f.Sanction(t.Context(), lifted.ID); err != nil || got.LiftedAt.IsZero() || got.LiftedBy != mod {
		t.Errorf("a lifted sanction: got %+v, %v", got, err)
	}
	_, err := f.Sanction(t.Context(), "x")
	wantCode(t, "an unknown one", err, "sanction_not_found")
	enough := errors.New("enough")
	if err := f.Standing(t.Context(), noon, func(chat.Sanction) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("Standing of a reader that has enough: got %v", err)
	}
}

func testSanctionList(t *testing.T, b Backend) {
	f := start(t, b)
	var all []chat.Sanction
	targets := []chat.Target{{User: bob}, {User: ann}, {Prefix: netip.MustParsePrefix("192.0.2.0/24")}, {Prefix: netip.MustParsePrefix("192.0.2.7/32")},
		{Prefix: netip.MustParsePrefix("2001:db8::/32")}, {Alias: "addr_x"}, {User: "g:carl"}}
	scopes := []string{"", "a", "a-*", "b", "*"}
	for i := range 70 {
		x := ban(targets[i%len(targets)])
		x.Rooms, x.Effect = scopes[i%len(scopes)], chat.Effects()[i%len(chat.Effects())]
		if x.By = mod; i%11 == 0 {
			x.By = "s:other"
		}
		if i%3 == 0 {
			x.Expires = noon.Add(time.Duration(i) * time.Minute)
		}
		if x.Target.User == "g:carl" && i%2 == 0 {
			x.Also = []chat.UserID{ann}
		}
		f.must(chat.ActSanction, chat.ImposeStep{Sanctions: []chat.Sanction{x}})
		all = append(all, x)
	}
	f.must(chat.ActLift, chat.LiftStep{IDs: []chat.SanctionID{all[1].ID, all[20].ID, all[69].ID}})
	for i := range all {
		var err error
		if all[i], err = f.Sanction(t.Context(), all[i].ID); err != nil {
			t.Fatal(err)
		}
	}
	now := noon.Add(30 * time.Minute)
	addr := netip.MustParseAddr("192.0.2.7")
	for name, tt := range map[string]struct {
		q    chat.SanctionQuery
		want func(chat.Sanction) bool
	}{
		"all":          {chat.SanctionQuery{}, func(chat.Sanction) bool { return true }},
		"standing":     {chat.SanctionQuery{Standing: set(true)}, func(x chat.Sanction) bool { return x.Standing(now) }},
		"ended":        {chat.SanctionQuery{Standing: set(false)}, func(x chat.Sanction) bool { return !x.Standing(now) }},
		"of a user":    {chat.SanctionQuery{User: ann}, func(x chat.Sanction) bool { return x.Target.User == ann || slices.Contains(x.Also, ann) }},
		"of an addr":   {chat.SanctionQuery{Addr: addr}, func(x chat.Sanction) bool { return x.Target.Prefix.IsValid() && x.Target.Prefix.Contains(addr) }},
		"mapped addr":  {chat.SanctionQuery{Addr: netip.MustParseAddr("::ffff:192.0.2.7")}, func(x chat.Sanction) bool { return x.Target.Prefix.IsValid() && x.Target.Prefix.Contains(addr) }},
		"v6 addr":      {chat.SanctionQuery{Addr: netip.MustParseAddr("2001:db8::1")}, func(x chat.Sanction) bool { return x.Target.Prefix.IsValid() && x.Target.Prefix.Addr().Is6() }},
		"of an alias":  {chat.SanctionQuery{Alias: "addr_x"}, func(x chat.Sanction) bool { return x.Target.Alias == "addr_x" }},
		"in a room":    {chat.SanctionQuery{Room: "a-1"}, func(x chat.Sanction) bool { return x.Rooms == "" || x.Rooms == "*" || x.Rooms == "a-*" }},
		"an effect":    {chat.SanctionQuery{Effect: chat.Mute}, func(x chat.Sanction) bool { return x.Effect == chat.Mute }},
		"by somebody":  {chat.SanctionQuery{By: "s:other"}, func(x chat.Sanction) bool { return x.By == "s:other" }},
		"of an act":    {chat.SanctionQuery{Act: all[7].Act}, func(x chat.Sanction) bool { return x.Act == all[7].Act }},
		"within rooms": {chat.SanctionQuery{Within: []string{"a", "a-*"}}, func(x chat.Sanction) bool { return x.Rooms == "a" || x.Rooms == "a-*" }},
		"within all":   {chat.SanctionQuery{Within: []string{"*"}}, func(x chat.Sanction) bool { return x.Rooms != "" }},
		"several": {chat.SanctionQuery{User: bob, Standing: set(true), Room: "a", By: mod}, func(x chat.Sanction) bool {
			return x.Target.User == bob && x.Standing(now) && x.Holds("a") && x.By == mod
		}},
	} {
		tt.q.Limit, tt.q.Now = 4, now
		var got, want []chat.SanctionID
		for {
			some, err := f.ListSanctions(t.Context(), tt.q)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, x := range some {
				got = append(got, x.ID)
			}
			if len(some) < tt.q.Limit {
				break
			}
			tt.q.Before = got[len(got)-1]
		}
		for _, x := range slices.Backward(all) {
			if tt.want(x) {
				want = append(want, x.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
	}
}

func testLockdowns(t *testing.T, b Backend) {
	f := start(t, b)
	one := chat.Lockdown{ID: chat.LockdownID(newID()), Room: "a", Level: chat.LockSlow, Interval: 10 * time.Second, By: mod, Reason: "raid", At: noon, Until: noon.Add(time.Minute)}
	two := chat.Lockdown{ID: chat.LockdownID(newID()), Level: chat.LockReadOnly, By: mod, At: noon, Until: noon.Add(time.Hour)}
	for _, l := range []*chat.Lockdown{&one, &two} {
		f.must(chat.ActLock, chat.LockStep{Lockdown: *l})
	}
	inForce := func(at time.Time, want ...chat.Lockdown) {
		t.Helper()
		got, err := f.Lockdowns(t.Context(), at)
		for i := range got {
			got[i].Act = "" // the act's own
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("in force at %v: %v (-want +got):\n%s", at, err, diff)
		}
	}
	inForce(noon, one, two)
	inForce(noon.Add(time.Minute), two)
	f.must(chat.ActUnlock, chat.UnlockStep{ID: two.ID})
	inForce(noon, one)
}

func testRoomList(t *testing.T, b Backend) {
	f := start(t, b)
	names := []chat.RoomID{"a", "a-1", "a.1", "a_1", "b", "team-1", "team-2", "z"}
	for i, r := range names {
		f.must(chat.ActCreateRoom, chat.SetStep{Room: r, New: true, Patch: chat.SettingsPatch{Title: set(fmt.Sprint("Straße ", i)),
			Policy: set("strict"), Access: set(chat.AccessClaim), Claim: &chat.Claim{Name: "plan", Value: "pro"}}})
	}
	f.must(chat.ActArchive, chat.ArchiveStep{Room: "b", On: true})
	for name, tt := range map[string]struct {
		q    chat.RoomQuery
		want func(chat.RoomID) bool
	}{
		"all":      {chat.RoomQuery{}, func(chat.RoomID) bool { return true }},
		"archived": {chat.RoomQuery{Archived: set(true)}, func(r chat.RoomID) bool { return r == "b" }},
		"open":     {chat.RoomQuery{Archived: set(false)}, func(r chat.RoomID) bool { return r != "b" }},
		"by name":  {chat.RoomQuery{Text: "TEAM"}, func(r chat.RoomID) bool { ok, _ := path.Match("team-*", string(r)); return ok }},
		"by title": {chat.RoomQuery{Text: "STRASSE 3"}, func(r chat.RoomID) bool { return r == "a_1" }},
		"within":   {chat.RoomQuery{Within: []string{"a?1", "z"}}, func(r chat.RoomID) bool { return r == "a-1" || r == "a.1" || r == "a_1" || r == "z" }},
		"none":     {chat.RoomQuery{Within: []string{}}, func(chat.RoomID) bool { return false }},
	} {
		tt.q.Limit = 2
		var got, want []chat.RoomID
		for {
			some, err := f.Rooms(t.Context(), tt.q)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, r := range some {
				got = append(got, r.ID)
				if !r.Stored || r.Settings.Claim != (chat.Claim{Name: "plan", Value: "pro"}) || r.Settings.Access != chat.AccessClaim || r.Settings.Policy != "strict" {
					t.Errorf("%s: got %+v, want it as it was set", name, r)
				}
				if (r.ID == "b") == r.ArchivedAt.IsZero() || r.CreatedAt.IsZero() || r.Version == 0 || r.Epoch == "" {
					t.Errorf("%s: got %+v", name, r)
				}
			}
			if len(some) < tt.q.Limit {
				break
			}
			tt.q.After = got[len(got)-1]
		}
		for _, r := range names {
			if tt.want(r) {
				want = append(want, r)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

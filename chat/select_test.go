package chat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

var raidNames = []string{"Raider %d", "ra1der_%d", "RAIDER%d", "r a i d e r %d", "R4ider-%d"}

var raidTexts = []string{
	"Free coins at https://scam%d.example join now my friends",
	"FREE COINS at http://x%d.example/y join now my friends!!!",
	"free c0ins at www.bad%d.example join now dear friends",
}

// raid has n guests on n addresses, named alike, write something alike, among others who don't.
func (d *desk) raid(t *testing.T, n int) (others []chat.Actor) {
	t.Helper()
	others = []chat.Actor{ann, bob, mod, visitor(9001, "Rachel"), visitor(9002, "Trader"), visitor(9003, "Guest 17")}
	for _, a := range others {
		d.arrive(t, a, room)
		if a.Role != chat.RoleModerator {
			d.mustPost(t, a, "Where can I buy some coins, my friends?")
		}
	}
	d.pass(time.Minute)
	for i := range n {
		g := d.arrive(t, visitor(i, fmt.Sprintf(raidNames[i%len(raidNames)], 1000+i)), room)
		d.mustPost(t, g.Actor, fmt.Sprintf(raidTexts[i%len(raidTexts)], i))
	}
	return others
}

func TestARaidGoesByOneSelection(t *testing.T) {
	tests := map[string]struct {
		n   int
		sel func(begin time.Time) chat.Selection
	}{
		"by name": {30, func(time.Time) chat.Selection { return chat.Selection{Room: room, NameLike: "Raider 1"} }},
		"by text": {30, func(time.Time) chat.Selection {
			return chat.Selection{Room: room, TextLike: "free coins at scam.example join now my friends"}
		}},
		"by when they came":   {30, func(begin time.Time) chat.Selection { return chat.Selection{Room: room, JoinedSince: begin} }},
		"by their first time": {30, func(begin time.Time) chat.Selection { return chat.Selection{FirstSeenSince: begin} }},
		"by name, text and all": {300, func(begin time.Time) chat.Selection {
			return chat.Selection{NameLike: "raider", TextLike: "free coins join now my friends", JoinedSince: begin, WithSignedIn: true}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := tt.n
			d := newDesk(t)
			begin := d.clock().Add(30 * time.Second)
			others := d.raid(t, n)
			sel := tt.sel(begin)
			so := chat.SanctionOrder{Selection: &sel, Effect: chat.Ban, Duration: time.Hour, Purge: chat.PurgeAll, Reason: "a raid"}
			dry, err := d.Sanction(t.Context(), chat.Order{By: staff, DryRun: true}, so)
			if err != nil {
				t.Fatal(err)
			}
			if im := dry.Impact; im.Users != n || im.Sessions != n || im.Guests != n || im.Messages != n || im.Moderators != 0 {
				t.Errorf("the preview says %+v, want the %d raiders and their messages", im, n)
			}
			before := d.texts(t)

			out, err := d.Sanction(t.Context(), byStaff, so)

			if err != nil {
				t.Fatal(err)
			}
			if len(out.Sanctions) != 2*n || out.Impact.Users != dry.Impact.Users || out.Impact.Messages != n {
				t.Errorf("made %d sanctions with the impact %+v, want %d and that of the preview", len(out.Sanctions), out.Impact, 2*n)
			}
			for i := range n {
				if _, err := d.SignIn(t.Context(), visitor(i, "again")); chat.CodeOf(err) != "banned" {
					t.Fatalf("raider %d comes again: %v", i, err)
				}
				_, err := d.SignIn(t.Context(), chat.Actor{ID: "g:fresh", Name: "Fresh", Role: chat.RoleGuest, Addr: visitor(i, "").Addr})
				if chat.CodeOf(err) != "sign_in_required" {
					t.Fatalf("raider %d comes as another guest: %v", i, err)
				}
			}
			for _, a := range others {
				if _, err := d.SignIn(t.Context(), a); err != nil {
					t.Errorf("%s is hit: %v", a.Name, err)
				}
			}
			if got := d.texts(t); len(got) != 5 {
				t.Errorf("%d messages are left, want the 5 of others", len(got))
			}
			acts, err := d.ListActs(t.Context(), staff, chat.ActQuery{Limit: 10})
			if err != nil || len(acts) != 1 || len(acts[0].Users) != n {
				t.Fatalf("%d acts, %v, want one on all of them", len(acts), err)
			}

			undo, err := d.Undo(t.Context(), byStaff, out.Act.ID)

			if err != nil || len(undo.Lifted) != 2*n || len(undo.Skipped) != 0 {
				t.Fatalf("the undo lifted %d, skipped %+v, %v", len(undo.Lifted), undo.Skipped, err)
			}
			for i := range n {
				if _, err := d.SignIn(t.Context(), visitor(i, "again")); err != nil {
					t.Fatalf("raider %d after the undo: %v", i, err)
				}
			}
			if got := d.texts(t); !slices.Equal(got, before) {
				t.Errorf("%d messages after the undo, want the %d of before", len(got), len(before))
			}
		})
	}
}

func TestSelectionRefuses(t *testing.T) {
	d := newDesk(t)
	begin := d.clock().Add(30 * time.Second)
	d.raid(t, 3)
	d.arrive(t, visitor(500, "Old hand"), "other") // and, later than all, in general
	d.pass(time.Hour)
	late := &d.open[len(d.open)-1]
	late.Rooms, late.Joined[room] = append(late.Rooms, room), d.clock()
	late.Joined["other"] = d.clock().Add(-3 * time.Hour)
	narrow := staffWith("s:mia", chat.GrantOf(chat.StaffModerator, []string{"other"}))
	tests := map[string]struct {
		by   chat.Actor
		sel  chat.Selection
		want string
	}{
		"nothing":                       {staff, chat.Selection{}, "selection_invalid"},
		"a room is no criterion":        {staff, chat.Selection{Room: room, WithSignedIn: true}, "selection_invalid"},
		"a list and a likeness":         {staff, chat.Selection{Users: []chat.UserID{"u:x"}, NameLike: "x"}, "selection_invalid"},
		"a list without an end":         {staff, chat.Selection{Users: make([]chat.UserID, chat.MaxSelectedUsers+1)}, "selection_invalid"},
		"a likeness of nothing":         {staff, chat.Selection{TextLike: "https://x.example"}, "selection_invalid"},
		"a name without an end":         {staff, chat.Selection{NameLike: longText(65)}, "selection_invalid"},
		"texts of long ago":             {staff, chat.Selection{TextLike: "some text", TextsSince: begin.Add(-90 * 24 * time.Hour)}, "selection_invalid"},
		"a room that isn't one":         {staff, chat.Selection{Room: "No!", NameLike: "x"}, "selection_invalid"},
		"nobody":                        {staff, chat.Selection{NameLike: "Zorro"}, "selection_empty"},
		"signed-in users aren't asked":  {staff, chat.Selection{NameLike: "Ann"}, "selection_empty"},
		"never moderators":              {staff, chat.Selection{NameLike: "Mo", WithSignedIn: true}, "selection_empty"},
		"a moderator by name, by staff": {staffWith("s:m", chat.GrantOf(chat.StaffModerator, nil)), chat.Selection{Users: []chat.UserID{"u:mod"}}, "target_protected"},
		"staff by name":                 {staff, chat.Selection{Users: []chat.UserID{"s:other"}}, "target_protected"},
		"a room of others":              {narrow, chat.Selection{Room: room, NameLike: "Raider"}, "bound_rooms"},
		"only one's own rooms count":    {narrow, chat.Selection{NameLike: "Raider"}, "selection_empty"},
		"nor do texts elsewhere":        {narrow, chat.Selection{TextLike: "free coins join now my friends"}, "selection_empty"},
		"nor when they joined there":    {narrow, chat.Selection{JoinedSince: begin}, "selection_empty"},
		"signed-in users, when asked":   {staff, chat.Selection{NameLike: "Ann", WithSignedIn: true}, ""},
		"a list of users":               {staff, chat.Selection{Users: []chat.UserID{"u:ann", "g:0001"}}, ""},
		"who isn't here any more":       {staff, chat.Selection{Users: []chat.UserID{"g:gone"}}, ""},
		"who isn't in the room":         {staff, chat.Selection{Room: "other", Users: []chat.UserID{"u:ann"}}, "selection_empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := d.Purge(t.Context(), chat.Order{By: tt.by, DryRun: true}, chat.PurgeOrder{Selection: tt.sel})
			wantCode(t, err, tt.want)
		})
	}
}

func TestPurgeWithinTimeAndRooms(t *testing.T) {
	d := newDesk(t)
	d.mustPost(t, ann, "old")
	d.pass(time.Hour)
	cut := d.clock()
	d.mustPost(t, ann, "new")
	d.mustPost(t, bob, "his")
	if _, err := d.Post(t.Context(), ann, "other", chat.Draft{Text: "elsewhere"}); err != nil {
		t.Fatal(err)
	}
	of := chat.Selection{Users: []chat.UserID{ann.ID}}
	narrow := chat.Order{By: staffWith("s:mia", chat.GrantOf(chat.StaffModerator, []string{"gen*"}))}
	out, err := d.Purge(t.Context(), narrow, chat.PurgeOrder{Selection: of, Since: cut})
	if err != nil || out.Impact.Messages != 1 || len(out.Events) != 1 {
		t.Fatalf("purged %+v with %d events, %v, want the new one here", out.Impact, len(out.Events), err)
	}
	if got := d.texts(t); !slices.Equal(got, []string{"old", "his"}) {
		t.Errorf("the room holds %q", got)
	}
	_, err = d.Purge(t.Context(), narrow, chat.PurgeOrder{Selection: of, Rooms: "other"})
	wantCode(t, err, "bound_rooms")
	_, err = d.Purge(t.Context(), byMod(mod), chat.PurgeOrder{Selection: of})
	wantCode(t, err, "not_a_moderator")
	out, err = d.Purge(t.Context(), byMod(mod), chat.PurgeOrder{Selection: of, Rooms: "general"})
	if err != nil || len(out.Events) != 1 || len(out.Events[0].Deleted) != 1 {
		t.Errorf("a moderator purged %+v, %v, want the old one", out.Events, err)
	}
	out, err = d.Purge(t.Context(), byStaff, chat.PurgeOrder{Selection: of})
	if err != nil || len(out.Events) != 1 || out.Events[0].Room != "other" {
		t.Errorf("everywhere else: %+v, %v", out.Impact, err)
	}
	_, err = d.Purge(t.Context(), byStaff, chat.PurgeOrder{Selection: of, Since: cut, Until: cut})
	wantCode(t, err, "bad_request")
}

func TestDisconnect(t *testing.T) {
	d := newDesk(t)
	d.raid(t, 5)
	one := d.arrive(t, guest, "other")
	narrow := chat.Order{By: staffWith("s:mia", chat.GrantOf(chat.StaffModerator, []string{"gen*"}))}

	_, err := d.Disconnect(t.Context(), narrow, []chat.SessionID{one.ID}, nil)
	wantCode(t, err, "connection_not_found")
	_, err = d.Disconnect(t.Context(), byStaff, nil, nil)
	wantCode(t, err, "bad_request")
	_, err = d.Disconnect(t.Context(), byMod(mod), []chat.SessionID{one.ID}, nil)
	wantCode(t, err, "scope_missing")
	dry, err := d.Disconnect(t.Context(), chat.Order{By: staff, DryRun: true}, nil, &chat.Selection{NameLike: "Raider"})
	if err != nil || dry.Impact.Sessions != 5 || len(d.ends()) != 0 {
		t.Errorf("the preview says %+v, %v, and ended %d", dry.Impact, err, len(d.ends()))
	}
	out, err := d.Disconnect(t.Context(), narrow, nil, &chat.Selection{NameLike: "Raider"})
	if err != nil || out.Impact.Sessions != 5 {
		t.Fatalf("ended %+v, %v", out.Impact, err)
	}
	if got := d.ends(); len(got) != 1 || len(got[0].Sessions) != 5 || got[0].Why.Code != "kicked" {
		t.Errorf("the bell told %+v, want the end of 5 sessions", got)
	}
	a, err := d.ShowAct(t.Context(), narrow.By, out.Act.ID)
	if err != nil || len(a.Effects) != 1 || a.Effects[0].Count != 5 || len(a.Users) != 5 || a.Undoable() {
		t.Errorf("the record is %+v, %v", a, err)
	}
	out, err = d.Disconnect(t.Context(), byStaff, []chat.SessionID{one.ID, "gone"}, nil)
	if err != nil || len(out.Failed) != 1 || out.Impact.Sessions != 1 {
		t.Errorf("ended %+v, failed %+v, %v", out.Impact, out.Failed, err)
	}
}

package chat_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestWhatALimitedModeratorReads(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	mia := staffWith("s:mia", chat.GrantOf(chat.StaffModerator, []string{"gen*"}))
	m := d.mustPost(t, ann, "here")
	far, err := d.Post(ctx, ann, "other", chat.Draft{Text: "there"})
	if err != nil {
		t.Fatal(err)
	}
	here := d.sanction(t, chat.SanctionOrder{Target: on(bob), Rooms: "general", Effect: chat.Mute})
	there := d.sanction(t, chat.SanctionOrder{Target: on(bob), Rooms: "other", Effect: chat.Mute})
	everywhere := d.sanction(t, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("192.0.2.9/32")}, Effect: chat.Mute})
	d.arrive(t, ann, room, "other")
	d.arrive(t, guest, "other")

	rooms, err := d.ListRooms(ctx, mia, chat.RoomQuery{Limit: 10}, nil)
	if err != nil || len(rooms) != 1 || rooms[0].ID != room {
		t.Errorf("rooms: %+v, %v, want her own", rooms, err)
	}
	_, err = d.ShowRoom(ctx, mia, "other")
	wantCode(t, err, "bound_rooms")
	found, err := d.FindMessages(ctx, mia, chat.MessageQuery{Limit: 10})
	if err != nil || len(found) != 1 || found[0].ID != m.ID {
		t.Errorf("messages: %+v, %v, want those of her room", found, err)
	}
	_, err = d.FindMessages(ctx, mia, chat.MessageQuery{Limit: 10, Room: "other"})
	wantCode(t, err, "bound_rooms")
	_, _, err = d.ShowMessage(ctx, mia, "other", far.Event.Message.ID)
	wantCode(t, err, "bound_rooms")
	_, _, err = d.ShowMessage(ctx, mia, room, far.Event.Message.ID)
	wantCode(t, err, "message_not_found")
	if _, err := d.MessagesAround(ctx, mia, room, m.ID, 10); err != nil {
		t.Error(err)
	}
	all, err := d.ListSanctions(ctx, mia, chat.SanctionQuery{Limit: 10})
	if err != nil || len(all) != 1 || all[0].ID != here.ID {
		t.Errorf("sanctions: %+v, %v, want that of her room", all, err)
	}
	for _, id := range []chat.SanctionID{there.ID, everywhere.ID} {
		_, err = d.ShowSanction(ctx, mia, id)
		wantCode(t, err, "sanction_not_found")
		_, err = d.Lift(ctx, chat.Order{By: mia}, []chat.SanctionID{id})
		wantCode(t, err, "sanction_not_found")
	}
	acts, err := d.ListActs(ctx, mia, chat.ActQuery{Limit: 10})
	if err != nil || len(acts) != 1 || acts[0].ID != here.Act {
		t.Errorf("acts: %+v, %v, want that of her room", acts, err)
	}
	_, err = d.ShowAct(ctx, mia, there.Act)
	wantCode(t, err, "act_not_found")
	open, err := d.ListConnections(ctx, mia)
	if err != nil || len(open) != 1 || open[0].Actor.ID != ann.ID || len(open[0].Rooms) != 1 || open[0].Addr.IsValid() || open[0].Actor.Addr.IsValid() || open[0].Actor.Alias == "" {
		t.Errorf("connections: %+v, %v, want Ann's, here, without its address", open, err)
	}
	for name, err := range map[string]error{
		"users by a key without": func() error {
			_, err := d.ListUsers(ctx, staffWith("k:1", &chat.Grant{}), chat.UserQuery{})
			return err
		}(),
		"rooms by a user": func() error { _, err := d.ListRooms(ctx, ann, chat.RoomQuery{}, nil); return err }(),
	} {
		if chat.CodeOf(err) != "scope_missing" {
			t.Errorf("%s: %v, want scope_missing", name, err)
		}
	}
}

func TestAddressesAreForAdmins(t *testing.T) {
	d := newDesk(t)
	mel := staffWith("s:mel", chat.GrantOf(chat.StaffModerator, nil))
	one := d.sanction(t, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("192.0.2.9/32")}, Effect: chat.Mute})
	wide := d.sanction(t, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("192.0.2.0/24")}, Effect: chat.Mute})
	x, err := d.ShowSanction(t.Context(), mel, one.ID)
	if err != nil || x.Target.Prefix.IsValid() || x.Target.Alias != d.Alias(netip.MustParseAddr("192.0.2.9")) {
		t.Errorf("a moderator sees %+v, %v, want the alias", x.Target, err)
	}
	if x.Trace != x.Target.Alias {
		t.Errorf("stored with the trace %q, want the alias: it stays when the address goes", x.Trace)
	}
	if x, err = d.ShowSanction(t.Context(), mel, wide.ID); err != nil || x.Target != (chat.Target{}) || x.Trace != "" {
		t.Errorf("a moderator sees %+v of a range, %v", x.Target, err)
	}
	if x, err = d.ShowSanction(t.Context(), staff, wide.ID); err != nil || x.Target.Prefix != mustParse("192.0.2.0/24") {
		t.Errorf("an owner sees %+v, %v", x.Target, err)
	}
	_, err = d.ListSanctions(t.Context(), mel, chat.SanctionQuery{Limit: 1, Addr: ann.Addr})
	wantCode(t, err, "scope_missing")
	d.arrive(t, ann, room)
	if err := d.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, ways, err := d.ShowUser(t.Context(), mel, ann.ID)
	if err != nil || len(ways) != 1 || ways[0].Addr.IsValid() || ways[0].Alias != d.Alias(ann.Addr) {
		t.Errorf("a moderator sees %+v, %v", ways, err)
	}
	if _, ways, err = d.ShowUser(t.Context(), staff, ann.ID); err != nil || len(ways) != 1 || ways[0].Addr != ann.Addr {
		t.Errorf("an owner sees %+v, %v", ways, err)
	}
	_, _, err = d.ShowUser(t.Context(), staff, "u:nobody")
	wantCode(t, err, "user_not_found")
}

func TestListRoomsByWhoIsThere(t *testing.T) {
	d := newDesk(t)
	for i := range 7 {
		id := chat.RoomID(fmt.Sprintf("r%d", i))
		if _, err := d.Configure(t.Context(), byStaff, chat.SetStep{Room: id, Patch: chat.SettingsPatch{Title: ref("x")}}); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			if _, err := d.Join(t.Context(), ann, "1", id, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []chat.RoomID
	q := chat.RoomQuery{Limit: 2}
	for {
		page, err := d.ListRooms(t.Context(), staff, q, ref(true))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			if r.Members != 1 {
				t.Errorf("%s has %d members", r.ID, r.Members)
			}
			got = append(got, r.ID)
		}
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	if fmt.Sprint(got) != "[r0 r3 r6]" {
		t.Errorf("occupied are %v", got)
	}
}

func TestLikelySame(t *testing.T) {
	d := newDesk(t)
	gus := visitor(1, "Gus")
	same, other, neighbour, namesake := gus, gus, gus, visitor(2, "G u s")
	same.ID, other.ID, other.Name, other.Agent = "g:same", "g:other", "Otto", "Agent/2"
	neighbour.ID, neighbour.Name = "g:neighbour", "Nell"
	for _, a := range []chat.Actor{gus, same, other, neighbour, namesake, visitor(3, "Somebody else")} {
		d.arrive(t, a, room)
	}
	if err := d.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := d.LikelySame(t.Context(), staff, gus.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range all {
		got = append(got, fmt.Sprintf("%s %d %v", l.User, l.Score, l.Why))
	}
	want := []string{"g:same 100 [address agent name]", "g:neighbour 80 [address agent]", "g:other 50 [address]", "g:0002 20 [name]"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("likely the same are %q, want %q", got, want)
	}
}

func TestNotes(t *testing.T) {
	d := newDesk(t)
	d.arrive(t, ann, room)
	if err := d.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := d.AddNote(t.Context(), byStaff, "u:nobody", "hm")
	wantCode(t, err, "user_not_found")
	_, err = d.AddNote(t.Context(), byStaff, ann.ID, " \n")
	wantCode(t, err, "text_empty")
	_, err = d.AddNote(t.Context(), byStaff, ann.ID, longText(2001))
	wantCode(t, err, "note_too_long")
	_, err = d.AddNote(t.Context(), byMod(mod), ann.ID, "hm")
	wantCode(t, err, "scope_missing")
	added, err := d.AddNote(t.Context(), byStaff, ann.ID, "is kind")
	if err != nil {
		t.Fatal(err)
	}
	notes, err := d.ListNotes(t.Context(), staff, ann.ID, "", 10)
	if err != nil || len(notes) != 1 || notes[0].Text != "is kind" || notes[0].By != staff.ID {
		t.Fatalf("notes: %+v, %v", notes, err)
	}
	if _, err := d.RemoveNote(t.Context(), byStaff, ann.ID, notes[0].ID); err != nil {
		t.Fatal(err)
	}
	_, err = d.RemoveNote(t.Context(), byStaff, ann.ID, notes[0].ID)
	wantCode(t, err, "note_not_found")
	for _, e := range added.Act.Effects {
		if e.Before != "" || e.After != "" {
			t.Errorf("the record holds %+v", e)
		}
	}
}

func TestRevokeTokens(t *testing.T) {
	d := newDesk(t)
	old, fresh := ann, ann
	old.Issued, fresh.Issued = d.clock().Add(-time.Hour), d.clock()
	first := d.arrive(t, old, room)
	d.arrive(t, fresh, room)
	before := d.clock().Add(-time.Minute)
	_, err := d.RevokeTokens(t.Context(), byStaff, ann.ID, d.clock().Add(time.Hour))
	wantCode(t, err, "before_invalid")
	_, err = d.RevokeTokens(t.Context(), chat.Order{By: staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"general"}))}, ann.ID, before)
	wantCode(t, err, "bound_rooms")
	_, err = d.RevokeTokens(t.Context(), byStaff, "s:admin", before)
	wantCode(t, err, "target_protected")
	out, err := d.RevokeTokens(t.Context(), byStaff, ann.ID, before)
	if err != nil || out.Impact.Sessions != 1 {
		t.Fatalf("revoked %+v, %v, want the old session", out.Impact, err)
	}
	if got := d.ends(); len(got) != 1 || len(got[0].Sessions) != 1 || got[0].Sessions[0] != first.ID || got[0].Why.Code != "token_revoked" {
		t.Errorf("the bell told %+v", got)
	}
}

func TestNotices(t *testing.T) {
	d := newDesk(t)
	d.arrive(t, ann, room)
	d.arrive(t, bob, "other")
	narrow := chat.Order{By: staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"gen*"}))}
	here, there := room, chat.RoomID("other")
	_, err := d.SendNotice(t.Context(), narrow, nil, "", "to all")
	wantCode(t, err, "bound_rooms")
	_, err = d.SendNotice(t.Context(), narrow, &there, "", "there")
	wantCode(t, err, "bound_rooms")
	_, err = d.SendNotice(t.Context(), narrow, nil, bob.ID, "psst")
	wantCode(t, err, "user_not_found")
	_, err = d.SendNotice(t.Context(), narrow, &here, ann.ID, "both")
	wantCode(t, err, "bad_request")
	_, err = d.SendNotice(t.Context(), narrow, &here, "", longText(501))
	wantCode(t, err, "text_too_long")
	for _, send := range []func() (chat.Outcome, error){
		func() (chat.Outcome, error) { return d.SendNotice(t.Context(), narrow, &here, "", " at \n five ") },
		func() (chat.Outcome, error) { return d.SendNotice(t.Context(), narrow, nil, ann.ID, "psst") },
		func() (chat.Outcome, error) { return d.SendNotice(t.Context(), byStaff, nil, "", "all") },
	} {
		out, err := send()
		if err != nil || out.Act.Kind != chat.ActNotice || out.Impact.Sessions == 0 {
			t.Errorf("sent %+v, %v", out, err)
		}
	}
	got := d.notices()
	if len(got) != 3 {
		t.Fatalf("the bell told %d notices, want 3", len(got))
	}
	if n := got[0]; n.Room != room || n.Notice.Text != "at five" {
		t.Errorf("to the room: %+v", n)
	}
	if n := got[1]; n.Room != room || n.Notice.User != ann.ID {
		t.Errorf("to Ann: %+v", n)
	}
	if n := got[2]; n.Room != "" || n.Notice.User != "" {
		t.Errorf("to all: %+v", n)
	}
}

func TestDecide(t *testing.T) {
	d := newDesk(t)
	d.sanction(t, chat.SanctionOrder{Target: on(ann), Effect: chat.Review})
	hold := func(text string) chat.Held {
		t.Helper()
		c, err := d.Post(t.Context(), ann, room, chat.Draft{Text: text})
		if err != nil || c.Held == nil {
			t.Fatalf("%q wasn't held: %+v, %v", text, c, err)
		}
		return *c.Held
	}
	yes, no := hold("<b>yes</b> *really*"), hold("no")
	narrow := staffWith("s:m", chat.GrantOf(chat.StaffModerator, []string{"other"}))
	_, err := d.Decide(t.Context(), chat.Order{By: narrow}, yes.Message.ID, true)
	wantCode(t, err, "held_not_found")
	_, err = d.Decide(t.Context(), byMod(mod), yes.Message.ID, true)
	wantCode(t, err, "scope_missing")
	if all, err := d.ListHeld(t.Context(), staff, chat.HeldQuery{Limit: 10, State: chat.HeldPending}); err != nil || len(all) != 2 {
		t.Errorf("%d wait, %v, want 2", len(all), err)
	}
	out, err := d.Decide(t.Context(), byStaff, yes.Message.ID, true)
	if err != nil || len(out.Events) != 1 || out.Events[0].Message.ID != yes.Message.ID || out.Events[0].Message.Seq == 0 {
		t.Fatalf("released %+v, %v", out.Events, err)
	}
	_, err = d.Decide(t.Context(), byStaff, yes.Message.ID, false)
	wantCode(t, err, "held_decided")
	if _, err := d.Decide(t.Context(), byStaff, no.Message.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := d.texts(t); len(got) != 1 {
		t.Errorf("the room holds %q, want what was released", got)
	}
}

package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/chat"
)

// ledgerTests are those of acts: what they do at once, what is remembered of them, what takes them back.
var ledgerTests = map[string]func(*testing.T, Backend){
	"a deed whole or not":  testDeedAtomic,
	"a deed tried out":     testDeedDryRun,
	"deeds among changes":  testDeedOrder,
	"kept answers":         testKept,
	"answers of no act":    testReplies,
	"acts listed":          testActs,
	"hides undone":         testUndoHides,
	"a purge undone":       testUndoPurge,
	"what changed later":   testUndoChangedLater,
	"rooms undone":         testUndoRooms,
	"sanctions undone":     testUndoSanctions,
	"rooms made and ended": testRoomSteps,
	"acts bounded":         testActsBounded,
	"a room removed":       testRemovedRoom,
	"a removed room":       testRemovedStaysGone,
	"restorations undone":  testUndoRestored,
	"carried":              testCarried,
	"addresses forgotten":  testForgotten,
	"held, bounded":        testHeldBounds,
	"owners own all":       testOwnersOwnAll,
	"shadowed":             testShadow,
	"shadowed reactions":   testShadowReactions,
	"held":                 testHeld,
	"held and decided":     testHeldDecided,
	"earlier texts":        testEarlierTexts,
}

// contents counts the rows of every table that a deed writes to.
func (f *fixture) contents() map[string]int {
	f.t.Helper()
	all := map[string]int{"pos": f.number(`SELECT pos FROM counters`)}
	for _, table := range []string{
		"rooms", "events", "messages", "message_hides", "pins", "held", "sanctions", "lockdowns", "acts", "act_rooms", "act_subjects", "kept", "notes",
	} {
		all[table] = f.number(`SELECT count(*) FROM ` + table)
	}
	all["hidden"] = f.number(`SELECT count(*) FROM messages WHERE hidden = 1`)
	return all
}

// everything is a deed that does something of each kind in room a.
func (f *fixture) everything(ids []chat.MessageID, held chat.HeldID) chat.Deed {
	return f.act(mod, chat.ActSanction,
		chat.HideStep{Room: "a", IDs: ids[:1]},
		chat.PinStep{Room: "a", ID: ids[1], On: true},
		chat.PurgeStep{Authors: []chat.UserID{bob}},
		chat.SetStep{Room: "new", Patch: chat.SettingsPatch{Title: set("T")}},
		chat.DecideStep{ID: held, Release: true},
		chat.ImposeStep{Sanctions: []chat.Sanction{{ID: chat.SanctionID(newID()), Target: chat.Target{User: bob}, Rooms: "a", Effect: chat.Mute}}},
		chat.LockStep{Lockdown: chat.Lockdown{ID: chat.LockdownID(newID()), Room: "a", Level: chat.LockReadOnly, Until: noon.Add(time.Hour)}},
		chat.NoteStep{Note: chat.Note{ID: chat.NoteID(newID()), User: bob, Text: "beware"}},
	)
}

// population stores what everything acts on.
func (f *fixture) population() (ids []chat.MessageID, held chat.HeldID) {
	f.t.Helper()
	ids = []chat.MessageID{f.say("a", ann, "1"), f.say("a", ann, "2"), f.say("a", bob, "3"), f.say("b", bob, "4")}
	h := chat.Hold{Message: post(ann, "waits").Message, Why: "links"}
	f.do("a", ann, h)
	return ids, h.Message.ID
}

func testDeedAtomic(t *testing.T, b Backend) {
	f := start(t, b)
	ids, held := f.population()
	before, room := f.contents(), f.snapshot("a")
	for name, tt := range map[string]struct {
		last chat.Step
		want string
	}{
		"hide":    {chat.HideStep{Room: "a", IDs: []chat.MessageID{ids[0], "nothing"}}, "message_not_found"},
		"pin":     {chat.PinStep{Room: "a", ID: ids[0], On: true}, "message_not_found"}, // hidden by an earlier step
		"decide":  {chat.DecideStep{ID: held}, "held_decided"},
		"unheld":  {chat.DecideStep{ID: "nothing"}, "held_not_found"},
		"archive": {chat.ArchiveStep{Room: "nowhere", On: true}, "room_unknown"},
		"clear":   {chat.ClearStep{Room: "nowhere"}, "room_unknown"},
		"remove":  {chat.RemoveRoomStep{Room: "nowhere"}, "room_unknown"},
		"make":    {chat.SetStep{Room: "new", New: true}, "room_exists"},
		"stale":   {chat.SetStep{Room: "a", IfVersion: 77}, "stale"},
		"lift":    {chat.LiftStep{IDs: []chat.SanctionID{"nothing"}}, "sanction_not_found"},
		"alter":   {chat.AlterStep{ID: "nothing"}, "sanction_not_found"},
		"unlock":  {chat.UnlockStep{ID: "nothing"}, "lockdown_not_found"},
		"undo":    {chat.UndoStep{ID: "nothing"}, "act_not_found"},
	} {
		d := f.everything(ids, held)
		d.Steps = append(d.Steps, tt.last)
		e, err := f.enact(d)
		wantCode(t, name, err, tt.want)
		if len(e.Events) > 0 || e.Act.ID != "" {
			t.Errorf("%s: got %+v with a refusal, want nothing", name, e)
		}
	}
	if _, err := f.enact(chat.Deed{}); chat.CodeOf(err) != "internal" {
		t.Errorf("an act by nobody: got %v, want internal", err)
	}
	if diff := cmp.Diff(before, f.contents()); diff != "" {
		t.Errorf("refused deeds left something (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(room, f.snapshot("a")); diff != "" {
		t.Errorf("refused deeds changed the room (-want +got):\n%s", diff)
	}
}

func testDeedDryRun(t *testing.T, b Backend) {
	f := start(t, b)
	ids, held := f.population()
	before, room, heard := f.contents(), f.snapshot("a"), len(f.bell.heard(t, 0))
	d := f.everything(ids, held)
	d.DryRun = true
	d.Keep = &chat.Keep{Caller: mod, Key: "k", Fingerprint: []byte("x"), Reply: func(chat.Enacted) (chat.KeptReply, error) {
		t.Error("a dry run asked for an answer to be kept")
		return chat.KeptReply{}, nil
	}}
	tried, err := f.enact(d)
	if err != nil || tried.Act.Pos != 0 || len(tried.Events) > 0 {
		t.Errorf("got %+v, %v, want no events and no place", tried, err)
	}
	if diff := cmp.Diff(before, f.contents()); diff != "" {
		t.Errorf("a dry run left something (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(room, f.snapshot("a")); diff != "" {
		t.Errorf("a dry run changed the room (-want +got):\n%s", diff)
	}
	d.DryRun, d.Keep = false, nil
	done, err := f.enact(d)
	if err != nil {
		t.Fatal(err)
	}
	sameButPlaces := cmp.Options{
		cmpopts.IgnoreFields(chat.Act{}, "Pos"), cmpopts.IgnoreFields(chat.Enacted{}, "Events", "Room"),
		cmpopts.IgnoreFields(chat.ActEffect{}, "Before", "After"), cmpopts.EquateComparable(), sameAddr,
	}
	if diff := cmp.Diff(tried, done, sameButPlaces); diff != "" {
		t.Errorf("the dry run said otherwise than the deed does (-dry +done):\n%s", diff)
	}
	if n := len(f.bell.heard(t, heard+len(done.Events))) - heard; n != len(done.Events) || n == 0 {
		t.Errorf("got %d events announced, want those of the deed alone, %d", n, len(done.Events))
	}
}

// testDeedOrder queues deeds among changes: all are told in the order of their numbers,
// completions before announcements.
func testDeedOrder(t *testing.T, b Backend) {
	f := start(t, b)
	first := f.say("a", ann, "first")
	hold := f.hold()
	var told []string
	note := func(what string) { told = append(told, what) } // by the committer alone
	f.bell.call(func(events []chat.Event) {
		for _, e := range events {
			note("heard " + string(e.Kind))
		}
	})
	last := make(chan struct{})
	appendOp := func(o chat.Op, done func()) {
		f.Append(t.Context(), chat.Change{Room: "a", By: ann, At: noon, Op: o}, func(_ chat.Committed, err error) {
			note(fmt.Sprintf("%T %v", o, err))
			done()
		})
	}
	nothing := func() {}
	appendOp(post(ann, "second"), nothing)
	f.Enact(t.Context(), f.act(mod, chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{first}}), func(e chat.Enacted, err error) {
		note(fmt.Sprint("act ", len(e.Events), " ", err))
	})
	appendOp(react(first, "x", true), nothing)
	f.Enact(t.Context(), f.act(mod, chat.ActChangeRoom, chat.SetStep{Room: "a", Patch: chat.SettingsPatch{Title: set("T")}}), func(chat.Enacted, error) {
		note("act")
	})
	appendOp(post(ann, "third"), func() { close(last) })
	hold()
	wait(t, last)
	heard := f.bell.heard(t, 6)
	var seq chat.Seq
	for _, e := range heard {
		if e.Room == "a" && e.Prev != seq {
			t.Errorf("got %s with prev %d after seq %d", e.Kind, e.Prev, seq)
		}
		if e.Room == "a" {
			seq = e.Seq
		}
	}
	want := []string{
		"heard message", "chat.Post <nil>", "heard message", "act 1 <nil>", "heard deleted",
		"chat.React message_not_found: There is no such message.", "act", "heard room", "chat.Post <nil>", "heard message",
	}
	f.stop()
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("in this order (-want +got):\n%s", diff)
	}
}

func testKept(t *testing.T, b Backend) {
	f := start(t, b, often)
	id := f.say("a", ann, "x")
	answers := 0
	deed := func(caller chat.UserID, fingerprint string, fail error) chat.Deed {
		d := f.act(mod, chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{id}})
		d.Keep = &chat.Keep{Caller: caller, Key: "key", Fingerprint: []byte(fingerprint), Reply: func(e chat.Enacted) (chat.KeptReply, error) {
			answers++
			return chat.KeptReply{Status: 200, Body: []byte(fmt.Sprint(len(e.Events), " events")), ETag: "e"}, fail
		}}
		return d
	}
	failed := errors.New("can't be answered")
	if _, err := f.enact(deed(mod, "one", failed)); !errors.Is(err, failed) || f.number(`SELECT count(*) FROM acts`) != 0 {
		t.Errorf("an answer that can't be made: got %v, want %v, and nothing done", err, failed)
	}
	// The second waits while the first is done.
	hold := f.hold()
	first, second := make(chan chat.Enacted, 1), make(chan chat.Enacted, 1)
	f.Enact(t.Context(), deed(mod, "one", nil), func(e chat.Enacted, _ error) { first <- e })
	f.Enact(t.Context(), deed(mod, "one", nil), func(e chat.Enacted, _ error) { second <- e })
	hold()
	done := wait(t, first)
	want := &chat.KeptReply{Status: 200, Body: []byte("1 events"), Act: done.Act.ID, ETag: "e"}
	if diff := cmp.Diff(chat.Enacted{Kept: want}, wait(t, second), sameAddr); diff != "" || done.Kept != nil {
		t.Errorf("repeated at once (-want +got):\n%s", diff)
	}
	f.restart()
	if e, err := f.enact(deed(mod, "one", nil)); err != nil || !cmp.Equal(e.Kept, want) {
		t.Errorf("after a restart: got %+v, %v, want %+v", e.Kept, err, want)
	}
	got, found, err := f.KeptReply(t.Context(), mod, "key", []byte("one"))
	if err != nil || !found || !cmp.Equal(got, *want) {
		t.Errorf("KeptReply: got %+v, %v, %v, want %+v", got, found, err, want)
	}
	_, err = f.enact(deed(mod, "another", nil))
	wantCode(t, "another request with the key", err, "idempotency_mismatch")
	_, _, err = f.KeptReply(t.Context(), mod, "key", []byte("another"))
	wantCode(t, "KeptReply of another request", err, "idempotency_mismatch")
	if _, found, err := f.KeptReply(t.Context(), ann, "key", nil); found || err != nil {
		t.Errorf("another caller's key: got %v, %v, want nothing", found, err)
	}
	if e, err := f.enact(deed("k:other", "another", nil)); err != nil || e.Kept != nil {
		t.Errorf("another caller: got %+v, %v, want it done", e.Kept, err)
	}
	f.clock.advance(chat.KeepFor)
	if e, err := f.enact(deed(mod, "another", nil)); err != nil || e.Kept != nil || answers != 4 {
		t.Errorf("a day later: got %+v, %v and %d answers made, want it done, the fourth", e.Kept, err, answers)
	}
	f.clock.advance(chat.KeepFor + time.Second)
	f.eventually("answers kept", 0, `SELECT count(*) FROM kept`)
}

func testActs(t *testing.T, b Backend) {
	f := start(t, b)
	a, other := f.say("a", ann, "1"), f.say("b-1", bob, "2")
	var acts []chat.Act
	do := func(by chat.UserID, kind chat.ActKind, steps ...chat.Step) chat.Act {
		t.Helper()
		f.clock.advance(time.Second)
		d := f.act(by, kind, steps...)
		d.Act.Reason = "because"
		e, err := f.enact(d)
		if err != nil {
			t.Fatal(err)
		}
		acts = append(acts, e.Act)
		return e.Act
	}
	hidden := do(mod, chat.ActDelete, chat.HideStep{Room: "a", IDs: []chat.MessageID{a}})
	do("k:bot", chat.ActDelete, chat.HideStep{Room: "b-1", IDs: []chat.MessageID{other}})
	do(mod, chat.ActPurge, chat.PurgeStep{Authors: []chat.UserID{ann, "g:absent"}})
	do(mod, chat.ActDisconnect)
	do(mod, chat.ActUndo, chat.UndoStep{ID: hidden.ID})
	acts[0].UndoneBy = acts[4].ID
	yes, no := true, false
	for name, tt := range map[string]struct {
		q    chat.ActQuery
		want []int
	}{
		"all":           {chat.ActQuery{}, []int{4, 3, 2, 1, 0}},
		"by":            {chat.ActQuery{By: "k:bot"}, []int{1}},
		"kind":          {chat.ActQuery{Kind: chat.ActDelete}, []int{1, 0}},
		"room":          {chat.ActQuery{Room: "a"}, []int{4, 0}},
		"user":          {chat.ActQuery{User: ann}, []int{4, 2, 0}},
		"absent user":   {chat.ActQuery{User: "g:absent"}, []int{2}},
		"since":         {chat.ActQuery{Since: noon.Add(2 * time.Second)}, []int{4, 3, 2, 1}},
		"until":         {chat.ActQuery{Until: noon.Add(2 * time.Second)}, []int{0}},
		"undone":        {chat.ActQuery{Undone: &yes}, []int{0}},
		"standing":      {chat.ActQuery{Undone: &no}, []int{4, 3, 2, 1}},
		"before":        {chat.ActQuery{Before: acts[2].Pos}, []int{1, 0}},
		"limit":         {chat.ActQuery{Limit: 2}, []int{4, 3}},
		"within":        {chat.ActQuery{Within: []string{"b-*", "c"}}, []int{1}},
		"within, limit": {chat.ActQuery{Within: []string{"*"}, Limit: 1}, []int{4}},
		"within none":   {chat.ActQuery{Within: []string{}}, nil},
	} {
		if tt.q.Limit == 0 {
			tt.q.Limit = 100
		}
		var want []chat.Act
		for _, i := range tt.want {
			want = append(want, acts[i])
		}
		got, err := f.Acts(t.Context(), tt.q)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	got, err := f.Act(t.Context(), acts[0].ID)
	if diff := cmp.Diff(acts[0], got); diff != "" || err != nil {
		t.Errorf("Act: %v (-want +got):\n%s", err, diff)
	}
	if !slices.Equal(got.Users, []chat.UserID{ann}) || !slices.Equal(got.Rooms, []chat.RoomID{"a"}) || got.Reason != "because" {
		t.Errorf("got %+v, want whom and where it hit", got)
	}
	_, err = f.Act(t.Context(), "nothing")
	wantCode(t, "an unknown act", err, "act_not_found")
	if n := f.number(`SELECT count(*) FROM acts WHERE effects LIKE '%u:ann%' OR effects LIKE '%name of%'`); n > 0 {
		t.Errorf("%d records name people", n)
	}
}

package chat_test

import (
	"context"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// Whatever is asked for as a dry run is answered as if it were done, and leaves no trace.
func TestDryRunsChangeNothing(t *testing.T) {
	d := newDesk(t)
	here := room
	m := d.mustPost(t, ann, "hi")
	gone := d.mustPost(t, ann, "gone")
	l := d.arrive(t, guest, room)
	d.arrive(t, ann, room)
	must := func(out chat.Outcome, err error) chat.Outcome {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if err := d.WriteSightings(t.Context()); err != nil {
		t.Fatal(err)
	}
	deleted := must(d.Delete(t.Context(), byStaff, room, []chat.MessageID{gone.ID}))
	lock := must(d.LockDown(t.Context(), byStaff, chat.Lockdown{Room: "other", Level: chat.LockReadOnly, Until: d.clock().Add(time.Hour)})).Lockdowns[0]
	held := d.sanction(t, chat.SanctionOrder{Target: on(bob), Effect: chat.Review})
	c, err := d.Post(t.Context(), bob, room, chat.Draft{Text: "wait"})
	if err != nil {
		t.Fatal(err)
	}
	must(d.AddNote(t.Context(), byStaff, ann.ID, "hm"))
	notes, err := d.ListNotes(t.Context(), staff, ann.ID, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	orders := map[string]func(ctx context.Context, o chat.Order) (chat.Outcome, error){
		"delete": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Delete(ctx, o, room, []chat.MessageID{m.ID})
		},
		"restore": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Restore(ctx, o, room, []chat.MessageID{gone.ID})
		},
		"pin": func(ctx context.Context, o chat.Order) (chat.Outcome, error) { return d.Pin(ctx, o, room, m.ID, true) },
		"purge": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Purge(ctx, o, chat.PurgeOrder{Selection: chat.Selection{Users: []chat.UserID{ann.ID}}})
		},
		"sanction": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Sanction(ctx, o, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban, Purge: chat.PurgeAll})
		},
		"import": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.ImportSanctions(ctx, o, []chat.SanctionOrder{{Target: on(ann), Effect: chat.Ban}})
		},
		"change a sanction": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.AlterSanction(ctx, o, chat.AlterStep{ID: held.ID, Reason: ref("x")})
		},
		"lift": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Lift(ctx, o, []chat.SanctionID{held.ID})
		},
		"configure": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Configure(ctx, o, chat.SetStep{Room: room, Patch: chat.SettingsPatch{Title: ref("x"), ReadOnly: ref(true)}})
		},
		"archive": func(ctx context.Context, o chat.Order) (chat.Outcome, error) { return d.Archive(ctx, o, room, true) },
		"remove":  func(ctx context.Context, o chat.Order) (chat.Outcome, error) { return d.RemoveRoom(ctx, o, room) },
		"clear":   func(ctx context.Context, o chat.Order) (chat.Outcome, error) { return d.Clear(ctx, o, room) },
		"lock": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.LockDown(ctx, o, chat.Lockdown{Level: chat.LockReadOnly, Until: d.clock().Add(time.Hour)})
		},
		"unlock": func(ctx context.Context, o chat.Order) (chat.Outcome, error) { return d.Unlock(ctx, o, lock.ID) },
		"release": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Decide(ctx, o, c.Held.Message.ID, true)
		},
		"refuse": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Decide(ctx, o, c.Held.Message.ID, false)
		},
		"note": func(ctx context.Context, o chat.Order) (chat.Outcome, error) { return d.AddNote(ctx, o, ann.ID, "x") },
		"remove note": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.RemoveNote(ctx, o, ann.ID, notes[0].ID)
		},
		"revoke": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.RevokeTokens(ctx, o, ann.ID, d.clock().Add(-time.Second))
		},
		"disconnect": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.Disconnect(ctx, o, []chat.SessionID{l.ID}, nil)
		},
		"notice": func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return d.SendNotice(ctx, o, &here, "", "x")
		},
		"undo": func(ctx context.Context, o chat.Order) (chat.Outcome, error) { return d.Undo(ctx, o, deleted.Act.ID) },
	}
	before := d.trace(t)
	for name, ask := range orders {
		out, err := ask(t.Context(), chat.Order{By: staff, DryRun: true, Reason: "to see"})
		if err != nil || !out.DryRun {
			t.Errorf("%s: %v", name, err)
		}
		if after := d.trace(t); after != before {
			t.Errorf("%s left a trace: %+v, before %+v", name, after, before)
			before = after
		}
	}
}

// trace is what an act would leave.
type trace struct {
	acts, signals, messages, standing, held, rooms int
	title                                          string
	archived                                       bool
}

func (d *desk) trace(t *testing.T) trace {
	t.Helper()
	acts, err := d.ListActs(t.Context(), staff, chat.ActQuery{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	standing, err := d.ListSanctions(t.Context(), staff, chat.SanctionQuery{Limit: 200, Standing: ref(true)})
	if err != nil {
		t.Fatal(err)
	}
	held, err := d.ListHeld(t.Context(), staff, chat.HeldQuery{Limit: 200, State: chat.HeldPending})
	if err != nil {
		t.Fatal(err)
	}
	rooms, err := d.ListRooms(t.Context(), staff, chat.RoomQuery{Limit: 200}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Room(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	d.ear.mu.Lock()
	defer d.ear.mu.Unlock()
	return trace{
		acts: len(acts), signals: len(d.signals), messages: len(d.texts(t)), standing: len(standing), held: len(held), rooms: len(rooms),
		title: r.Settings.Title, archived: !r.ArchivedAt.IsZero(),
	}
}

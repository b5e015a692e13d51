package chat_test

import (
	"context"
	"errors"
	"testing"

	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
)

// lateLedger loses the answers of its commits, and finds out afterwards.
type lateLedger struct{ chat.Ledger }

func (l lateLedger) Enact(ctx context.Context, d chat.Deed, done func(chat.Enacted, error)) {
	l.Ledger.Enact(ctx, d, func(en chat.Enacted, err error) {
		done(chat.Enacted{}, chat.ErrOutcomeUnknown)
		if err == nil && d.Late != nil {
			d.Late(en)
		}
	})
}

// An act that was stored although nobody could know holds, here and on the other nodes.
func TestAnActWhoseAnswerWasLostHolds(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.Service.Ledger = lateLedger{w.Service.Ledger}
	heard := &hearing{}
	stop, err := w.bell.ListenAll(t.Context(), heard)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	_, err = w.Sanction(t.Context(), byStaff, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban, AddressFor: -1})
	if !errors.Is(err, chat.ErrOutcomeUnknown) {
		t.Fatalf("Sanction: %v, want ErrOutcomeUnknown", err)
	}
	w.mustPost(t, bob, "after it") // the committer has gone on
	if _, err := w.Post(t.Context(), guest, room, chat.Draft{Text: "hi"}); chat.CodeOf(err) != "banned" {
		t.Errorf("the banned guest posts: %v, want banned", err)
	}
	told := 0
	for _, sig := range heard.told() {
		if sig.Control != nil && len(sig.Control.Sanctions) == 1 {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the others were told %d times, want once", told)
	}
}

// A node that never heard of an act puts it in force when the request is repeated there: the one that did it may have died
// before it told.
func TestARepeatedRequestHolds(t *testing.T) {
	keep := func(key string) chat.Order {
		o := byStaff
		o.Keep = &chat.Keep{Caller: staff.ID, Key: key, Fingerprint: []byte(key)}
		o.Reply = func(chat.Outcome) (chat.KeptReply, error) { return chat.KeptReply{Status: 200}, nil }
		return o
	}
	readOnly := true
	tests := map[string]struct {
		act  func(w *chat.Service, o chat.Order, x chat.SanctionID) error
		by   chat.Actor
		code string
	}{
		"a ban": {func(w *chat.Service, o chat.Order, _ chat.SanctionID) error {
			_, err := w.Sanction(t.Context(), o, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban, AddressFor: -1})
			return err
		}, guest, "banned"},
		"the end of a mute": {func(w *chat.Service, o chat.Order, x chat.SanctionID) error {
			_, err := w.Lift(t.Context(), o, []chat.SanctionID{x})
			return err
		}, ann, ""},
		"a room's settings": {func(w *chat.Service, o chat.Order, _ chat.SanctionID) error {
			_, err := w.Configure(t.Context(), o, chat.SetStep{Room: room, Patch: chat.SettingsPatch{ReadOnly: &readOnly}})
			return err
		}, bob, "room_read_only"},
		"a lock-down": {func(w *chat.Service, o chat.Order, _ chat.SanctionID) error {
			_, err := w.LockDown(t.Context(), o, chat.Lockdown{Level: chat.LockReadOnly, Until: w.Now().Add(1e12)})
			return err
		}, bob, "room_read_only"},
		"a user's tokens": {func(w *chat.Service, o chat.Order, _ chat.SanctionID) error {
			_, err := w.RevokeTokens(t.Context(), o, bob.ID, w.Now())
			return err
		}, bob, "token_revoked"},
	}
	for name, tt := range tests {
		// What is lifted is looked for before anything else.
		lookUp := name != "a ban"
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			w.mustPost(t, bob, "there is a room")
			x := w.sanction(t, chat.SanctionOrder{Target: on(ann), Effect: chat.Mute})
			cfg := w.Service.Config
			alone := broker.NewMemory(broker.Config{})
			cfg.Bell, cfg.Presence = alone, alone
			other, err := chat.New(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.Post(t.Context(), bob, room, chat.Draft{Text: "it knows the room"}); err != nil {
				t.Fatal(err)
			}
			if err := tt.act(w.Service, keep("k"), x.ID); err != nil {
				t.Fatal(err)
			}
			repeat := func() error { return tt.act(other, keep("k"), x.ID) }
			if lookUp {
				repeat = func() error {
					_, found, err := other.KeptReply(t.Context(), staff.ID, "k", []byte("k"))
					if !found {
						t.Error("the answer wasn't kept")
					}
					return err
				}
			}
			for range 2 {
				if err := repeat(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := other.Post(t.Context(), tt.by, room, chat.Draft{Text: "hi"}); chat.CodeOf(err) != tt.code {
				t.Errorf("on the node where it was repeated: %v, want %q", err, tt.code)
			}
		})
	}
}

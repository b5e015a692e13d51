package chat_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// on targets somebody by name.
func on(a chat.Actor) *chat.Target { return &chat.Target{User: a.ID} }

// sanction makes one, by staff; on nobody's address besides.
func (w *world) sanction(t *testing.T, so chat.SanctionOrder) chat.Sanction {
	t.Helper()
	if so.AddressFor == 0 {
		so.AddressFor = -1
	}
	out, err := w.Sanction(t.Context(), byStaff, so)
	if err != nil {
		t.Fatalf("Sanction: %v", err)
	}
	if len(out.Sanctions) != 1 {
		t.Fatalf("the act made %d sanctions, want 1", len(out.Sanctions))
	}
	return out.Sanctions[0]
}

// deeds are what somebody tries; each returns why it was refused. own is a message of theirs, other one of Bob's.
var deeds = map[string]func(t *testing.T, w *world, by chat.Actor, own, other chat.MessageID) error{
	"sign in": func(t *testing.T, w *world, by chat.Actor, _, _ chat.MessageID) error {
		_, err := w.SignIn(t.Context(), by)
		return err
	},
	"join": func(t *testing.T, w *world, by chat.Actor, _, _ chat.MessageID) error {
		_, err := w.Join(t.Context(), by, "1", room, nil)
		return err
	},
	"post": func(t *testing.T, w *world, by chat.Actor, _, _ chat.MessageID) error {
		_, err := w.Post(t.Context(), by, room, chat.Draft{Text: "hi"})
		return err
	},
	"edit": func(t *testing.T, w *world, by chat.Actor, own, _ chat.MessageID) error {
		_, err := w.Edit(t.Context(), by, room, own, "changed")
		return err
	},
	"react": func(t *testing.T, w *world, by chat.Actor, _, other chat.MessageID) error {
		return w.React(t.Context(), by, room, other, "👍", true)
	},
	"type": func(t *testing.T, w *world, by chat.Actor, _, _ chat.MessageID) error {
		return w.Typing(t.Context(), by, room)
	},
	"read": func(t *testing.T, w *world, by chat.Actor, _, _ chat.MessageID) error {
		_, err := w.History(t.Context(), by, room, chat.PageQuery{Before: 1 << 60, Limit: 1})
		return err
	},
	"rename": func(t *testing.T, w *world, by chat.Actor, _, _ chat.MessageID) error {
		_, err := w.Rename(t.Context(), by, "Zed")
		return err
	},
}

// all says of every deed that it is refused with code, but for those of except.
func all(code string, except map[string]string) map[string]string {
	want := make(map[string]string)
	for d := range deeds {
		want[d] = code
	}
	for d, c := range except {
		want[d] = c
	}
	return want
}

func TestWhatASanctionKeepsFrom(t *testing.T) {
	here := netip.MustParsePrefix("192.0.2.0/24")
	signedIn := ann
	// fixed is what a user is told, sanction or not.
	fixed := map[string]string{"rename": "name_fixed"}
	writing := func(code string) map[string]string {
		return map[string]string{"post": code, "edit": code, "react": code, "type": code, "rename": code}
	}
	tests := map[string]struct {
		by   chat.Actor
		so   chat.SanctionOrder
		want map[string]string
	}{
		"a ban": {guest, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban}, all("banned", nil)},
		"a ban in the room": {
			guest, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban, Rooms: "gen*"},
			all("banned", map[string]string{"sign in": "", "rename": ""}),
		},
		"a ban elsewhere": {guest, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban, Rooms: "other"}, all("", nil)},
		"a ban that starts later": {
			guest, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban, Starts: time.Now().Add(time.Hour)}, all("", nil),
		},
		"a ban of the address": {guest, chat.SanctionOrder{Target: &chat.Target{Prefix: here}, Effect: chat.Ban}, all("banned", nil)},
		"a ban of guests from there, of one": {
			guest, chat.SanctionOrder{Target: &chat.Target{Prefix: here, Only: chat.Guests}, Effect: chat.Ban}, all("banned", nil),
		},
		"a ban of guests from there, of a user": {
			signedIn, chat.SanctionOrder{Target: &chat.Target{Prefix: here, Only: chat.Guests}, Effect: chat.Ban}, all("", fixed),
		},
		"a ban of a moderator's address": {mod, chat.SanctionOrder{Target: &chat.Target{Prefix: here}, Effect: chat.Ban}, all("", fixed)},
		"must sign in":                   {guest, chat.SanctionOrder{Target: on(guest), Effect: chat.SignIn}, all("sign_in_required", nil)},
		"must sign in, and has": {
			signedIn, chat.SanctionOrder{Target: &chat.Target{Prefix: here}, Effect: chat.SignIn}, all("", fixed),
		},
		"a mute":   {guest, chat.SanctionOrder{Target: on(guest), Effect: chat.Mute}, all("", writing("muted"))},
		"a shadow": {guest, chat.SanctionOrder{Target: on(guest), Effect: chat.Shadow}, all("", nil)},
		"a hold": {
			guest, chat.SanctionOrder{Target: on(guest), Effect: chat.Review},
			all("", map[string]string{"edit": "under_review", "rename": "under_review"}),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			own, other := w.mustPost(t, tt.by, "mine").ID, w.mustPost(t, bob, "his").ID
			w.sanction(t, tt.so)
			for name, do := range deeds {
				if got := chat.CodeOf(do(t, w, tt.by, own, other)); got != tt.want[name] {
					t.Errorf("%s: refused with %q, want %q", name, got, tt.want[name])
				}
			}
		})
	}
}

func TestSanctionOfAnAlias(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	by, err := w.SignIn(t.Context(), guest)
	if err != nil {
		t.Fatal(err)
	}
	if by.Alias != w.Alias(guest.Addr) || !chat.ValidAlias(by.Alias) {
		t.Fatalf("the alias is %q, want that of the address", by.Alias)
	}
	w.sanction(t, chat.SanctionOrder{Target: &chat.Target{Alias: by.Alias}, Effect: chat.Ban})
	_, err = w.Post(t.Context(), by, room, chat.Draft{Text: "hi"})
	wantCode(t, err, "banned")
	other := guest
	other.ID = "g:other"
	_, err = w.SignIn(t.Context(), other)
	wantCode(t, err, "banned")
	other.Addr = netip.MustParseAddr("198.51.100.1")
	if _, err := w.SignIn(t.Context(), other); err != nil {
		t.Errorf("another address: %v", err)
	}
}

func TestAliases(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	alias := func(a string) string { return w.Alias(netip.MustParseAddr(a)) }
	for _, same := range [][2]string{
		{"192.0.2.1", "::ffff:192.0.2.1"}, {"2001:db8::1", "2001:db8::2:3:4:5"}, {"fe80::1", "fe80::1%eth0"},
	} {
		if alias(same[0]) != alias(same[1]) {
			t.Errorf("%s and %s have different aliases", same[0], same[1])
		}
	}
	for _, differ := range [][2]string{{"192.0.2.1", "192.0.2.2"}, {"2001:db8:0:1::1", "2001:db8:0:2::1"}} {
		if alias(differ[0]) == alias(differ[1]) {
			t.Errorf("%s and %s have one alias", differ[0], differ[1])
		}
	}
	if got := w.Alias(netip.Addr{}); got != "" {
		t.Errorf("no address has the alias %q", got)
	}
}

func TestPersonalSlowMode(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Slow, Interval: time.Hour})
	w.mustPost(t, guest, "one")
	_, err := w.Post(t.Context(), guest, room, chat.Draft{Text: "two"})
	if e := wantCode(t, err, "slow_mode"); e.RetryAfter <= 50*time.Minute {
		t.Errorf("RetryAfter is %s, want about an hour", e.RetryAfter)
	}
	_, err = w.Post(t.Context(), guest, "elsewhere", chat.Draft{Text: "two"})
	wantCode(t, err, "slow_mode")
	w.mustPost(t, bob, "others")
	w.mustPost(t, bob, "write on")
	j, err := w.join(t, guest, "1", nil)
	if err != nil || j.Rights.Slow != time.Hour || !j.Rights.Post {
		t.Errorf("the rights are %+v, %v, want to post once an hour", j.Rights, err)
	}
}

// Guests are free to make: an address has one turn, whoever takes it.
func TestSlowModeOfAnAddress(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	p := netip.MustParsePrefix("192.0.2.0/24")
	w.sanction(t, chat.SanctionOrder{Target: &chat.Target{Prefix: p}, Effect: chat.Slow, Interval: time.Hour})
	twin, neighbour := guest, guest
	twin.ID, neighbour.ID, neighbour.Addr = "g:twin", "g:next", p.Addr().Next()
	w.mustPost(t, guest, "one")
	_, err := w.Post(t.Context(), twin, room, chat.Draft{Text: "two"})
	wantCode(t, err, "slow_mode")
	w.mustPost(t, neighbour, "another address")
}

func TestHarshestSanctionIsTold(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Mute, Duration: time.Minute})
	long := w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Mute, Duration: time.Hour, Reason: "enough"})
	_, err := w.Post(t.Context(), guest, room, chat.Draft{Text: "hi"})
	if e := wantCode(t, err, "muted"); !e.Until.Equal(long.Expires) || e.Message != "You are muted. Reason: enough" {
		t.Errorf("told %q until %s, want the longer one's until %s", e.Message, e.Until, long.Expires)
	}
	w.pass(time.Hour)
	w.mustPost(t, guest, "over")
}

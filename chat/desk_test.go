package chat_test

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// crowd holds live sessions, as the transport does.
type crowd struct {
	mu    sync.Mutex
	open  []chat.LiveSession
	lists int // how often they were asked for
}

func (c *crowd) List() []chat.LiveSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lists++
	return slices.Clone(c.open)
}

func (c *crowd) End(match func(chat.LiveSession) bool, _ *chat.Error) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.open)
	c.open = slices.DeleteFunc(c.open, match)
	return n - len(c.open)
}

// desk is a world with a crowd of live sessions, and somebody who hears the bell.
type desk struct {
	*world
	*crowd
	*ear
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	w := newWorld(t, chat.Limits{})
	d := &desk{world: w, crowd: &crowd{}, ear: &ear{}}
	w.Sessions = d.crowd
	w.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	stop, err := w.bell.ListenAll(t.Context(), d.ear)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return d
}

// arrive signs somebody in, and has them join rooms.
func (d *desk) arrive(t *testing.T, a chat.Actor, rooms ...chat.RoomID) chat.LiveSession {
	t.Helper()
	a, err := d.SignIn(t.Context(), a)
	if err != nil {
		t.Fatalf("SignIn(%s): %v", a.ID, err)
	}
	l := chat.LiveSession{
		ID: chat.SessionID(d.NewID()), Actor: a, Rooms: rooms, Since: d.clock(), Protocol: "v1", Addr: a.Addr,
		Joined: make(map[chat.RoomID]time.Time),
	}
	for _, r := range rooms {
		l.Joined[r] = d.clock()
	}
	if a.Tokenless {
		l.Protocol = "plain"
	}
	d.crowd.mu.Lock()
	defer d.crowd.mu.Unlock()
	d.open = append(d.open, l)
	return l
}

func visitor(n int, name string) chat.Actor {
	return chat.Actor{
		ID: chat.UserID(fmt.Sprintf("g:%04d", n)), Name: name, Role: chat.RoleGuest, Agent: "Agent/1",
		Addr: netip.AddrFrom4([4]byte{198, 51, byte(n >> 8), byte(n)}),
	}
}

func staffWith(id string, g *chat.Grant) chat.Actor {
	return chat.Actor{ID: chat.UserID(id), Name: id, Role: chat.RoleStaff, Grant: g, Via: chat.ViaAPI}
}

func mustParse(p string) netip.Prefix { return netip.MustParsePrefix(p) }

func warned(im chat.Impact, code string) bool {
	return slices.ContainsFunc(im.Warnings, func(w chat.Warning) bool { return w.Code == code })
}

func TestSanctionRefuses(t *testing.T) {
	d := newDesk(t)
	d.arrive(t, mod2, room)
	elsewhere := mod
	elsewhere.Rooms = []string{"other"}
	inGeneral := staffWith("s:mia", chat.GrantOf(chat.StaffModerator, []string{"gen*"}))
	viewer := staffWith("s:vic", chat.GrantOf(chat.Viewer, nil))
	moderator := staffWith("s:mel", chat.GrantOf(chat.StaffModerator, nil))
	user := func(id string) *chat.Target { return &chat.Target{User: chat.UserID(id)} }
	tests := map[string]struct {
		by   chat.Actor
		so   chat.SanctionOrder
		want string
	}{
		"by a user":                       {ann, chat.SanctionOrder{Target: user("u:bob"), Rooms: "general"}, "not_a_moderator"},
		"by a moderator of another room":  {elsewhere, chat.SanctionOrder{Target: user("u:bob"), Rooms: "general"}, "room_forbidden"},
		"by a moderator, everywhere":      {mod, chat.SanctionOrder{Target: user("u:bob")}, "not_a_moderator"},
		"by a moderator, a glob":          {mod, chat.SanctionOrder{Target: user("u:bob"), Rooms: "gen*"}, "not_a_moderator"},
		"by a moderator, a shadow":        {mod, chat.SanctionOrder{Target: user("u:bob"), Rooms: "general", Effect: chat.Shadow}, "scope_missing"},
		"by a moderator, an address":      {mod, chat.SanctionOrder{Target: &chat.Target{Alias: "addr_abcdefghijklmnop"}, Rooms: "general"}, "scope_missing"},
		"by a moderator, a selection":     {mod, chat.SanctionOrder{Selection: &chat.Selection{Room: room, NameLike: "x"}, Rooms: "general"}, "scope_missing"},
		"a moderator, by a moderator":     {mod, chat.SanctionOrder{Target: user("u:mod2"), Rooms: "general"}, "target_protected"},
		"a moderator, by staff":           {moderator, chat.SanctionOrder{Target: user("u:mod2")}, "target_protected"},
		"a moderator, by an admin":        {staff, chat.SanctionOrder{Target: user("u:mod2"), Effect: chat.Mute, Duration: time.Second}, ""},
		"oneself":                         {mod, chat.SanctionOrder{Target: user("u:mod"), Rooms: "general"}, "target_protected"},
		"staff":                           {staff, chat.SanctionOrder{Target: user("s:admin")}, "target_protected"},
		"a key":                           {staff, chat.SanctionOrder{Target: user("k:1")}, "target_protected"},
		"a viewer":                        {viewer, chat.SanctionOrder{Target: user("u:bob")}, "scope_missing"},
		"out of one's rooms":              {inGeneral, chat.SanctionOrder{Target: user("u:bob"), Rooms: "other"}, "bound_rooms"},
		"everywhere, out of one's rooms":  {inGeneral, chat.SanctionOrder{Target: user("u:bob")}, "bound_rooms"},
		"a glob wider than one's rooms":   {inGeneral, chat.SanctionOrder{Target: user("u:bob"), Rooms: "g*"}, "bound_rooms"},
		"a glob within one's rooms":       {inGeneral, chat.SanctionOrder{Target: user("u:bob"), Rooms: "gener*"}, ""},
		"an address that isn't shown":     {moderator, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("192.0.2.0/24")}}, "scope_missing"},
		"its hash":                        {moderator, chat.SanctionOrder{Target: &chat.Target{Alias: "addr_abcdefghijklmnop"}}, ""},
		"nobody":                          {staff, chat.SanctionOrder{Target: &chat.Target{}}, "target_invalid"},
		"no target":                       {staff, chat.SanctionOrder{}, "target_invalid"},
		"two targets":                     {staff, chat.SanctionOrder{Target: &chat.Target{User: "u:x", Alias: "addr_abcdefghijklmnop"}}, "target_invalid"},
		"a target and a selection":        {staff, chat.SanctionOrder{Target: user("u:x"), Selection: &chat.Selection{NameLike: "x"}}, "target_invalid"},
		"a hash of another form":          {staff, chat.SanctionOrder{Target: &chat.Target{Alias: "addr_1"}}, "target_invalid"},
		"a user, guests only":             {staff, chat.SanctionOrder{Target: &chat.Target{User: "u:x", Only: chat.Guests}}, "target_invalid"},
		"a user of no kind":               {staff, chat.SanctionOrder{Target: user("bob")}, "user_invalid"},
		"a made-up effect":                {staff, chat.SanctionOrder{Target: user("u:x"), Effect: "tickle"}, "effect_invalid"},
		"slow without an interval":        {staff, chat.SanctionOrder{Target: user("u:x"), Effect: chat.Slow}, "effect_invalid"},
		"a mute with an interval":         {staff, chat.SanctionOrder{Target: user("u:x"), Effect: chat.Mute, Interval: time.Second}, "effect_invalid"},
		"a user who is to sign in":        {staff, chat.SanctionOrder{Target: user("u:x"), Effect: chat.SignIn}, "effect_invalid"},
		"a time that ran backwards":       {staff, chat.SanctionOrder{Target: user("u:x"), Duration: -1}, "duration_invalid"},
		"an age":                          {staff, chat.SanctionOrder{Target: user("u:x"), Duration: chat.MaxSanction + 1}, "duration_invalid"},
		"a start in years":                {staff, chat.SanctionOrder{Target: user("u:x"), Starts: time.Now().Add(2 * chat.MaxStart)}, "duration_invalid"},
		"a scope that is no glob":         {staff, chat.SanctionOrder{Target: user("u:x"), Rooms: "[a-"}, "scope_invalid"},
		"a reason without an end":         {staff, chat.SanctionOrder{Target: user("u:x"), Reason: string(make([]byte, 0)) + longText(301)}, "reason_too_long"},
		"a note without an end":           {staff, chat.SanctionOrder{Target: user("u:x"), Note: longText(2001)}, "note_too_long"},
		"everybody who is behind a proxy": {staff, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("10.1.2.3/32")}}, "target_protected"},
		"the proxies' network":            {staff, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("10.1.0.0/16")}}, "target_protected"},
		"this machine":                    {staff, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("127.0.0.1/32")}}, "target_protected"},
		"this machine, in IPv6":           {staff, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("::1/128")}}, "target_protected"},
		"this machine, disguised":         {staff, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("::ffff:127.0.0.1/128")}}, "target_protected"},
		"a continent":                     {staff, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("192.0.0.0/15")}}, "target_protected"},
		"a continent of IPv6":             {staff, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("2001:db8::/31")}}, "target_protected"},
		"the widest that needs no force":  {staff, chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("198.18.0.0/16")}, Effect: chat.Mute, Duration: time.Second}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.so.Effect == "" {
				tt.so.Effect = chat.Ban
			}
			out, err := d.Sanction(t.Context(), chat.Order{By: tt.by}, tt.so)
			wantCode(t, err, tt.want)
			if (err == nil) != (out.Act.ID != "") {
				t.Errorf("the act is %q", out.Act.ID)
			}
		})
	}
}

func longText(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}

func TestDangersCanBeForced(t *testing.T) {
	d := newDesk(t)
	so := chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("10.1.2.3/32")}, Effect: chat.Mute, Duration: time.Minute}
	dry, err := d.Sanction(t.Context(), chat.Order{By: staff, DryRun: true}, so)
	if err != nil || !warned(dry.Impact, "own_proxy") {
		t.Errorf("the preview warns of %+v, %v, want own_proxy", dry.Impact.Warnings, err)
	}
	_, err = d.Sanction(t.Context(), chat.Order{By: staff, Force: true}, so)
	wantCode(t, err, "target_protected")
	out, err := d.Sanction(t.Context(), chat.Order{By: staff, Force: true, Reason: "I know"}, so)
	if err != nil || !warned(out.Impact, "own_proxy") {
		t.Errorf("forced, with a reason: %v, warnings %+v", err, out.Impact.Warnings)
	}
	a, err := d.ShowAct(t.Context(), staff, out.Act.ID)
	if err != nil || a.Reason != "I know" {
		t.Errorf("the record says %q, %v", a.Reason, err)
	}
}

func TestImpactOfAnAddress(t *testing.T) {
	d := newDesk(t)
	d.arrive(t, ann, room)
	d.arrive(t, bob, "other")
	d.arrive(t, guest, room)
	d.arrive(t, mod, room)
	by := staff
	by.Addr = netip.MustParseAddr("192.0.2.99")
	if err := d.Accounts.FirstStaff(t.Context(), chat.StaffAccount{Name: "admin", Role: chat.Owner, PasswordHash: "x", CreatedAt: d.clock(), Version: 1}); err != nil {
		t.Fatal(err)
	}
	err := d.Accounts.AddSession(t.Context(), chat.StaffSession{
		ID: "1", Staff: "admin", Hash: []byte("hash"), CreatedAt: d.clock(), SeenAt: d.clock(), ExpiresAt: d.clock().Add(time.Hour), Addr: "192.0.2.50",
	})
	if err != nil {
		t.Fatal(err)
	}
	preview := func(so chat.SanctionOrder) chat.Impact {
		t.Helper()
		out, err := d.Sanction(t.Context(), chat.Order{By: by, DryRun: true}, so)
		if err != nil {
			t.Fatal(err)
		}
		if !out.DryRun || out.Act.Pos != 0 && len(out.Events) > 0 {
			t.Errorf("the preview is %+v", out)
		}
		return out.Impact
	}
	im := preview(chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("192.0.2.0/24")}, Effect: chat.Ban})
	if im.Sessions != 3 || im.Users != 3 || im.Guests != 1 || im.SignedIn != 2 || im.Staff != 1 || len(im.Sample) != 3 {
		t.Errorf("the impact is %+v, want Ann, Bob and the guest", im)
	}
	for _, code := range []string{"your_address", "hits_staff", "hits_signed_in"} {
		if !warned(im, code) {
			t.Errorf("no warning %s in %+v", code, im.Warnings)
		}
	}
	if im := preview(chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("192.0.2.0/24")}, Effect: chat.Ban, Rooms: "oth*"}); im.Sessions != 1 {
		t.Errorf("in the other room it hits %d sessions, want Bob's", im.Sessions)
	}
	if im := preview(chat.SanctionOrder{Target: &chat.Target{Prefix: mustParse("192.0.2.0/24"), Only: chat.Guests}, Effect: chat.Ban}); im.Guests != 1 || im.SignedIn != 0 {
		t.Errorf("of guests only it hits %+v", im)
	}
	if im := preview(chat.SanctionOrder{Target: &chat.Target{Alias: d.Alias(ann.Addr)}, Effect: chat.Mute}); im.Users != 1 || im.Sample[0].ID != ann.ID {
		t.Errorf("by its hash an address hits %+v, want Ann", im)
	}
	if _, err := d.Post(t.Context(), ann, room, chat.Draft{Text: "nothing was done"}); err != nil {
		t.Error(err)
	}
	all, err := d.ListActs(t.Context(), staff, chat.ActQuery{Limit: 10})
	if err != nil || len(all) != 0 {
		t.Errorf("previews left %d acts, %v", len(all), err)
	}
}

func TestAGuestsBanReachesTheirAddresses(t *testing.T) {
	old, now := guest, guest
	old.Addr, now.Addr = netip.MustParseAddr("2001:db8:1:2:3::4"), netip.MustParseAddr("203.0.113.9")
	tests := map[string]struct {
		configured bool
		tokenless  bool
		so         chat.SanctionOrder
		want       []string
		left       int
	}{
		"signed in somewhere": {configured: true, want: []string{"2001:db8:1:2::/64 guests sign_in 24h0m0s", "203.0.113.9/32 guests sign_in 24h0m0s"}},
		"nobody signs in":     {want: []string{"2001:db8:1:2::/64 guests hold 24h0m0s", "203.0.113.9/32 guests hold 24h0m0s"}},
		"a time of choice": {
			configured: true, so: chat.SanctionOrder{AddressFor: time.Hour},
			want: []string{"2001:db8:1:2::/64 guests sign_in 1h0m0s", "203.0.113.9/32 guests sign_in 1h0m0s"},
		},
		"not at all": {configured: true, so: chat.SanctionOrder{AddressFor: -1}},
		"not a ban":  {configured: true, so: chat.SanctionOrder{Effect: chat.Mute}},
		"a plain connection": {
			configured: true, tokenless: true,
			want: []string{
				"2001:db8:1:2::/64 guests sign_in 24h0m0s", "2001:db8:1:2::/64 tokenless ban 0s",
				"203.0.113.9/32 guests sign_in 24h0m0s", "203.0.113.9/32 tokenless ban 0s",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.SignInConfigured = tt.configured
			d.arrive(t, old, room)
			if err := d.WriteSightings(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.open = nil
			here := now
			here.Tokenless = tt.tokenless
			d.arrive(t, here, room)
			tt.so.Target = on(guest)
			if tt.so.Effect == "" {
				tt.so.Effect = chat.Ban
			}
			out, err := d.Sanction(t.Context(), byStaff, tt.so)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			var made chat.SanctionID
			for _, x := range out.Sanctions {
				if x.Target.User != "" {
					made = x.ID
				}
			}
			for _, x := range out.Sanctions {
				if x.Target.User != "" {
					continue
				}
				d := time.Duration(0)
				if !x.Expires.IsZero() {
					d = x.Expires.Sub(x.Starts)
				}
				got = append(got, fmt.Sprintf("%s %s %s %s", x.Target.Prefix, x.Target.Only, x.Effect, d))
				if x.With != made || x.Act != out.Act.ID {
					t.Errorf("%s accompanies %q in act %q, want %q in %q", x.ID, x.With, x.Act, made, out.Act.ID)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("on the addresses it puts\n%q, want\n%q", got, tt.want)
			}
			// Lifted, it leaves nothing.
			if _, err := d.Lift(t.Context(), byStaff, []chat.SanctionID{made}); err != nil {
				t.Fatal(err)
			}
			standing, err := d.ListSanctions(t.Context(), staff, chat.SanctionQuery{Limit: 10, Standing: ref(true)})
			if err != nil || len(standing) != 0 {
				t.Errorf("%d sanctions stand after lifting the ban, %v", len(standing), err)
			}
		})
	}
}

func TestAGuestBehindTheProxyIsBannedAlone(t *testing.T) {
	d := newDesk(t)
	behind := guest
	behind.Addr = netip.MustParseAddr("10.1.0.7")
	d.arrive(t, behind, room)
	out, err := d.Sanction(t.Context(), byStaff, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban})
	if err != nil || len(out.Sanctions) != 1 {
		t.Fatalf("the ban made %d sanctions, %v, want itself", len(out.Sanctions), err)
	}
	if len(out.Skipped) != 1 || out.Skipped[0].Code != "own_proxy" {
		t.Errorf("skipped is %+v, want the proxy's address", out.Skipped)
	}
}

func TestSanctionOfAChosenID(t *testing.T) {
	d := newDesk(t)
	so := chat.SanctionOrder{ID: chat.SanctionID(d.NewID()), Target: on(ann), Effect: chat.Mute, Duration: time.Hour, Reason: "one"}
	first, err := d.Sanction(t.Context(), byStaff, so)
	if err != nil || first.Sanctions[0].ID != so.ID {
		t.Fatalf("made %+v, %v", first.Sanctions, err)
	}
	so.Reason, so.Duration = "two", 2*time.Hour
	again, err := d.Sanction(t.Context(), byStaff, so)
	if err != nil {
		t.Fatal(err)
	}
	x, err := d.ShowSanction(t.Context(), staff, so.ID)
	if err != nil || x.Reason != "two" || x.Version < 2 || again.Act.Kind != chat.ActAlter {
		t.Errorf("replaced, it is %+v by %s, %v", x, again.Act.Kind, err)
	}
	so.Effect = chat.Ban
	_, err = d.Sanction(t.Context(), byStaff, so)
	wantCode(t, err, "sanction_exists")
	old := chat.AlterStep{ID: so.ID, Reason: ref("three"), IfVersion: 1}
	_, err = d.AlterSanction(t.Context(), byStaff, old)
	wantCode(t, err, "stale")
	_, err = d.AlterSanction(t.Context(), byStaff, chat.AlterStep{ID: so.ID, Expires: ref(d.clock().Add(-time.Second))})
	wantCode(t, err, "duration_invalid")
}

func TestImportIsOneAct(t *testing.T) {
	d := newDesk(t)
	id := chat.SanctionID(d.NewID())
	out, err := d.ImportSanctions(t.Context(), byStaff, []chat.SanctionOrder{
		{ID: id, Target: on(ann), Effect: chat.Mute},
		{Target: on(bob), Effect: "tickle"},
		{Target: on(guest), Effect: chat.Ban, AddressFor: -1},
		{ID: id, Target: on(bob), Effect: chat.Mute},
	})
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, f := range out.Failed {
		failed = append(failed, f.ID+" "+f.Why.Code)
	}
	if want := []string{"1 effect_invalid", string(id) + " sanction_exists"}; !slices.Equal(failed, want) || len(out.Sanctions) != 2 {
		t.Errorf("failed %q, want %q; made %d, want 2", failed, want, len(out.Sanctions))
	}
	acts, err := d.ListActs(t.Context(), staff, chat.ActQuery{Limit: 10})
	if err != nil || len(acts) != 1 {
		t.Errorf("%d acts, %v, want one", len(acts), err)
	}
}

func TestAModeratorsBanTellsNoAddress(t *testing.T) {
	d := newDesk(t)
	d.arrive(t, guest, room)
	out, err := d.Sanction(t.Context(), byMod(mod), chat.SanctionOrder{Target: on(guest), Rooms: "general", Effect: chat.Ban, Duration: time.Hour})
	if err != nil || len(out.Sanctions) != 2 {
		t.Fatalf("made %+v, %v, want the ban and what accompanies it", out.Sanctions, err)
	}
	for _, x := range out.Sanctions {
		if x.Target.Prefix.IsValid() || x.Rooms != "general" || x.Target.User == "" && x.Target.Alias != d.Alias(guest.Addr) {
			t.Errorf("the moderator is told of %+v", x)
		}
	}
	twin := guest
	twin.ID = "g:twin"
	_, err = d.Join(t.Context(), twin, "1", room, nil)
	wantCode(t, err, "sign_in_required")
}

func TestModeratorsInTheChatDontLiftWhatIsForStaff(t *testing.T) {
	d := newDesk(t)
	shadow := d.sanction(t, chat.SanctionOrder{Target: on(ann), Rooms: "general", Effect: chat.Shadow})
	_, err := d.Lift(t.Context(), byMod(mod), []chat.SanctionID{shadow.ID})
	wantCode(t, err, "sanction_not_found")
}

func TestABanOnTwoAddressesSharedByGuestsIsOne(t *testing.T) {
	d := newDesk(t)
	twin := guest
	twin.ID = "g:twin"
	d.arrive(t, guest, room)
	d.arrive(t, twin, room)
	out, err := d.Sanction(t.Context(), byStaff, chat.SanctionOrder{
		Selection: &chat.Selection{Users: []chat.UserID{guest.ID, twin.ID}}, Effect: chat.Ban,
	})
	if err != nil || len(out.Sanctions) != 3 || out.Impact.Users != 2 {
		t.Errorf("made %d sanctions hitting %+v, %v, want two bans and one on the address", len(out.Sanctions), out.Impact, err)
	}
}

package chat

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func prefix(s string) Target { return Target{Prefix: netip.MustParsePrefix(s)} }

func from(id UserID, addr string) Actor {
	a := Actor{ID: id, Role: RoleUser, Addr: netip.MustParseAddr(addr)}
	if id.Guest() {
		a.Role = RoleGuest
	}
	return a
}

// names lists the sanctions of a standing, by effect.
func names(st standing) []string {
	var all []string
	for _, x := range []*Sanction{st.ban, st.signIn, st.mute, st.shadow, st.review, st.slow} {
		if x != nil {
			all = append(all, string(x.ID))
		}
	}
	return all
}

func TestWhomASanctionHits(t *testing.T) {
	guest, user := from("g:x", "192.0.2.7"), from("u:x", "192.0.2.7")
	mod, staff := user, user
	mod.Role, staff.Role = RoleModerator, RoleStaff
	plain, aliased := guest, guest
	plain.Tokenless, aliased.Alias = true, "addr_aaaaaaaaaaaaaaaa"
	tests := map[string]struct {
		target Target
		effect Effect
		by     Actor
		want   bool
	}{
		"the user":                        {Target{User: "u:x"}, Ban, user, true},
		"another user":                    {Target{User: "u:y"}, Ban, user, false},
		"a moderator, by name":            {Target{User: "u:x"}, Ban, mod, true},
		"a moderator's address":           {prefix("192.0.2.7/32"), Ban, mod, false},
		"staff, by name":                  {Target{User: "u:x"}, Ban, staff, false},
		"staff's address":                 {prefix("192.0.2.7/32"), Ban, staff, false},
		"the address":                     {prefix("192.0.2.7/32"), Ban, user, true},
		"a prefix of it":                  {prefix("192.0.0.0/16"), Ban, user, true},
		"everything":                      {prefix("0.0.0.0/0"), Ban, user, true},
		"the next address":                {prefix("192.0.2.8/32"), Ban, user, false},
		"an address mapped to IPv6":       {prefix("192.0.2.0/24"), Ban, from("u:x", "::ffff:192.0.2.7"), true},
		"a prefix mapped to IPv6":         {prefix("::ffff:192.0.2.0/120"), Ban, user, true},
		"an IPv6 /64":                     {prefix("2001:db8:1:2::/64"), Ban, from("u:x", "2001:db8:1:2:3::4"), true},
		"another IPv6 /64":                {prefix("2001:db8:1:2::/64"), Ban, from("u:x", "2001:db8:1:3:3::4"), false},
		"an address with a zone":          {prefix("fe80::/10"), Ban, from("u:x", "fe80::1%eth0"), true},
		"all of IPv6, not IPv4":           {prefix("::/0"), Ban, user, false},
		"an alias":                        {Target{Alias: aliased.Alias}, Ban, aliased, true},
		"another alias":                   {Target{Alias: "addr_bbbbbbbbbbbbbbbb"}, Ban, aliased, false},
		"guests of the address":           {Target{Prefix: netip.MustParsePrefix("192.0.2.7/32"), Only: Guests}, Ban, guest, true},
		"guests, but they have signed in": {Target{Prefix: netip.MustParsePrefix("192.0.2.7/32"), Only: Guests}, Ban, user, false},
		"tokenless":                       {Target{Prefix: netip.MustParsePrefix("192.0.2.7/32"), Only: Tokenless}, Ban, plain, true},
		"tokenless, but they have one":    {Target{Prefix: netip.MustParsePrefix("192.0.2.7/32"), Only: Tokenless}, Ban, guest, false},
		"must sign in":                    {prefix("192.0.2.7/32"), SignIn, guest, true},
		"must sign in, and has":           {prefix("192.0.2.7/32"), SignIn, user, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newSanctionBook()
			b.put(Sanction{ID: "1", Target: tt.target, Effect: tt.effect, At: noon, Starts: noon, Version: 1})
			if got := len(names(b.against(tt.by, "general", noon))) == 1; got != tt.want {
				t.Errorf("it hits: got %t, want %t", got, tt.want)
			}
			b.lift(Sanction{ID: "1", Version: 2}, noon)
			if got := names(b.against(tt.by, "general", noon)); len(got) != 0 {
				t.Errorf("lifted, it still hits")
			}
			if n := b.byPrefix.Size() + len(b.byUser) + len(b.byAlias) + len(b.byID); n != 0 {
				t.Errorf("the book keeps %d entries of what was lifted", n)
			}
		})
	}
}

func TestWhenAndWhereASanctionHolds(t *testing.T) {
	b := newSanctionBook()
	for _, x := range []Sanction{
		{ID: "short", Rooms: "a", Effect: Mute, Expires: noon.Add(time.Minute)},
		{ID: "long", Effect: Mute, Expires: noon.Add(time.Hour)},
		{ID: "glob", Rooms: "b*", Effect: Ban},
		{ID: "later", Rooms: "c", Effect: Ban, Starts: noon.Add(time.Hour)},
		{ID: "slow", Rooms: "d", Effect: Slow, Interval: time.Minute},
		{ID: "slower", Rooms: "d", Effect: Slow, Interval: time.Hour, Expires: noon.Add(time.Minute)},
		{ID: "endless", Rooms: "e", Effect: Shadow},
		{ID: "ending", Rooms: "e", Effect: Shadow, Expires: noon.Add(time.Hour)},
		{ID: "held", Rooms: "e", Effect: Review},
	} {
		x.Target.User, x.Version = "g:x", 1
		b.put(x)
	}
	by := Actor{ID: "g:x", Role: RoleGuest}
	for _, tt := range []struct {
		room RoomID
		at   time.Duration
		want []string
	}{
		{"a", 0, []string{"long"}},
		{"z", 0, []string{"long"}},
		{"", 0, []string{"long"}},
		{"a", time.Hour, nil},
		{"b", 1000 * time.Hour, []string{"glob"}},
		{"bar", time.Hour, []string{"glob"}},
		{"c", 0, []string{"long"}},
		{"c", time.Hour, []string{"later"}},
		{"d", 0, []string{"long", "slower"}},
		{"d", time.Minute, []string{"long", "slow"}},
		{"e", 0, []string{"long", "endless", "held"}},
	} {
		if got := names(b.against(by, tt.room, noon.Add(tt.at))); !slices.Equal(got, tt.want) {
			t.Errorf("in %q after %s: got %q, want %q", tt.room, tt.at, got, tt.want)
		}
	}
	if st := b.against(by, "e", noon); st.holds() {
		t.Error("who is shadowed is told that their messages wait")
	}
	b.prune(noon.Add(2 * time.Hour))
	if got, want := len(b.byID), 5; got != want {
		t.Errorf("%d sanctions left after pruning, want %d", got, want)
	}
}

// The bell has no order, and tells things twice.
func TestTheBookTakesNewsInAnyOrder(t *testing.T) {
	made := Sanction{ID: "1", Target: Target{User: "g:x"}, Effect: Ban, Version: 1}
	changed, back := made, made
	changed.Version, changed.Effect = 2, Mute
	lifted := changed
	lifted.Version, lifted.LiftedAt = 3, noon
	back.Version = 4
	carried := made
	carried.Also = []UserID{"u:x"}
	type news struct {
		s    Sanction
		lift bool
	}
	all := []news{{made, false}, {carried, false}, {changed, false}, {lifted, true}, {made, false}}
	rapid.Check(t, func(t *rapid.T) {
		upTo := rapid.IntRange(1, 2).Draw(t, "which")
		list, want := all, ""
		if upTo == 2 {
			list, want = append(slices.Clone(all), news{back, false}), "1"
		}
		b := newSanctionBook()
		for _, n := range rapid.Permutation(append(slices.Clone(list), list...)).Draw(t, "order") {
			if n.lift {
				b.lift(n.s, noon)
			} else {
				b.put(n.s)
			}
		}
		got := ""
		if x := b.against(Actor{ID: "g:x"}, "a", noon).ban; x != nil {
			got = string(x.ID)
		}
		if got != want {
			t.Errorf("sanction %q holds in the end, want %q", got, want)
		}
	})
}

func TestWhatWasCarriedHoldsAgainstBoth(t *testing.T) {
	b := newSanctionBook()
	x := Sanction{ID: "1", Target: Target{User: "g:x"}, Effect: Ban, Version: 1}
	b.put(x)
	x.Also = []UserID{"u:x"}
	b.put(x)
	for _, id := range []UserID{"g:x", "u:x"} {
		if b.against(Actor{ID: id}, "a", noon).ban == nil {
			t.Errorf("nothing holds against %s", id)
		}
		if got := b.ofUser(id, noon); len(got) != 1 {
			t.Errorf("%d sanctions of %s, want 1", len(got), id)
		}
	}
	b.lift(x, noon)
	if len(b.byUser) != 0 {
		t.Errorf("the book keeps %d users without sanctions", len(b.byUser))
	}
}

// The book finds what a walk over all sanctions finds.
func TestTheBookAgreesWithAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newSanctionBook()
		standing := map[SanctionID]Sanction{}
		for i := range rapid.IntRange(1, 40).Draw(t, "changes") {
			id := SanctionID(fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "id")))
			x := Sanction{ID: id, Effect: Ban, Version: int64(i + 1)}
			x.Target = rapid.SampledFrom([]Target{
				{User: "g:1"}, {User: "g:2"}, prefix("10.0.0.0/8"), prefix("10.1.0.0/16"), prefix("10.1.2.3/32"), prefix("2001:db8::/32"),
			}).Draw(t, "target")
			if rapid.Bool().Draw(t, "lift") {
				b.lift(x, noon)
				delete(standing, id)
			} else {
				b.put(x)
				standing[id] = x
			}
		}
		by := from(rapid.SampledFrom([]UserID{"g:1", "g:2", "g:3"}).Draw(t, "who"),
			rapid.SampledFrom([]string{"10.1.2.3", "10.1.9.9", "10.9.9.9", "2001:db8::1", "192.0.2.1"}).Draw(t, "whence"))
		want := false
		for _, x := range standing {
			want = want || x.Target.User == by.ID || x.Target.Prefix.IsValid() && x.Target.Prefix.Contains(by.Addr)
		}
		if got := b.against(by, "a", noon).ban != nil; got != want {
			t.Errorf("a ban holds against %s from %s: got %t, want %t", by.ID, by.Addr, got, want)
		}
	})
}

// crowded is a book with n sanctions on prefixes, as blocklists have them.
func crowded(n int) *sanctionBook {
	b := newSanctionBook()
	for i := range n {
		bits := 24 + i%9
		p, _ := netip.AddrFrom4([4]byte{byte(11 + i>>16), byte(i >> 8), byte(i), byte(i * 7)}).Prefix(bits)
		b.put(Sanction{ID: SanctionID(fmt.Sprint(i)), Target: Target{Prefix: p}, Effect: Ban, Version: 1})
	}
	return b
}

func BenchmarkAgainst(b *testing.B) {
	for _, n := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("prefixes=%d", n), func(b *testing.B) {
			book, by := crowded(n), from("g:x", "11.77.77.77")
			b.ReportAllocs()
			for b.Loop() {
				book.against(by, "general", noon)
			}
		})
	}
}

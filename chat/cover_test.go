package chat

import (
	"testing"
	"time"
)

func TestGlobCovers(t *testing.T) {
	tests := []struct {
		outer, inner string
		want         bool
	}{
		{"lobby", "lobby", true},
		{"*", "lobby", true},
		{"*", "event-*", true},
		{"*", "*", true},
		{"event-*", "event-1", true},
		{"event-*", "event-1-*", true},
		{"event-*", "event-[ab]", true},
		{"event-*", "event-?", true},
		{"event-?", "event-?", true},
		{"event-?", "event-1", true},
		{"event-*", "event*", false},
		{"event-*", "*", false},
		{"event-*", "even?-1", false},
		{"event-?", "event-*", false},
		{"event-[ab]", "event-a", true},
		{"event-[ab]", "event-[a-z]", false},
		{"*-staff", "eu-staff", true},
		{"*-staff", "eu-*-staff", false}, // it does, but not clearly
		{"lobby", "lobby2", false},
		{"lobby", "*", false},
		{"e*t-*", "event-*", false}, // as above
	}
	for _, tt := range tests {
		if got := globCovers(tt.outer, tt.inner); got != tt.want {
			t.Errorf("%s covers %s: got %t, want %t", tt.outer, tt.inner, got, tt.want)
		}
	}
}

func TestRefuseWider(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	own := Grant{
		Scopes: []Scope{KeysWrite, RoomsRead, SanctionsWrite}, Rooms: []string{"event-*", "lobby"},
		LongestBan: time.Hour, ActsPerHour: 10, DryRunOnly: true,
	}
	by := Actor{ID: "k:one", Role: RoleStaff, Grant: &own, Expires: noon}
	with := func(change func(*Grant)) Grant {
		g := own
		change(&g)
		return g
	}
	tests := map[string]struct {
		g       Grant
		expires time.Time
		want    string // empty: it isn't wider
	}{
		"the same":                {own, noon, ""},
		"less of everything":      {Grant{Scopes: []Scope{RoomsRead}, Rooms: []string{"event-1"}, LongestBan: 1, ActsPerHour: 1, DryRunOnly: true}, noon.Add(-1), ""},
		"another scope":           {with(func(g *Grant) { g.Scopes = []Scope{RoomsRead, AddressesRead} }), noon, "scope_missing"},
		"all rooms":               {with(func(g *Grant) { g.Rooms = nil }), noon, "bound_rooms"},
		"another room":            {with(func(g *Grant) { g.Rooms = []string{"lobby", "hall"} }), noon, "bound_rooms"},
		"a wider glob":            {with(func(g *Grant) { g.Rooms = []string{"event*"} }), noon, "bound_rooms"},
		"longer bans":             {with(func(g *Grant) { g.LongestBan = time.Hour + 1 }), noon, "bound_duration"},
		"bans without bound":      {with(func(g *Grant) { g.LongestBan = 0 }), noon, "bound_duration"},
		"more acts":               {with(func(g *Grant) { g.ActsPerHour = 11 }), noon, "bound_acts"},
		"acts without bound":      {with(func(g *Grant) { g.ActsPerHour = 0 }), noon, "bound_acts"},
		"acts in earnest":         {with(func(g *Grant) { g.DryRunOnly = false }), noon, "bound_dry_run"},
		"a later end":             {own, noon.Add(1), "bound_expiry"},
		"no end":                  {own, time.Time{}, "bound_expiry"},
		"a role, which is scopes": {*GrantOf(Viewer, []string{"lobby"}), noon, "scope_missing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if e := by.refuseWider(tt.g, tt.expires); e != nil {
				got = e.Code
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if e := (Actor{}).refuseWider(Grant{}, time.Time{}); e == nil {
		t.Error("nobody gives all rooms")
	}
}

package chat

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseRoomID(t *testing.T) {
	tests := map[string]bool{
		"general": true, "a": true, "0": true, "a.b_c-d": true, strings.Repeat("a", 64): true,
		"": false, "General": false, "-a": false, ".a": false, "a b": false, "ä": false, "a/b": false, "..": false, strings.Repeat("a", 65): false,
	}
	for s, want := range tests {
		id, err := ParseRoomID(s)
		if (err == nil) != want {
			t.Errorf("ParseRoomID(%q) = %q, %v, want ok %t", s, id, err, want)
		}
		if err != nil && CodeOf(err) != "room_name_invalid" {
			t.Errorf("ParseRoomID(%q) refused with %q, want room_name_invalid", s, CodeOf(err))
		}
	}
}

func TestMayEnter(t *testing.T) {
	tests := []struct {
		rooms []string
		room  RoomID
		want  bool
	}{
		{nil, "general", true},
		{[]string{}, "general", false},
		{[]string{"general"}, "general", true},
		{[]string{"team-*"}, "team-a", true},
		{[]string{"team-*"}, "general", false},
		{[]string{"["}, "general", false},
	}
	for _, tt := range tests {
		if got := (Actor{Rooms: tt.rooms}).MayEnter(tt.room); got != tt.want {
			t.Errorf("token for %q enters %q: got %t, want %t", tt.rooms, tt.room, got, tt.want)
		}
	}
}

func TestAddrKeyJoinsOneSubscriber(t *testing.T) {
	same := func(a, b string) bool {
		return AddrKey(netip.MustParseAddr(a)) == AddrKey(netip.MustParseAddr(b))
	}
	if !same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9") {
		t.Error("two addresses of one /64 are counted apart")
	}
	if same("2001:db8:1:2::1", "2001:db8:1:3::1") {
		t.Error("two /64 are counted together")
	}
	if !same("192.0.2.1", "::ffff:192.0.2.1") {
		t.Error("an IPv4-mapped address is counted apart from itself")
	}
	if same("192.0.2.1", "192.0.2.2") {
		t.Error("two IPv4 addresses are counted together")
	}
}

func TestSettingsPatchRefuses(t *testing.T) {
	tests := map[string]SettingsPatch{
		"title":             {Title: ref(strings.Repeat("x", MaxTitle+1))},
		"topic":             {Topic: ref(strings.Repeat("x", MaxTopic+1))},
		"min_length":        {MinLength: ref(0)},
		"max_length":        {MaxLength: ref(MaxMaxLength + 1)},
		"history":           {History: ref(-1)},
		"retain_count":      {RetainCount: ref(-1)},
		"retain_seconds":    {RetainFor: ref(time.Millisecond)},
		"slow_mode_seconds": {SlowMode: ref(MaxSlowMode + time.Second)},
		"guests":            {Guests: ref(GuestAccess("maybe"))},
		"members_limit":     {MembersLimit: ref(-5)},
		"allowed_sites":     {AllowedSites: ref(make([]string, MaxSites+1))},
	}
	for name, p := range tests {
		_, err := p.clean()
		if CodeOf(err) != "setting_invalid" {
			t.Errorf("%s: refused with %q, want setting_invalid", name, CodeOf(err))
			continue
		}
		if !strings.Contains(AsError(err).Message, name) {
			t.Errorf("%s: message %q doesn't name the setting", name, AsError(err).Message)
		}
	}
}

func TestAllowedSites(t *testing.T) {
	tests := map[string]string{ // "" : refused
		"https://example.com":       "https://example.com",
		"https://Example.com/":      "https://example.com",
		"http://localhost:3000":     "http://localhost:3000",
		"https://[::1]:8443":        "https://[::1]:8443",
		"example.com":               "",
		"https://example.com/path":  "",
		"https://a@example.com":     "",
		"https://example.com?x":     "",
		"https://exa mple.com":      "",
		"https://x.com;script-src*": "",
		"https://*":                 "",
		"javascript:alert(1)":       "",
		"":                          "",
	}
	for in, want := range tests {
		p, err := SettingsPatch{AllowedSites: &[]string{in}}.clean()
		got := ""
		if err == nil {
			got = (*p.AllowedSites)[0]
		}
		if got != want {
			t.Errorf("site %q: got %q (%v), want %q", in, got, err, want)
		}
	}
}

func TestSettingsOfAccess(t *testing.T) {
	tests := map[string]struct {
		p    SettingsPatch
		want string
	}{
		"staff":                     {SettingsPatch{Access: ref(AccessStaff)}, ""},
		"a made-up access":          {SettingsPatch{Access: ref(Access("vip"))}, "setting_invalid"},
		"a claim":                   {SettingsPatch{Access: ref(AccessClaim), Claim: ref(Claim{"plan", "paid"})}, ""},
		"a claim without a value":   {SettingsPatch{Access: ref(AccessClaim), Claim: ref(Claim{Name: "plan"})}, ""},
		"no claim":                  {SettingsPatch{Access: ref(AccessClaim)}, "setting_invalid"},
		"a value without its claim": {SettingsPatch{Claim: ref(Claim{Value: "paid"})}, "setting_invalid"},
		"a long claim":              {SettingsPatch{Claim: ref(Claim{Name: strings.Repeat("x", 65)})}, "setting_invalid"},
		"a claim that breaks lines": {SettingsPatch{Claim: ref(Claim{Name: "a\nb"})}, "setting_invalid"},
		"a policy":                  {SettingsPatch{Policy: ref("strict.en")}, ""},
		"a policy's path":           {SettingsPatch{Policy: ref("../etc")}, "setting_invalid"},
	}
	for name, tt := range tests {
		p, err := tt.p.clean()
		if err == nil {
			err = p.Apply(DefaultSettings()).check()
		}
		if got := CodeOf(err); got != tt.want {
			t.Errorf("%s: refused with %q, want %q", name, got, tt.want)
		}
	}
}

// Every field of a patch must take part in Apply, Changes and Empty.
func TestSettingsPatchCoversEveryField(t *testing.T) {
	full := SettingsPatch{
		Title: ref("t"), Topic: ref("o"), MinLength: ref(2), MaxLength: ref(9), History: ref(3), RetainCount: ref(4),
		RetainFor: ref(time.Hour), SlowMode: ref(time.Second), ReadOnly: ref(true), Closed: ref(true),
		Guests: ref(GuestsNone), MembersLimit: ref(5), AllowedSites: &[]string{"https://a.example"},
		Policy: ref("strict"), Access: ref(AccessClaim), Claim: ref(Claim{Name: "plan", Value: "paid"}),
	}
	v := reflect.ValueOf(full)
	if v.NumField() != reflect.TypeFor[Settings]().NumField() {
		t.Fatalf("Settings has %d fields, SettingsPatch %d", reflect.TypeFor[Settings]().NumField(), v.NumField())
	}
	applied := reflect.ValueOf(full.Apply(DefaultSettings()))
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsNil() {
			t.Fatalf("the test leaves %s out", name)
		}
		if got, want := applied.FieldByName(name).Interface(), v.Field(i).Elem().Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("Apply left %s at %v, want %v", name, got, want)
		}
	}
	if got := full.Changes(DefaultSettings()); got != full {
		t.Errorf("Changes dropped something: %+v", got)
	}
	if got := full.Changes(full.Apply(DefaultSettings())); !got.Empty() {
		t.Errorf("Changes of what already holds: %+v, want none", got)
	}
}

func TestAfterAt(t *testing.T) {
	tests := map[string][]string{
		"hi":            nil,
		"@ann hi":       {"ann hi"},
		"me@example.de": nil,
		"(@ann)":        {"ann)"},
		"@":             {""},
	}
	for text, want := range tests {
		if got := afterAt(text); !reflect.DeepEqual(got, want) {
			t.Errorf("afterAt(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestMemberNamed(t *testing.T) {
	members := []Member{{ID: "u:a", Name: "Ann"}, {ID: "u:al", Name: "Ann Lee"}, {ID: "u:o", Name: "Øre"}}
	tests := map[string]UserID{
		"ann, hi": "u:a", "ANN LEE!": "u:al", "annika": "", "øre": "u:o", "": "", "An": "", "Ann": "u:a",
	}
	for rest, want := range tests {
		if got, _ := memberNamed(members, rest); got != want {
			t.Errorf("@%s names %q, want %q", rest, got, want)
		}
	}
}

func ref[T any](v T) *T { return &v }

func TestSpan(t *testing.T) {
	tests := map[time.Duration]string{
		10 * time.Second: "10s", time.Minute: "1m", 90 * time.Second: "1m30s", time.Hour: "1h", 90 * time.Minute: "1h30m",
	}
	for d, want := range tests {
		if got := span(d); got != want {
			t.Errorf("span(%d) = %q, want %q", d, got, want)
		}
	}
}

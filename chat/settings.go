package chat

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Apply returns s with the patch's fields in place.
func (p SettingsPatch) Apply(s Settings) Settings {
	assign(&s.Title, p.Title)
	assign(&s.Topic, p.Topic)
	assign(&s.MinLength, p.MinLength)
	assign(&s.MaxLength, p.MaxLength)
	assign(&s.History, p.History)
	assign(&s.RetainCount, p.RetainCount)
	assign(&s.RetainFor, p.RetainFor)
	assign(&s.SlowMode, p.SlowMode)
	assign(&s.ReadOnly, p.ReadOnly)
	assign(&s.Closed, p.Closed)
	assign(&s.Guests, p.Guests)
	assign(&s.MembersLimit, p.MembersLimit)
	assign(&s.AllowedSites, p.AllowedSites)
	assign(&s.Policy, p.Policy)
	assign(&s.Access, p.Access)
	assign(&s.Claim, p.Claim)
	return s
}

// Changes returns the patch without the fields that s already has.
func (p SettingsPatch) Changes(s Settings) SettingsPatch {
	return SettingsPatch{
		Title:        changed(p.Title, s.Title),
		Topic:        changed(p.Topic, s.Topic),
		MinLength:    changed(p.MinLength, s.MinLength),
		MaxLength:    changed(p.MaxLength, s.MaxLength),
		History:      changed(p.History, s.History),
		RetainCount:  changed(p.RetainCount, s.RetainCount),
		RetainFor:    changed(p.RetainFor, s.RetainFor),
		SlowMode:     changed(p.SlowMode, s.SlowMode),
		ReadOnly:     changed(p.ReadOnly, s.ReadOnly),
		Closed:       changed(p.Closed, s.Closed),
		Guests:       changed(p.Guests, s.Guests),
		MembersLimit: changed(p.MembersLimit, s.MembersLimit),
		AllowedSites: changedSites(p.AllowedSites, s.AllowedSites),
		Policy:       changed(p.Policy, s.Policy),
		Access:       changed(p.Access, s.Access),
		Claim:        changed(p.Claim, s.Claim),
	}
}

// Empty reports whether the patch changes nothing.
func (p SettingsPatch) Empty() bool { return p == SettingsPatch{} }

func assign[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func changed[T comparable](to *T, from T) *T {
	if to == nil || *to == from {
		return nil
	}
	return to
}

func changedSites(to *[]string, from []string) *[]string {
	if to == nil || slices.Equal(*to, from) {
		return nil
	}
	return to
}

// clean checks the patch against the bounds and returns it as it will be stored.
// Code setting_invalid; the message names the setting and what is allowed.
func (p SettingsPatch) clean() (SettingsPatch, error) {
	var err error
	if p.Title, err = cleanLine("title", p.Title, MaxTitle); err != nil {
		return p, err
	}
	if p.Topic, err = cleanLine("topic", p.Topic, MaxTopic); err != nil {
		return p, err
	}
	if p.AllowedSites, err = cleanSites(p.AllowedSites); err != nil {
		return p, err
	}
	if p.Guests != nil && *p.Guests != GuestsWrite && *p.Guests != GuestsRead && *p.Guests != GuestsNone {
		return p, badSetting("guests must be write, read or none")
	}
	if p.Claim, err = cleanClaim(p.Claim); err != nil {
		return p, err
	}
	if err := p.checkNames(); err != nil {
		return p, err
	}
	if err := p.checkNumbers(); err != nil {
		return p, err
	}
	return p, p.checkTimes()
}

// check says what doesn't fit together. Code setting_invalid.
func (s Settings) check() error {
	if s.MinLength > s.MaxLength {
		return badSetting("min_length must not exceed max_length (%d)", s.MaxLength)
	}
	if s.Access == AccessClaim && s.Claim.Name == "" {
		return badSetting("access by claim needs the claim's name")
	}
	return nil
}

// policyForm is a policy's name, or none.
var policyForm = regexp.MustCompile(`^[a-z0-9._-]{0,64}$`)

func (p SettingsPatch) checkNames() error {
	if p.Policy != nil && !policyForm.MatchString(*p.Policy) {
		return badSetting("policy is a policy's name: at most %d of a-z, 0-9, '.', '_' and '-'", MaxPolicyName)
	}
	if p.Access != nil && !slices.Contains([]Access{AccessOpen, AccessSignedIn, AccessClaim, AccessStaff}, *p.Access) {
		return badSetting("access must be open, signed_in, claim or staff")
	}
	return nil
}

// cleanClaim keeps a claim as it is: it is compared with what a token says.
func cleanClaim(v *Claim) (*Claim, error) {
	if v == nil {
		return nil, nil
	}
	for _, text := range []string{v.Name, v.Value} {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return nil, badSetting("claim is text without control characters")
		}
	}
	if len(v.Name) > MaxClaimName || len(v.Value) > MaxClaim {
		return nil, badSetting("claim has a name of at most %d bytes and a value of at most %d", MaxClaimName, MaxClaim)
	}
	if v.Name == "" && v.Value != "" {
		return nil, badSetting("a claim's value needs its name")
	}
	return v, nil
}

func (p SettingsPatch) checkNumbers() error {
	for _, b := range []struct {
		name     string
		v        *int
		min, max int
	}{
		{"min_length", p.MinLength, 1, MaxMaxLength},
		{"max_length", p.MaxLength, 1, MaxMaxLength},
		{"history", p.History, 0, MaxHistory},
		{"retain_count", p.RetainCount, 0, MaxRetainCount},
		{"members_limit", p.MembersLimit, 0, MaxMembers},
	} {
		if b.v != nil && (*b.v < b.min || *b.v > b.max) {
			return badSetting("%s must be %d to %d", b.name, b.min, b.max)
		}
	}
	return nil
}

func (p SettingsPatch) checkTimes() error {
	for _, b := range []struct {
		name string
		v    *time.Duration
		max  time.Duration
	}{
		{"retain_seconds", p.RetainFor, MaxRetainFor},
		{"slow_mode_seconds", p.SlowMode, MaxSlowMode},
	} {
		if b.v != nil && (*b.v < 0 || *b.v > b.max || *b.v%time.Second != 0) {
			return badSetting("%s must be 0 to %d", b.name, int64(b.max/time.Second))
		}
	}
	return nil
}

func badSetting(format string, args ...any) *Error {
	return Refuse(Invalid, "setting_invalid", format+".", args...)
}

func cleanLine(name string, v *string, limit int) (*string, error) {
	if v == nil {
		return nil, nil
	}
	s, ok := CleanLine(*v, limit)
	if !ok {
		return nil, badSetting("%s has at most %d characters", name, limit)
	}
	return &s, nil
}

func cleanSites(v *[]string) (*[]string, error) {
	if v == nil {
		return nil, nil
	}
	if len(*v) > MaxSites {
		return nil, badSetting("allowed_sites has at most %d entries", MaxSites)
	}
	sites := make([]string, 0, len(*v))
	for _, s := range *v {
		site, ok := cleanSite(s)
		if !ok {
			return nil, badSetting("allowed_sites holds origins like https://example.com, with nothing after the port")
		}
		sites = append(sites, site)
	}
	return &sites, nil
}

// siteForm is an origin (RFC 6454). It ends up in a Content-Security-Policy header, where a
// stray space or semicolon would be another directive.
var siteForm = regexp.MustCompile(`^https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)

func cleanSite(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSuffix(s, "/"))
	return s, len(s) <= MaxSite && siteForm.MatchString(s)
}

package api

import (
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/chatd/chatd/chat"
)

func toSettings(s chat.Settings) Settings {
	out := Settings{
		Title: s.Title, Topic: s.Topic, MinLength: s.MinLength, MaxLength: s.MaxLength, History: s.History,
		RetainCount: s.RetainCount, RetainSeconds: wholeSeconds(s.RetainFor), SlowModeSeconds: wholeSeconds(s.SlowMode),
		ReadOnly: s.ReadOnly, Closed: s.Closed, Guests: GuestAccess(s.Guests), MembersLimit: s.MembersLimit,
		AllowedSites: texts(s.AllowedSites), Policy: orNull(s.Policy), Access: Access(s.Access),
	}
	if s.Claim != (chat.Claim{}) {
		out.Claim = &Claim{Name: s.Claim.Name, Value: s.Claim.Value}
	}
	return out
}

// toPatch reads the settings that a request names.
func toPatch(p SettingsPatch) chat.SettingsPatch {
	out := chat.SettingsPatch{
		Title: p.Title, Topic: p.Topic, MinLength: p.MinLength, MaxLength: p.MaxLength, History: p.History,
		RetainCount: p.RetainCount, RetainFor: asDuration(p.RetainSeconds), SlowMode: asDuration(p.SlowModeSeconds),
		ReadOnly: p.ReadOnly, Closed: p.Closed, Guests: as[chat.GuestAccess](p.Guests), MembersLimit: p.MembersLimit,
		AllowedSites: p.AllowedSites, Policy: orEmpty(p.Policy), Access: as[chat.Access](p.Access),
	}
	if p.Claim != nil {
		out.Claim = &chat.Claim{Name: p.Claim.Name, Value: p.Claim.Value}
	}
	return out
}

// wholePatch sets every setting: those that p names, and the defaults of the others.
func wholePatch(p *SettingsPatch) chat.SettingsPatch {
	s := chat.DefaultSettings()
	if p != nil {
		s = toPatch(*p).Apply(s)
	}
	return settingsPatchOf(s)
}

// settingsPatchOf is the patch that makes any settings s.
func settingsPatchOf(s chat.Settings) chat.SettingsPatch {
	return chat.SettingsPatch{
		Title: &s.Title, Topic: &s.Topic, MinLength: &s.MinLength, MaxLength: &s.MaxLength, History: &s.History,
		RetainCount: &s.RetainCount, RetainFor: &s.RetainFor, SlowMode: &s.SlowMode, ReadOnly: &s.ReadOnly, Closed: &s.Closed,
		Guests: &s.Guests, MembersLimit: &s.MembersLimit, AllowedSites: &s.AllowedSites, Policy: &s.Policy,
		Access: &s.Access, Claim: &s.Claim,
	}
}

// orEmpty makes the empty string of a null; nil where nothing is said.
func orEmpty(n nullable.Nullable[string]) *string {
	if !n.IsSpecified() {
		return nil
	}
	s, _ := n.Get() // the empty string for null
	return &s
}

func as[T ~string, S ~string](p *S) *T {
	if p == nil {
		return nil
	}
	out := T(*p)
	return &out
}

func asDuration(n *int64) *time.Duration {
	if n == nil {
		return nil
	}
	d := seconds(*n)
	return &d
}

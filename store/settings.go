package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

// settingsJSON is how settings are stored: an object of those that were set.
type settingsJSON struct {
	Title        string           `json:"title"`
	Topic        string           `json:"topic"`
	MinLength    int              `json:"min_length"`
	MaxLength    int              `json:"max_length"`
	History      int              `json:"history"`
	RetainCount  int              `json:"retain_count"`
	RetainFor    time.Duration    `json:"retain_for"`
	SlowMode     time.Duration    `json:"slow_mode"`
	ReadOnly     bool             `json:"read_only"`
	Closed       bool             `json:"closed"`
	Guests       chat.GuestAccess `json:"guests"`
	MembersLimit int              `json:"members_limit"`
	AllowedSites []string         `json:"allowed_sites"`
	Policy       string           `json:"policy"`
	Access       chat.Access      `json:"access"`
	Claim        chat.Claim       `json:"-"` // see storedSettings
}

// claimJSON is a chat.Claim as it is stored.
type claimJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// storedSettings are settingsJSON with what JSON needs a type of its own for.
type storedSettings struct {
	settingsJSON

	Claim claimJSON `json:"claim"`
}

// patchJSON is a change of settings, with the keys of settingsJSON.
type patchJSON struct {
	Title        *string           `json:"title,omitempty"`
	Topic        *string           `json:"topic,omitempty"`
	MinLength    *int              `json:"min_length,omitempty"`
	MaxLength    *int              `json:"max_length,omitempty"`
	History      *int              `json:"history,omitempty"`
	RetainCount  *int              `json:"retain_count,omitempty"`
	RetainFor    *time.Duration    `json:"retain_for,omitempty"`
	SlowMode     *time.Duration    `json:"slow_mode,omitempty"`
	ReadOnly     *bool             `json:"read_only,omitempty"`
	Closed       *bool             `json:"closed,omitempty"`
	Guests       *chat.GuestAccess `json:"guests,omitempty"`
	MembersLimit *int              `json:"members_limit,omitempty"`
	AllowedSites *[]string         `json:"allowed_sites,omitempty"`
	Policy       *string           `json:"policy,omitempty"`
	Access       *chat.Access      `json:"access,omitempty"`
	Claim        *chat.Claim       `json:"-"` // see storedPatch
}

type storedPatch struct {
	patchJSON

	Claim *claimJSON `json:"claim,omitempty"`
}

// decodeSettings applies what is stored to the defaults.
func decodeSettings(stored string) (chat.Settings, error) {
	s := storedSettings{settingsJSON: settingsJSON(chat.DefaultSettings())}
	if err := json.Unmarshal([]byte(stored), &s); err != nil {
		return chat.Settings{}, fmt.Errorf("decode settings: %w", err)
	}
	if len(s.AllowedSites) == 0 {
		s.AllowedSites = nil
	}
	out := chat.Settings(s.settingsJSON)
	out.Claim = chat.Claim(s.Claim)
	return out, nil
}

// encodeSettings is the whole of s, every key present.
func encodeSettings(s chat.Settings) json.RawMessage {
	if s.AllowedSites == nil {
		s.AllowedSites = []string{}
	}
	return mustJSON(storedSettings{settingsJSON: settingsJSON(s), Claim: claimJSON(s.Claim)})
}

func encodePatch(p chat.SettingsPatch) json.RawMessage {
	if p.AllowedSites != nil && *p.AllowedSites == nil {
		p.AllowedSites = &[]string{}
	}
	return mustJSON(storedPatch{patchJSON: patchJSON(p), Claim: (*claimJSON)(p.Claim)})
}

// decodePatch is the opposite of encodePatch.
func decodePatch(stored []byte) (chat.SettingsPatch, error) {
	var p storedPatch
	if err := json.Unmarshal(stored, &p); err != nil {
		return chat.SettingsPatch{}, fmt.Errorf("decode patch: %w", err)
	}
	out := chat.SettingsPatch(p.patchJSON)
	out.Claim = (*chat.Claim)(p.Claim)
	return out, nil
}

// patchOf is the present value of some settings, as a patch.
func patchOf(s chat.Settings, fields []string) (chat.SettingsPatch, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(encodeSettings(s), &all); err != nil {
		return chat.SettingsPatch{}, fmt.Errorf("decode settings: %w", err)
	}
	some := make(map[string]json.RawMessage, len(fields))
	for _, f := range fields {
		if v, ok := all[f]; ok {
			some[f] = v
		}
	}
	return decodePatch(mustJSON(some))
}

// mustJSON encodes values of this package's own types, which can't fail.
func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: encode %T: %v", v, err))
	}
	return b
}

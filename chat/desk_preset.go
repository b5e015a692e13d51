package chat

import (
	"slices"
	"time"
)

// Preset is a sanction that moderators often need, ready to be asked for.
type Preset struct {
	ID       string
	Title    string
	Effect   Effect
	Duration time.Duration // zero: for good
	Interval time.Duration // of Slow
	Reason   string
}

var presets = []Preset{
	{ID: "calm-down", Title: "Calm down: muted for 10 minutes", Effect: Mute, Duration: 10 * time.Minute, Reason: "Calm down, please."},
	{ID: "mute-day", Title: "Muted for a day", Effect: Mute, Duration: 24 * time.Hour},
	{ID: "slow-hour", Title: "One message a minute, for an hour", Effect: Slow, Interval: time.Minute, Duration: time.Hour, Reason: "You write too much at once."},
	{ID: "spam", Title: "Banned for a week: spam", Effect: Ban, Duration: 7 * 24 * time.Hour, Reason: "Spam."},
	{ID: "timeout", Title: "Banned for an hour", Effect: Ban, Duration: time.Hour},
	{ID: "harassment", Title: "Banned for good: harassment", Effect: Ban, Reason: "Harassment."},
	{ID: "review", Title: "Held for review for a day", Effect: Review, Duration: 24 * time.Hour},
	{ID: "shadow-week", Title: "Shadowed for a week", Effect: Shadow, Duration: 7 * 24 * time.Hour},
}

// Presets lists the built-in presets.
func Presets() []Preset { return slices.Clone(presets) }

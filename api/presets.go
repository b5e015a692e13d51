package api

import (
	"context"
	"time"

	"github.com/chatd/chatd/chat"
)

// presets are the sanctions that are at hand. The reasons are for their targets.
func presets() []Preset {
	preset := func(id, title string, e chat.Effect, d time.Duration, reason string) Preset {
		p := Preset{ID: id, Title: title, Effect: Effect(e), Reason: reason}
		if d > 0 {
			n := wholeSeconds(d)
			p.DurationSeconds = &n
		}
		return p
	}
	slow := preset("slow", "Slow, 1 hour", chat.Slow, time.Hour, "Please write less often.")
	slow.IntervalSeconds = 30
	return []Preset{
		preset("calm", "Mute, 10 minutes", chat.Mute, 10*time.Minute, "Please calm down."),
		preset("mute-day", "Mute, 1 day", chat.Mute, 24*time.Hour, "You have broken the rules of this chat."),
		slow,
		preset("review", "Hold for review, 1 day", chat.Review, 24*time.Hour, ""),
		preset("shadow", "Shadow, 1 week", chat.Shadow, 7*24*time.Hour, ""),
		preset("ban-day", "Ban, 1 day", chat.Ban, 24*time.Hour, "You have broken the rules of this chat."),
		preset("ban-week", "Ban, 1 week", chat.Ban, 7*24*time.Hour, "You have broken the rules of this chat."),
		preset("spam", "Ban for good: spam", chat.Ban, 0, "Spam."),
	}
}

// ListPresets implements GET /sanction-presets.
func (h *handler) ListPresets(context.Context, ListPresetsRequestObject) (ListPresetsResponseObject, error) {
	return ListPresets200JSONResponse{Items: presets()}, nil
}

package api

import (
	"context"

	"github.com/chatd/chatd/chat"
)

// template is what a new room can begin as.
type template struct {
	id, title, description string
	settings               chat.Settings
}

// templates are those that are built in.
func templates() []template {
	open := chat.DefaultSettings()
	announcements := open
	announcements.ReadOnly = true
	members := open
	members.Access, members.Guests = chat.AccessSignedIn, chat.GuestsNone
	support := open
	support.MaxLength, support.History, support.SlowMode = 2000, 50, seconds(2)
	return []template{
		{"open", "Open room", "Everybody reads and writes, guests too.", open},
		{"announcements", "Announcements", "Everybody reads; only staff and moderators write.", announcements},
		{"members", "Members only", "Only who has signed in comes in.", members},
		{"support", "Support", "Long messages, two seconds between them, guests welcome.", support},
	}
}

func templateOf(id string) (template, bool) {
	for _, t := range templates() {
		if t.id == id {
			return t, true
		}
	}
	return template{}, false
}

// ListTemplates implements GET /room-templates.
func (h *handler) ListTemplates(context.Context, ListTemplatesRequestObject) (ListTemplatesResponseObject, error) {
	return ListTemplates200JSONResponse{Items: each(templates(), func(t template) Template {
		return Template{ID: t.id, Title: t.title, Description: t.description, Settings: toSettings(t.settings)}
	})}, nil
}

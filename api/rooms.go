package api

import (
	"context"
	"time"

	"github.com/chatd/chatd/chat"
)

// handler implements the operations of openapi.yaml, in its order, over the core.
type handler struct {
	chat *chat.Service
}

var _ StrictServerInterface = (*handler)(nil)

// ShowMe implements GET /me.
func (h *handler) ShowMe(ctx context.Context, _ ShowMeRequestObject) (ShowMeResponseObject, error) {
	c := callerOf(ctx)
	return ShowMe200JSONResponse{
		ID: string(c.actor.ID), Name: c.actor.Name, Kind: c.kind, MustChangePassword: c.mustChange,
		Scopes: []Scope{},
	}, nil
}

// ListRooms implements GET /rooms.
func (h *handler) ListRooms(ctx context.Context, in ListRoomsRequestObject) (ListRoomsResponseObject, error) {
	after, err := decodeCursor("rooms", in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(in.Params.Limit)
	rooms, err := h.chat.Directory.Rooms(ctx, chat.RoomID(after), limit+1)
	if err != nil {
		return nil, err
	}
	members, err := h.chat.Presence.Occupied(ctx)
	if err != nil {
		return nil, err
	}
	page := ListRooms200JSONResponse{Items: []Room{}}
	for _, r := range rooms[:min(limit, len(rooms))] {
		page.Items = append(page.Items, toRoom(r, members[r.ID]))
	}
	if len(rooms) > limit {
		page.Next = encodeCursor("rooms", string(rooms[limit-1].ID))
	}
	return page, nil
}

// ShowRoom implements GET /rooms/{room}.
func (h *handler) ShowRoom(ctx context.Context, in ShowRoomRequestObject) (ShowRoomResponseObject, error) {
	r, err := h.room(ctx, chat.RoomID(in.Room))
	if err != nil {
		return nil, err
	}
	return ShowRoom200JSONResponse(r), nil
}

func (h *handler) room(ctx context.Context, id chat.RoomID) (Room, error) {
	r, err := h.chat.Log.Snapshot(ctx, id, chat.SnapshotQuery{})
	if err != nil {
		return Room{}, err
	}
	members, err := h.chat.Presence.Occupied(ctx)
	if err != nil {
		return Room{}, err
	}
	return toRoom(r.Room, members[id]), nil
}

func toRoom(r chat.Room, members int) Room {
	return Room{
		ID: string(r.ID), Stored: r.Stored, Members: members, Epoch: string(r.Epoch), Seq: int64(r.Seq),
		Settings: toSettings(r.Settings),
	}
}

func toSettings(s chat.Settings) Settings {
	return Settings{
		Title: s.Title, Topic: s.Topic, MinLength: s.MinLength, MaxLength: s.MaxLength, History: s.History,
		RetainCount: s.RetainCount, RetainSeconds: int64(s.RetainFor / time.Second),
		SlowModeSeconds: int64(s.SlowMode / time.Second),
		ReadOnly:        s.ReadOnly, Closed: s.Closed, Guests: GuestAccess(s.Guests),
		MembersLimit: s.MembersLimit, AllowedSites: append([]string{}, s.AllowedSites...), Access: AccessOpen,
	}
}

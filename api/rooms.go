package api

import (
	"context"
	"slices"
	"strings"

	"github.com/chatd/chatd/chat"
)

// ListRooms implements GET /rooms.
func (h *handler) ListRooms(ctx context.Context, in ListRoomsRequestObject) (ListRoomsResponseObject, error) {
	archived := value(in.Params.Archived)
	q := chat.RoomQuery{Text: value(in.Params.Q), Archived: &archived}
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, limit int) ([]chat.RoomView, error) {
		q.After, q.Limit = chat.RoomID(after), limit
		return h.chat.ListRooms(ctx, callerOf(ctx).actor, q, in.Params.Occupied)
	}, func(r chat.RoomView) string { return string(r.ID) }, toRoom)
	return ListRooms200JSONResponse{Items: items, Next: next}, err
}

// ShowRoom implements GET /rooms/{room}.
func (h *handler) ShowRoom(ctx context.Context, in ShowRoomRequestObject) (ShowRoomResponseObject, error) {
	r, err := h.chat.ShowRoom(ctx, callerOf(ctx).actor, chat.RoomID(in.Room))
	if err != nil {
		return nil, err
	}
	tellAct(ctx, "", r.Version)
	return ShowRoom200JSONResponse(toRoom(r)), nil
}

// ListMembers implements GET /rooms/{room}/members.
func (h *handler) ListMembers(ctx context.Context, in ListMembersRequestObject) (ListMembersResponseObject, error) {
	room := chat.RoomID(in.Room)
	open := h.connectionsIn(room)
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, _ int) ([]chat.Member, error) {
		members, _, err := h.chat.Members(ctx, callerOf(ctx).actor, room, chat.MaxMembers)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(members, func(a, b chat.Member) int { return strings.Compare(memberKey(a), memberKey(b)) })
		from, found := slices.BinarySearchFunc(members, after, func(m chat.Member, key string) int {
			return strings.Compare(memberKey(m), key)
		})
		if found {
			from++
		}
		return members[from:], nil
	}, memberKey, func(m chat.Member) Member {
		return Member{ID: string(m.ID), Name: m.Name, Role: AuthorRole(m.Role), Connections: open[m.ID]}
	})
	return ListMembers200JSONResponse{Items: items, Next: next}, err
}

// memberKey sorts by name; no name holds the separator.
func memberKey(m chat.Member) string { return m.Name + "\n" + string(m.ID) }

// connectionsIn counts everybody's connections that have joined a room.
func (h *handler) connectionsIn(room chat.RoomID) map[chat.UserID]int {
	open := make(map[chat.UserID]int)
	for _, s := range h.chat.Sessions.List() {
		if slices.Contains(s.Rooms, room) {
			open[s.Actor.ID]++
		}
	}
	return open
}

func toRoom(r chat.RoomView) Room {
	out := Room{
		ID: string(r.ID), Stored: r.Stored, Members: r.Members, Epoch: string(r.Epoch), Seq: int64(r.Seq),
		Version: r.Version, ArchivedAt: optional(r.ArchivedAt), Settings: toSettings(r.Settings),
	}
	if r.Lockdown != nil {
		l := toLockdown(*r.Lockdown)
		out.Lockdown = &l
	}
	return out
}

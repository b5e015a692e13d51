package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/chatd/chatd/chat"
)

// CreateRoom implements POST /rooms.
func (h *handler) CreateRoom(ctx context.Context, in CreateRoomRequestObject) (CreateRoomResponseObject, error) {
	room := chat.RoomID(in.Body.ID)
	settings := chat.DefaultSettings()
	if in.Body.Template != nil {
		t, ok := templateOf(*in.Body.Template)
		if !ok {
			return nil, invalid([]FieldError{{Field: "/template", Message: "There is no such template."}})
		}
		settings = t.settings
	}
	if in.Body.Settings != nil {
		settings = toPatch(*in.Body.Settings).Apply(settings)
	}
	members, err := h.membersOf(ctx, room)
	if err != nil {
		return nil, err
	}
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Configure(ctx, o, chat.SetStep{Room: room, Patch: settingsPatchOf(settings), New: true})
	}, func(out chat.Outcome) answer {
		return answer{http.StatusCreated, out.Room.Version, h.changedRoom(*out.Room, members)}
	})
}

// PutRoom implements PUT /rooms/{room}.
func (h *handler) PutRoom(ctx context.Context, in PutRoomRequestObject) (PutRoomResponseObject, error) {
	return h.setRoom(ctx, in.Room, wholePatch(in.Body.Settings), http.StatusCreated)
}

// ConfigureRoom implements PATCH /rooms/{room}.
func (h *handler) ConfigureRoom(ctx context.Context, in ConfigureRoomRequestObject) (ConfigureRoomResponseObject, error) {
	return h.setRoom(ctx, in.Room, toPatch(in.Body.Settings), http.StatusOK)
}

// setRoom changes a room's settings; where that makes the room, it answers with the status made.
func (h *handler) setRoom(ctx context.Context, id string, p chat.SettingsPatch, made int) (acted, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return acted{}, err
	}
	room := chat.RoomID(id)
	members, err := h.membersOf(ctx, room)
	if err != nil {
		return acted{}, err
	}
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		step := chat.SetStep{Room: room, Patch: p, IfVersion: version, New: onlyNew(ctx)}
		if onlyThere(ctx) {
			snap, err := h.chat.Log.Snapshot(ctx, room, chat.SnapshotQuery{})
			if err != nil {
				return chat.Outcome{}, err
			}
			if step.IfVersion = snap.Room.Version; step.IfVersion == 0 {
				step.IfVersion = neverVersion
			}
		}
		out, err := h.chat.Configure(ctx, o, step)
		if step.New && chat.CodeOf(err) == "room_exists" {
			err = stale()
		}
		return out, err
	}, func(out chat.Outcome) answer {
		r := h.toActResult(ctx, out)
		a := answer{status: http.StatusOK}
		if out.Room != nil {
			x := h.changedRoom(*out.Room, members)
			r.Room, a.version = &x, out.Room.Version
		}
		if slices.ContainsFunc(out.Act.Effects, func(e chat.ActEffect) bool { return e.What == "room_created" }) {
			a.status = made
		}
		a.body = r
		return a
	})
}

// DeleteRoom implements DELETE /rooms/{room}.
func (h *handler) DeleteRoom(ctx context.Context, in DeleteRoomRequestObject) (DeleteRoomResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	room := chat.RoomID(in.Room)
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.RemoveRoomIf(ctx, o, room, version)
	})
}

// ArchiveRoom implements POST /rooms/{room}/archive.
func (h *handler) ArchiveRoom(ctx context.Context, in ArchiveRoomRequestObject) (ArchiveRoomResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Archive(ctx, o, chat.RoomID(in.Room), true)
	})
}

// UnarchiveRoom implements POST /rooms/{room}/unarchive.
func (h *handler) UnarchiveRoom(ctx context.Context, in UnarchiveRoomRequestObject) (UnarchiveRoomResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Archive(ctx, o, chat.RoomID(in.Room), false)
	})
}

// ClearRoom implements POST /rooms/{room}/clear.
func (h *handler) ClearRoom(ctx context.Context, in ClearRoomRequestObject) (ClearRoomResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Clear(ctx, o, chat.RoomID(in.Room))
	})
}

// changedRoom is a room as an act has left it. It asks memory alone.
func (h *handler) changedRoom(r chat.Room, members int) Room {
	v := chat.RoomView{Room: r, Members: members}
	if l, ok := h.chat.LockdownOf(r.ID); ok {
		v.Lockdown = &l
	}
	return toRoom(v)
}

// membersOf counts who is in a room.
func (h *handler) membersOf(ctx context.Context, room chat.RoomID) (int, error) {
	members, err := h.chat.Presence.Occupied(ctx)
	if err != nil {
		return 0, fmt.Errorf("count members: %w", err)
	}
	return members[room], nil
}

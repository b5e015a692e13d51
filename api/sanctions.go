package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// ListSanctions implements GET /sanctions.
func (h *handler) ListSanctions(ctx context.Context, in ListSanctionsRequestObject) (ListSanctionsResponseObject, error) {
	before, err := decodeCursor("sanctions", in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	standing, err := h.chat.Sanctions(ctx, callerOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	// Ids rise with time.
	slices.SortFunc(standing, func(a, b chat.Sanction) int { return cmp.Compare(b.ID, a.ID) })
	page := ListSanctions200JSONResponse{Items: []Sanction{}}
	limit := limitOf(in.Params.Limit)
	for _, s := range standing {
		if before != "" && string(s.ID) >= before {
			continue
		}
		if len(page.Items) == limit {
			page.Next = encodeCursor("sanctions", page.Items[limit-1].ID)
			break
		}
		page.Items = append(page.Items, toSanction(s))
	}
	return page, nil
}

// MakeSanction implements POST /sanctions.
func (h *handler) MakeSanction(ctx context.Context, in MakeSanctionRequestObject) (MakeSanctionResponseObject, error) {
	var room chat.RoomID
	if in.Body.Room != nil {
		room = chat.RoomID(*in.Body.Room)
	}
	var reason string
	if in.Body.Reason != nil {
		reason = *in.Body.Reason
	}
	var d time.Duration // for ever
	if in.Body.DurationSeconds != nil {
		d = time.Duration(*in.Body.DurationSeconds) * time.Second
	}
	s, err := h.chat.Sanction(ctx, callerOf(ctx).actor, room, chat.UserID(in.Body.User), chat.Effect(in.Body.Effect), d, reason)
	if err != nil {
		return nil, err
	}
	return MakeSanction201JSONResponse(toSanction(s)), nil
}

// LiftSanction implements DELETE /sanctions/{sanction}.
func (h *handler) LiftSanction(ctx context.Context, in LiftSanctionRequestObject) (LiftSanctionResponseObject, error) {
	if _, err := h.chat.Lift(ctx, callerOf(ctx).actor, "", chat.SanctionID(in.Sanction)); err != nil {
		return nil, err
	}
	return LiftSanction204Response{}, nil
}

func toSanction(s chat.Sanction) Sanction {
	out := Sanction{
		ID: string(s.ID), User: string(s.User), Name: s.Name, Effect: Effect(s.Effect), Reason: s.Reason,
		By: string(s.By), At: s.At.UTC(), ExpiresAt: optional(s.Expires),
	}
	if s.Room != "" {
		room := string(s.Room)
		out.Room = &room
	}
	return out
}

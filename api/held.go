package api

import (
	"context"
	"net/http"

	"github.com/chatd/chatd/chat"
)

// ListHeld implements GET /held.
func (h *handler) ListHeld(ctx context.Context, in ListHeldRequestObject) (ListHeldResponseObject, error) {
	q := chat.HeldQuery{
		Room: chat.RoomID(value(in.Params.Room)), Author: chat.UserID(value(in.Params.User)), State: chat.HeldPending,
	}
	if in.Params.State != nil {
		q.State = chat.HeldState(*in.Params.State)
	}
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, limit int) ([]chat.Held, error) {
		q.After, q.Limit = chat.HeldID(after), limit
		return h.chat.ListHeld(ctx, callerOf(ctx).actor, q)
	}, func(x chat.Held) string { return string(x.Message.ID) }, toHeld)
	return ListHeld200JSONResponse{Items: items, Next: next}, err
}

// ReleaseHeld implements POST /held/{held}/release.
func (h *handler) ReleaseHeld(ctx context.Context, in ReleaseHeldRequestObject) (ReleaseHeldResponseObject, error) {
	return h.decide(ctx, in.Held, true)
}

// RefuseHeld implements POST /held/{held}/refuse.
func (h *handler) RefuseHeld(ctx context.Context, in RefuseHeldRequestObject) (RefuseHeldResponseObject, error) {
	return h.decide(ctx, in.Held, false)
}

func (h *handler) decide(ctx context.Context, id string, release bool) (acted, error) {
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Decide(ctx, o, chat.HeldID(id), release)
	}, func(out chat.Outcome) answer {
		r := h.toActResult(ctx, out)
		for _, e := range out.Events {
			if e.Kind == chat.EventMessage { // as it was posted
				m := toMessage(*e.Message)
				r.Message = &m
			}
		}
		return answer{status: http.StatusOK, body: r}
	})
}

func toHeld(x chat.Held) Held {
	return Held{
		ID: string(x.Message.ID), Room: string(x.Message.Room), From: toAuthor(x.Message.Author), Text: x.Message.Text,
		At: x.Message.At.UTC(), Why: x.Why, Sanction: orNull(x.Sanction), State: HeldState(x.State), Code: orNull(x.Code),
		By: orNull(x.By), DecidedAt: optional(x.At), Act: orNull(x.Act),
	}
}

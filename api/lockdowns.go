package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/chatd/chatd/chat"
)

// ListLockdowns implements GET /lockdowns.
func (h *handler) ListLockdowns(ctx context.Context, in ListLockdownsRequestObject) (ListLockdownsResponseObject, error) {
	room := chat.RoomID(value(in.Params.Room))
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, _ int) ([]chat.Lockdown, error) {
		all, err := h.chat.ListLockdowns(ctx, callerOf(ctx).actor)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(l chat.Lockdown) bool {
			return room != "" && l.Room != "" && l.Room != room || after != "" && string(l.ID) >= after
		})
		slices.SortFunc(all, func(a, b chat.Lockdown) int { return cmp.Compare(b.ID, a.ID) }) // ids rise with time
		return all, nil
	}, func(l chat.Lockdown) string { return string(l.ID) }, toLockdown)
	return ListLockdowns200JSONResponse{Items: items, Next: next}, err
}

// LockDown implements POST /lockdowns.
func (h *handler) LockDown(ctx context.Context, in LockDownRequestObject) (LockDownResponseObject, error) {
	l := chat.Lockdown{
		Room: chat.RoomID(value(in.Body.Room)), Level: chat.Level(in.Body.Level),
		Interval: seconds(value(in.Body.Seconds)), Reason: value(in.Body.Reason),
		Until: h.chat.Now().Add(seconds(in.Body.ForSeconds)),
	}
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.LockDown(ctx, o, l)
	}, func(out chat.Outcome) answer {
		return answer{status: http.StatusCreated, body: toLockdown(out.Lockdowns[0])}
	})
}

// LiftLockdown implements DELETE /lockdowns/{lockdown}.
func (h *handler) LiftLockdown(ctx context.Context, in LiftLockdownRequestObject) (LiftLockdownResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Unlock(ctx, o, chat.LockdownID(in.Lockdown))
	})
}

func toLockdown(l chat.Lockdown) Lockdown {
	return Lockdown{
		ID: string(l.ID), Act: string(l.Act), Room: orNull(l.Room), Level: Level(l.Level), Seconds: wholeSeconds(l.Interval),
		By: string(l.By), Reason: l.Reason, At: l.At.UTC(), Until: l.Until.UTC(),
	}
}

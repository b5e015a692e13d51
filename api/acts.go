package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/chatd/chatd/chat"
)

// ListActs implements GET /acts.
func (h *handler) ListActs(ctx context.Context, in ListActsRequestObject) (ListActsResponseObject, error) {
	q := actQuery(ExportActsParams{
		By: in.Params.By, Kind: in.Params.Kind, Room: in.Params.Room, User: in.Params.User,
		Since: in.Params.Since, Until: in.Params.Until, Undone: in.Params.Undone,
	})
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, limit int) ([]chat.Act, error) {
		q.Limit = limit
		if after != "" {
			pos, err := strconv.ParseInt(after, 10, 64)
			if err != nil {
				return nil, badCursor()
			}
			q.Before = chat.Pos(pos)
		}
		return h.chat.ListActs(ctx, callerOf(ctx).actor, q)
	}, func(a chat.Act) string { return strconv.FormatInt(int64(a.Pos), 10) }, toAct)
	return ListActs200JSONResponse{Items: items, Next: next}, err
}

func actQuery(p ExportActsParams) chat.ActQuery {
	return chat.ActQuery{
		By: chat.UserID(value(p.By)), Kind: chat.ActKind(value(p.Kind)), Room: chat.RoomID(value(p.Room)),
		User: chat.UserID(value(p.User)), Since: value(p.Since), Until: value(p.Until), Undone: p.Undone,
	}
}

// ShowAct implements GET /acts/{act}.
func (h *handler) ShowAct(ctx context.Context, in ShowActRequestObject) (ShowActResponseObject, error) {
	a, err := h.chat.ShowAct(ctx, callerOf(ctx).actor, chat.ActID(in.Act))
	if err != nil {
		return nil, err
	}
	return ShowAct200JSONResponse(toActDetail(a)), nil
}

// UndoAct implements POST /acts/{act}/undo.
func (h *handler) UndoAct(ctx context.Context, in UndoActRequestObject) (UndoActResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Undo(ctx, o, chat.ActID(in.Act))
	})
}

func toActDetail(a chat.Act) ActDetail {
	return ActDetail{Act: toAct(a), Effects: each(a.Effects, toEffect)}
}

func toAct(a chat.Act) Act {
	return Act{
		ID: string(a.ID), Pos: int64(a.Pos), At: a.At.UTC(), By: string(a.By), Via: Via(a.Via), Kind: string(a.Kind),
		Reason: a.Reason, Rooms: texts(a.Rooms), Users: texts(a.Users), Counts: counts(a.Effects),
		Undoes: orNull(a.Undoes), UndoneBy: orNull(a.UndoneBy), Undoable: a.Undoable(),
	}
}

// counts sums effects up by what they are, in the order in which they come first.
func counts(effects []chat.ActEffect) []ActCount {
	out := []ActCount{}
	at := make(map[string]int)
	for _, e := range effects {
		n := max(len(e.Messages), e.Count)
		if n == 0 && strings.HasPrefix(e.What, "messages_") {
			continue // it says only where messages might have been changed
		}
		i, ok := at[e.What]
		if !ok {
			i = len(out)
			at[e.What] = i
			out = append(out, ActCount{What: e.What})
		}
		out[i].Count += max(1, n)
	}
	return out
}

func toEffect(e chat.ActEffect) ActEffect {
	return ActEffect{
		What: e.What, Room: orNull(e.Room), Messages: texts(e.Messages), Subject: orNull(e.Subject),
		Before: orNull(e.Before), After: orNull(e.After), Count: e.Count,
	}
}

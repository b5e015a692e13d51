package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chatd/chatd/chat"
)

// What one page looks at where it has to pass over what isn't to be shown, and how much of what is held.
const (
	findAtOnce = 200
	findAtMost = 10 // reads of findAtOnce
	heldAtMost = 5000
	heldAtOnce = 200
)

// SearchMessages implements GET /messages.
func (h *handler) SearchMessages(ctx context.Context, in SearchMessagesRequestObject) (SearchMessagesResponseObject, error) {
	p := in.Params
	q := chat.MessageQuery{
		Room: chat.RoomID(value(p.Room)), User: chat.UserID(value(p.User)), Since: value(p.From), Until: value(p.To), Prefix: true,
	}
	if p.Q != nil {
		if q.Tokens = chat.Tokens(*p.Q); len(q.Tokens) == 0 {
			return SearchMessages200JSONResponse{Items: []Message{}}, nil // nothing that a text could have
		}
	}
	if p.Flag != nil && *p.Flag == FlagHeld {
		items, next, err := pageOf(ctx, p.Limit, func(after string, _ int) ([]chat.Held, error) {
			return h.heldLike(ctx, q, after)
		}, func(x chat.Held) string { return string(x.Message.ID) }, heldMessage)
		return SearchMessages200JSONResponse{Items: items, Next: next}, err
	}
	q.Flag = chat.MessageFlag(value(p.Flag))
	items, next, err := pageOf(ctx, p.Limit, func(after string, limit int) ([]chat.StoredMessage, error) {
		if err := placeAfter(&q, after); err != nil {
			return nil, err
		}
		q.Limit = limit
		return h.chat.FindMessages(ctx, callerOf(ctx).actor, q)
	}, storedKey, toStored)
	return SearchMessages200JSONResponse{Items: items, Next: next}, err
}

// storedKey is a message's place among all: its time and its id, for it may be gone when the next page is asked for.
func storedKey(m chat.StoredMessage) string {
	return strconv.FormatInt(m.At.UnixMilli(), 10) + " " + string(m.ID)
}

// placeAfter has a query go on after a storedKey.
func placeAfter(q *chat.MessageQuery, key string) error {
	if key == "" {
		return nil
	}
	at, id, _ := strings.Cut(key, " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return badCursor()
	}
	q.Before, q.BeforeAt = chat.MessageID(id), time.UnixMilli(ms).UTC()
	return nil
}

// heldLike lists what waits and fits a query, the latest first: those before the one with the id before.
func (h *handler) heldLike(ctx context.Context, q chat.MessageQuery, before string) ([]chat.Held, error) {
	all, err := h.waiting(ctx, chat.HeldQuery{Room: q.Room, Author: q.User}, "", before)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(x chat.Held) bool {
		m := x.Message
		return !q.Since.IsZero() && m.At.Before(q.Since) || !q.Until.IsZero() && !m.At.Before(q.Until) || !says(m.Text, q.Tokens)
	}), nil
}

// says reports whether a text has all the words, the last one at least as the start of one.
func says(text string, words []string) bool {
	in := chat.Tokens(text)
	for i, w := range words {
		last := i == len(words)-1
		if !slices.ContainsFunc(in, func(t string) bool { return t == w || last && strings.HasPrefix(t, w) }) {
			return false
		}
	}
	return true
}

// waiting lists what waits between two ids (empty: unbounded), the latest first, at most heldAtMost.
func (h *handler) waiting(ctx context.Context, q chat.HeldQuery, after, before string) ([]chat.Held, error) {
	q.After, q.Limit = chat.HeldID(after), heldAtOnce
	var all []chat.Held
	for len(all) < heldAtMost {
		some, err := h.chat.Waiting(ctx, callerOf(ctx).actor, q)
		if err != nil {
			return nil, err
		}
		for _, x := range some {
			if before == "" || string(x.Message.ID) < before {
				all = append(all, x)
			}
		}
		if len(some) < q.Limit || before != "" && string(some[len(some)-1].Message.ID) >= before {
			break
		}
		q.After = some[len(some)-1].Message.ID
	}
	slices.Reverse(all)
	return all, nil
}

func heldMessage(x chat.Held) Message {
	out := toMessage(x.Message)
	out.Held = orNull(x.Message.ID)
	return out
}

// included says what a list of messages shows besides what everybody sees.
type included struct{ deleted, shadow, held bool }

func toIncluded(all []Included) included {
	return included{
		deleted: slices.Contains(all, IncludedDeleted), shadow: slices.Contains(all, IncludedShadow),
		held: slices.Contains(all, IncludedHeld),
	}
}

func (i included) shows(m chat.StoredMessage) bool {
	return (i.deleted || !m.Hidden) && (i.shadow || !m.Shadow)
}

// messagesWith lists a room's messages with those that others don't see.
func (h *handler) messagesWith(ctx context.Context, room chat.RoomID, with included, limit *int) (ListMessages200JSONResponse, error) {
	n := limitOf(limit)
	found, more, err := h.findShown(ctx, room, with, n)
	if err != nil {
		return ListMessages200JSONResponse{}, err
	}
	items := each(found, toStored)
	if with.held {
		after := ""
		if more != "" {
			after = more
		}
		held, err := h.waiting(ctx, chat.HeldQuery{Room: room}, after, callOf(ctx).after)
		if err != nil {
			return ListMessages200JSONResponse{}, err
		}
		items = append(items, each(held, heldMessage)...)
		slices.SortFunc(items, func(a, b Message) int { return cmp.Compare(b.ID, a.ID) })
		if len(items) > n {
			items = items[:n]
			more = items[n-1].ID
		}
	}
	page := ListMessages200JSONResponse{Items: items}
	if more != "" {
		page.Next = nextOf(ctx, more)
	}
	return page, nil
}

// findShown finds the next n messages that are to be shown, the latest first. more is the id after which the list goes on; empty
// at its end.
func (h *handler) findShown(ctx context.Context, room chat.RoomID, with included, n int) (found []chat.StoredMessage, more string, err error) {
	q := chat.MessageQuery{Room: room, Before: chat.MessageID(callOf(ctx).after), Limit: max(n+1, findAtOnce), Visible: with == included{held: true}}
	for range findAtMost {
		some, err := h.chat.FindMessages(ctx, callerOf(ctx).actor, q)
		if err != nil {
			return nil, "", err
		}
		for _, m := range some {
			if !with.shows(m) {
				continue
			}
			if len(found) == n {
				return found, string(found[n-1].ID), nil
			}
			found = append(found, m)
		}
		if len(some) < q.Limit {
			return found, "", nil
		}
		q.Before = some[len(some)-1].ID
	}
	return found, string(q.Before), nil
}

// messagesAround is a page with a message in its middle. It goes on with older ones.
func (h *handler) messagesAround(ctx context.Context, room chat.RoomID, id chat.MessageID, with *[]Included, limit *int) (ListMessages200JSONResponse, error) {
	by, n := callerOf(ctx).actor, limitOf(limit)
	if with == nil {
		p, err := h.chat.History(ctx, by, room, chat.PageQuery{Around: id, Limit: n})
		if err != nil {
			return ListMessages200JSONResponse{}, err
		}
		return historyPage(ctx, p), nil
	}
	all, err := h.chat.MessagesAround(ctx, by, room, id, n)
	if err != nil {
		return ListMessages200JSONResponse{}, err
	}
	page := ListMessages200JSONResponse{Items: []Message{}}
	if len(all) > 0 {
		page.Next = nextOf(ctx, string(all[0].ID))
	}
	shown := toIncluded(*with)
	for _, m := range slices.Backward(all) { // newest first
		if shown.shows(m) || m.ID == id {
			page.Items = append(page.Items, toStored(m))
		}
	}
	return page, nil
}

// historyPage answers with what everybody sees, newest first.
func historyPage(ctx context.Context, p chat.Page) ListMessages200JSONResponse {
	slices.Reverse(p.Messages)
	page := ListMessages200JSONResponse{Items: each(p.Messages, toMessage)}
	if n := len(p.Messages); p.MoreBefore && n > 0 {
		page.Next = nextOf(ctx, strconv.FormatInt(int64(p.Messages[n-1].Seq), 10))
	}
	return page
}

// seqOf reads where a list of what everybody sees goes on.
func seqOf(after string) (chat.Seq, error) {
	if after == "" {
		return math.MaxInt64, nil
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n <= 0 {
		return 0, badCursor()
	}
	return chat.Seq(n), nil
}

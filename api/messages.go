package api

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/chatd/chatd/chat"
)

// ListMessages implements GET /rooms/{room}/messages.
func (h *handler) ListMessages(ctx context.Context, in ListMessagesRequestObject) (ListMessagesResponseObject, error) {
	list := "messages " + in.Room
	key, err := decodeCursor(list, in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	before := int64(math.MaxInt64)
	if key != "" {
		if before, err = strconv.ParseInt(key, 10, 64); err != nil || before <= 0 {
			return nil, badCursor()
		}
	}
	p, err := h.chat.History(ctx, callerOf(ctx).actor, chat.RoomID(in.Room),
		chat.PageQuery{Before: chat.Seq(before), Limit: limitOf(in.Params.Limit)})
	if err != nil {
		return nil, err
	}
	page := ListMessages200JSONResponse{Items: make([]Message, len(p.Messages))}
	for i, m := range p.Messages { // oldest first; the answer is newest first
		page.Items[len(p.Messages)-1-i] = toMessage(m)
	}
	if p.MoreBefore && len(p.Messages) > 0 {
		page.Next = encodeCursor(list, strconv.FormatInt(int64(p.Messages[0].Seq), 10))
	}
	return page, nil
}

// PostMessage implements POST /rooms/{room}/messages: staff speak in a room.
func (h *handler) PostMessage(ctx context.Context, in PostMessageRequestObject) (PostMessageResponseObject, error) {
	d := chat.Draft{Text: in.Body.Text}
	if in.Body.Nonce != nil {
		d.Nonce = *in.Body.Nonce
	}
	if in.Body.ReplyTo != nil {
		d.ReplyTo = chat.MessageID(*in.Body.ReplyTo)
	}
	c, err := h.chat.Post(ctx, callerOf(ctx).actor, chat.RoomID(in.Room), d)
	if err != nil {
		return nil, err
	}
	return PostMessage201JSONResponse(toMessage(*c.Event.Message)), nil
}

func toMessage(m chat.Message) Message {
	out := Message{
		ID: string(m.ID), Room: string(m.Room), Seq: int64(m.Seq), From: toAuthor(m.Author), Text: m.Text,
		At: m.At.UTC(), EditedAt: optional(m.EditedAt), Mentions: []UserID{}, Reactions: []Reaction{},
	}
	if m.HTML != "" {
		out.HTML = &m.HTML
	}
	if m.ReplyTo != nil {
		out.ReplyTo = &Reply{ID: string(m.ReplyTo.ID), From: toAuthor(m.ReplyTo.Author), Excerpt: m.ReplyTo.Excerpt}
	}
	for _, id := range m.Mentions {
		out.Mentions = append(out.Mentions, string(id))
	}
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, Reaction{Emoji: r.Emoji, Count: r.Count})
	}
	return out
}

func toAuthor(a chat.Author) Author {
	return Author{ID: string(a.ID), Name: a.Name, Role: AuthorRole(a.Role)}
}

// optional is nil for the zero time.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

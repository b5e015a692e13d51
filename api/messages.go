package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/chatd/chatd/chat"
)

// ListMessages implements GET /rooms/{room}/messages.
func (h *handler) ListMessages(ctx context.Context, in ListMessagesRequestObject) (ListMessagesResponseObject, error) {
	room, p := chat.RoomID(in.Room), in.Params
	after := callOf(ctx).after
	switch {
	case p.Around != nil && after == "": // the pages after it go on without a middle
		return h.messagesAround(ctx, room, chat.MessageID(*p.Around), p.Include, p.Limit)
	case p.Include != nil:
		return h.messagesWith(ctx, room, toIncluded(*p.Include), p.Limit)
	}
	before, err := seqOf(after)
	if err != nil {
		return nil, err
	}
	page, err := h.chat.History(ctx, callerOf(ctx).actor, room, chat.PageQuery{Before: before, Limit: limitOf(p.Limit)})
	if err != nil {
		return nil, err
	}
	return historyPage(ctx, page), nil
}

// PostMessage implements POST /rooms/{room}/messages: staff speak in a room. That isn't an act: the log has it.
func (h *handler) PostMessage(ctx context.Context, in PostMessageRequestObject) (PostMessageResponseObject, error) {
	o, err := orderOf(ctx)
	if err != nil {
		return nil, err
	}
	d := chat.Draft{
		Text: in.Body.Text, Nonce: value(in.Body.Nonce), ReplyTo: chat.MessageID(value(in.Body.ReplyTo)),
	}
	if a := callOf(ctx).attempt; a != nil {
		return h.postOnce(ctx, a, o, chat.RoomID(in.Room), d)
	}
	c, err := h.chat.Say(ctx, o, chat.RoomID(in.Room), d)
	switch {
	case err != nil:
		return nil, err
	case o.DryRun:
		out := chat.Outcome{DryRun: true, Impact: chat.Impact{Messages: 1, Rooms: 1}}
		return encode(answer{status: http.StatusOK, body: h.toActResult(ctx, out)})
	}
	return encode(answer{status: http.StatusCreated, body: messageOf(c)})
}

// postOnce posts what came with an Idempotency-Key. The key is the request's before anything is posted, so that none in
// another room can have it; should the program die before the answer is kept, the nonce finds the message.
func (h *handler) postOnce(ctx context.Context, a *attempt, o chat.Order, room chat.RoomID, d chat.Draft) (acted, error) {
	kept, found, err := h.chat.Ledger.KeepReply(ctx, a.kept(), chat.KeptReply{Status: begun})
	switch {
	case err != nil:
		return acted{}, err
	case found && kept.Status != begun: // by another node, meanwhile
		return acted{}, errReplay{kept}
	}
	d.Nonce = a.nonce() // of the two the one that another request must not have
	c, err := h.chat.Say(ctx, o, room, d)
	if err != nil {
		return acted{}, err
	}
	ans := answer{status: http.StatusCreated, body: messageOf(c)}
	reply, err := a.keep(ans, "")
	if err == nil {
		err = h.chat.Ledger.ChangeReply(context.WithoutCancel(ctx), a.kept(), reply)
	}
	if err != nil {
		return acted{}, err
	}
	return encode(ans)
}

// messageOf is what a post came to.
func messageOf(c chat.Committed) Message {
	if c.Event.Message == nil {
		return heldMessage(*c.Held)
	}
	return toMessage(*c.Event.Message)
}

// ShowMessage implements GET /rooms/{room}/messages/{message}.
func (h *handler) ShowMessage(ctx context.Context, in ShowMessageRequestObject) (ShowMessageResponseObject, error) {
	m, earlier, err := h.chat.ShowMessage(ctx, callerOf(ctx).actor, chat.RoomID(in.Room), chat.MessageID(in.Message))
	if err != nil {
		return nil, err
	}
	slices.Reverse(earlier) // the latest first
	return ShowMessage200JSONResponse{
		Message: toStored(m), Hides: each(m.Hides, toDeletion),
		Earlier: each(earlier, func(t chat.EarlierText) EarlierText { return EarlierText{Text: t.Text, Until: t.Until.UTC()} }),
	}, nil
}

func toMessage(m chat.Message) Message {
	out := Message{
		ID: string(m.ID), Room: string(m.Room), Seq: int64(m.Seq), From: toAuthor(m.Author), Text: m.Text,
		HTML: orNull(m.HTML), At: m.At.UTC(), EditedAt: optional(m.EditedAt), Mentions: texts(m.Mentions),
		Reactions: each(m.Reactions, toReaction),
	}
	if m.ReplyTo != nil {
		out.ReplyTo = &Reply{ID: string(m.ReplyTo.ID), From: toAuthor(m.ReplyTo.Author), Excerpt: m.ReplyTo.Excerpt}
	}
	return out
}

func toReaction(r chat.Reaction) Reaction { return Reaction{Emoji: r.Emoji, Count: r.Count} }

// toStored shows a message with what only staff may know.
func toStored(m chat.StoredMessage) Message {
	out := toMessage(m.Message)
	out.Shadow = m.Shadow
	if len(m.Hides) > 0 {
		d := toDeletion(m.Hides[0])
		out.Deleted = &d
	}
	return out
}

func toDeletion(x chat.Hidden) Deletion {
	return Deletion{Act: orNull(x.Act), By: string(x.By), At: x.At.UTC(), Own: x.Own}
}

func toAuthor(a chat.Author) Author {
	return Author{ID: string(a.ID), Name: a.Name, Role: AuthorRole(a.Role)}
}

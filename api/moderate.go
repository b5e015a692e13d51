package api

import (
	"context"

	"github.com/chatd/chatd/chat"
)

// DeleteMessage implements DELETE /rooms/{room}/messages/{message}.
func (h *handler) DeleteMessage(ctx context.Context, in DeleteMessageRequestObject) (DeleteMessageResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Delete(ctx, o, chat.RoomID(in.Room), []chat.MessageID{chat.MessageID(in.Message)})
	})
}

// RestoreMessage implements POST /rooms/{room}/messages/{message}/restore.
func (h *handler) RestoreMessage(ctx context.Context, in RestoreMessageRequestObject) (RestoreMessageResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Restore(ctx, o, chat.RoomID(in.Room), []chat.MessageID{chat.MessageID(in.Message)})
	})
}

// DeleteMessages implements POST /rooms/{room}/messages/delete.
func (h *handler) DeleteMessages(ctx context.Context, in DeleteMessagesRequestObject) (DeleteMessagesResponseObject, error) {
	return h.actOnList(ctx, in.Body.Ids, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Delete(ctx, o, chat.RoomID(in.Room), idsOf[chat.MessageID](in.Body.Ids))
	})
}

// RestoreMessages implements POST /rooms/{room}/messages/restore.
func (h *handler) RestoreMessages(ctx context.Context, in RestoreMessagesRequestObject) (RestoreMessagesResponseObject, error) {
	return h.actOnList(ctx, in.Body.Ids, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Restore(ctx, o, chat.RoomID(in.Room), idsOf[chat.MessageID](in.Body.Ids))
	})
}

// PinMessage implements PUT /rooms/{room}/messages/{message}/pin.
func (h *handler) PinMessage(ctx context.Context, in PinMessageRequestObject) (PinMessageResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Pin(ctx, o, chat.RoomID(in.Room), chat.MessageID(in.Message), true)
	})
}

// UnpinMessage implements DELETE /rooms/{room}/messages/{message}/pin.
func (h *handler) UnpinMessage(ctx context.Context, in UnpinMessageRequestObject) (UnpinMessageResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Pin(ctx, o, chat.RoomID(in.Room), chat.MessageID(in.Message), false)
	})
}

// Purge implements POST /purges.
func (h *handler) Purge(ctx context.Context, in PurgeRequestObject) (PurgeResponseObject, error) {
	if (in.Body.Users == nil) == (in.Body.Selection == nil) {
		return nil, invalid([]FieldError{{Field: "/users", Message: "Give either users or selection."}})
	}
	p := chat.PurgeOrder{Rooms: value(in.Body.Scope), Since: value(in.Body.Since), Until: value(in.Body.Until)}
	if in.Body.Selection != nil {
		p.Selection = toSelection(*in.Body.Selection)
	} else {
		p.Selection = chat.Selection{Users: idsOf[chat.UserID](*in.Body.Users), WithSignedIn: true}
	}
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) { return h.chat.Purge(ctx, o, p) })
}

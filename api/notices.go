package api

import (
	"context"

	"github.com/chatd/chatd/chat"
)

// SendNotice implements POST /notices.
func (h *handler) SendNotice(ctx context.Context, in SendNoticeRequestObject) (SendNoticeResponseObject, error) {
	given := 0
	for _, is := range []bool{in.Body.Room != nil, in.Body.User != nil, value(in.Body.All)} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, invalid([]FieldError{{Field: "/room", Message: "Give exactly one of room, user and all."}})
	}
	var room *chat.RoomID
	if in.Body.Room != nil {
		r := chat.RoomID(*in.Body.Room)
		room = &r
	}
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.SendNotice(ctx, o, room, chat.UserID(value(in.Body.User)), in.Body.Text)
	})
}

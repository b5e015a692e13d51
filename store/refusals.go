package store

import (
	"time"

	"github.com/chatd/chatd/chat"
)

// The refusals that the log itself makes.
var (
	errBusy = chat.Refuse(chat.Unavailable, "busy",
		"The server has too much to do. Try again in a moment.").After(time.Second)
	errAway = chat.Refuse(chat.Unavailable, "store_unavailable",
		"The server can't store anything at the moment. Try again in a moment.").After(time.Second)
	errStopping = chat.Refuse(chat.Unavailable, "stopping",
		"The server is going away. Try again in a moment.").After(time.Second)
	errCannotRecover = chat.Refuse(chat.Conflict, "cannot_recover",
		"What was missed can't be told completely. Read the room anew.")
	errMessageNotFound = chat.Refuse(chat.NotFound, "message_not_found", "There is no such message.")
)

// opRefusals are those that an Op documents, by code.
var opRefusals = map[string]*chat.Error{
	"message_not_found":  errMessageNotFound,
	"reply_not_found":    chat.Refuse(chat.NotFound, "reply_not_found", "The message that you answer is gone."),
	"not_your_message":   chat.Refuse(chat.Forbidden, "not_your_message", "That isn't your message."),
	"edit_too_late":      chat.Refuse(chat.Forbidden, "edit_too_late", "It is too late to edit this message."),
	"too_many_reactions": chat.Refuse(chat.Conflict, "too_many_reactions", "This message has as many different reactions as it can."),
	"room_unknown":       errRoomUnknown,
	"too_many_pins":      chat.Refuse(chat.Conflict, "too_many_pins", "This room has as many pins as it can. Unpin one first."),
}

// The refusals of a Deed's steps.
var (
	errRoomUnknown     = chat.Refuse(chat.NotFound, "room_unknown", "There is no such room.")
	errTooManyMessages = chat.Refuse(chat.Conflict, "too_many_messages",
		"This would hide more than %d messages, and one act hides no more. Narrow it by time, or archive the room.", chat.MaxActMessages)
	errRoomExists          = chat.Refuse(chat.Conflict, "room_exists", "There is a room of this name.")
	errHeldDecided         = chat.Refuse(chat.Conflict, "held_decided", "This message was released or refused already.")
	errLockdownNotFound    = chat.Refuse(chat.NotFound, "lockdown_not_found", "There is no such lock-down, or it is over.")
	errActNotFound         = chat.Refuse(chat.NotFound, "act_not_found", "There is no such act.")
	errAlreadyUndone       = chat.Refuse(chat.Conflict, "already_undone", "This act was undone already.")
	errIdempotencyMismatch = chat.Refuse(chat.Invalid, "idempotency_mismatch", "This Idempotency-Key came with another request.")
)

// The refusals of what isn't in the log.
var (
	errStale            = chat.Refuse(chat.Stale, "stale", "It has changed since you read it. Read it again, then decide.")
	errSanctionNotFound = chat.Refuse(chat.NotFound, "sanction_not_found", "There is no such sanction, or it has ended.")
)

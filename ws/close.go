package ws

import (
	"encoding/json"
	"time"

	"github.com/chatd/chatd/chat"
)

// Close codes of RFC 6455, section 7.4.1.
const (
	closeNormal      = 1000
	closeUnsupported = 1003
	closeInvalidData = 1007
	closeTooBig      = 1009
)

// Close codes of chatd: below 4500 a client reconnects, from 4500 on it doesn't.
const (
	closeGoingAway    = 4000
	closeSlowReader   = 4001
	closeExpired      = 4002
	closeInternal     = 4003
	closeNotInTime    = 4004
	closeBusy         = 4005
	closeBanned       = 4500
	closeTokenInvalid = 4501
	closeTokenOver    = 4502
	closeRoomClosed   = 4503
	closeRoomFull     = 4504
	closeForbidden    = 4505
	closeRoomUnknown  = 4506
	closeKicked       = 4507
	closeAbuse        = 4508
)

// closeOfCode has the refusals that mean something of their own at the end of a connection.
var closeOfCode = map[string]int{
	"going_away":        closeGoingAway,
	"stopping":          closeGoingAway,
	"banned":            closeBanned,
	"token_expired":     closeTokenOver,
	"room_closed":       closeRoomClosed,
	"room_archived":     closeRoomClosed,
	"room_locked":       closeRoomClosed,
	"room_full":         closeRoomFull,
	"room_name_invalid": closeRoomUnknown,
	"room_unknown":      closeRoomUnknown,
	"too_many_rooms":    closeRoomUnknown,
	"kicked":            closeKicked,
	"protocol_abuse":    closeAbuse,
}

// closeOfKind has the rest.
var closeOfKind = map[chat.Kind]int{
	chat.Internal:        closeInternal,
	chat.Invalid:         closeTokenInvalid, // what is invalid before a request is made came with the token
	chat.Unauthenticated: closeTokenInvalid,
	chat.Forbidden:       closeForbidden,
	chat.NotFound:        closeRoomUnknown,
	chat.Conflict:        closeForbidden,
	chat.Stale:           closeForbidden,
	chat.Rejected:        closeForbidden,
	chat.RateLimited:     closeBusy,
	chat.Unavailable:     closeBusy,
}

// closeOf returns the code that ends a connection because of e.
func closeOf(e *chat.Error) int {
	if code, ok := closeOfCode[e.Code]; ok {
		return code
	}
	return closeOfKind[e.Kind]
}

// farewell is how a connection ends.
type farewell struct {
	code   int
	reason string        // the reason's "code"; empty: the close frame has no reason
	retry  time.Duration // the reason's retry_after_ms, where not zero
	// verbatim is a close frame that is made already; without it and without a code there is none.
	verbatim []byte
	// last are frames to be told before the close frame.
	last [][]byte
	// within bounds how long the connection may take to say so; zero: Linger.
	within time.Duration
	// flush says that what waits is worth telling: the peer reads, and may have it. Else it is
	// dropped, and the end doesn't wait for a peer that reads nothing.
	flush bool
}

var slowReader = farewell{code: closeSlowReader, reason: "slow_reader"}

// frame is the close frame, or nil. Its reason is at most 123 bytes: codes are short.
func (f farewell) frame() []byte {
	if f.verbatim != nil || f.code == 0 {
		return f.verbatim
	}
	if f.reason == "" {
		return closeFrame(f.code, "")
	}
	text, err := json.Marshal(struct {
		Code  string `json:"code"`
		Retry int64  `json:"retry_after_ms,omitempty"`
	}{f.reason, f.retry.Milliseconds()})
	if err != nil || len(text) > 123 {
		text = nil
	}
	return closeFrame(f.code, string(text))
}

// farewellFor is the end of a connection because of a refusal.
func farewellFor(e *chat.Error) farewell {
	return farewell{code: closeOf(e), reason: e.Code, retry: e.RetryAfter}
}

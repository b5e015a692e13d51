package ws

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestEveryKindEndsAConnection(t *testing.T) {
	for _, k := range chat.Kinds() {
		code, ok := closeOfKind[k]
		if !ok || code < 4000 || code > 4999 {
			t.Errorf("kind %d: got close code %d", k, code)
		}
		waits := k == chat.Internal || k == chat.RateLimited || k == chat.Unavailable
		if reconnect := code < 4500; reconnect != waits {
			t.Errorf("kind %d: got close code %d, want reconnect %v", k, code, waits)
		}
	}
	if n := len(chat.Kinds()); n != len(closeOfKind) {
		t.Errorf("the table has %d kinds, want %d", len(closeOfKind), n)
	}
}

func TestCloseReasons(t *testing.T) {
	longest := strings.Repeat("c", 200)
	for code := range closeOfCode {
		e := chat.Refuse(chat.Internal, code, "x").After(1500 * time.Millisecond)
		frame := farewellFor(e).frame()
		var why struct {
			Code  string `json:"code"`
			Retry int64  `json:"retry_after_ms"`
		}
		if err := json.Unmarshal(frame[4:], &why); err != nil || why.Code != code || why.Retry != 1500 {
			t.Errorf("%s: got %q", code, frame[4:])
		}
		if frame[0] != finClose || int(frame[1]) != len(frame)-2 || frame[1] > 125 {
			t.Errorf("%s: got the header %x of %d bytes", code, frame[:2], len(frame))
		}
	}
	if frame := farewellFor(chat.Refuse(chat.Internal, longest, "x")).frame(); len(frame) != 4 {
		t.Errorf("a reason that doesn't fit: got %q, want none", frame)
	}
}

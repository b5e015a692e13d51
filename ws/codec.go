package ws

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

// protocol is what a session speaks.
type protocol int

const (
	plain protocol = iota
	v1
	protocols // how many
)

func (p protocol) String() string { return [...]string{"plain", "v1"}[p] }

// codec is how a protocol speaks: it makes frames of what the server says, and requests of
// what a client sends. Frames are nil where the protocol doesn't say such a thing.
type codec interface {
	// event tells an entry of the log. It is called once for all readers.
	event(e *chat.Event) [][]byte
	// joined tells what a reader starts from, replay included.
	joined(j chat.Joined, lock *chat.Lockdown) [][]byte
	// refusal answers a request, or, without an id, tells why the connection is about to end.
	refusal(id string, room chat.RoomID, e *chat.Error) [][]byte
	// aside tells what is in no log; say is one of the types of wire_v1.go.
	aside(say any) [][]byte
	// receive does what one text message asks for.
	receive(s *session, text []byte)
}

var codecs = [protocols]codec{plain: plainCodec{}, v1: v1Codec{}}

var encoders = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// jsonFrames frames a value as JSON, without the escapes for HTML that json.Marshal adds.
func jsonFrames(v any) [][]byte {
	b := encoders.Get().(*bytes.Buffer)
	defer encoders.Put(b)
	return textFrames(encode(b, v))
}

// encode writes a value as JSON into a buffer that is used again.
func encode(b *bytes.Buffer, v any) []byte {
	b.Reset()
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // our own types: none can fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// stamp writes a time as both protocols have it: UTC, milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func optStamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// wholeMillis rounds up: a client that waits so long has waited long enough.
func wholeMillis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

package ws

import "github.com/chatd/chatd/chat"

// plainCodec is the plain protocol: messages and refusals, nothing else.
type plainCodec struct{}

type plainMessage struct {
	ClientID  chat.UserID    `json:"client_id"`
	RoomID    chat.RoomID    `json:"room_id"`
	Message   string         `json:"message"`
	Timestamp string         `json:"timestamp"`
	MessageID chat.MessageID `json:"message_id"`
	Name      string         `json:"name"`
}

type plainError struct {
	Error      string `json:"error"`
	Code       string `json:"code"`
	RetryAfter int64  `json:"retry_after_ms,omitempty"`
}

func (plainCodec) event(e *chat.Event) [][]byte {
	if e.Kind != chat.EventMessage || e.Message == nil {
		return nil
	}
	return plainFrames(e.Room, e.Message)
}

func plainFrames(room chat.RoomID, m *chat.Message) [][]byte {
	return jsonFrames(plainMessage{
		ClientID: m.Author.ID, RoomID: room, Message: m.Plain,
		Timestamp: stamp(m.At), MessageID: m.ID, Name: m.Author.Name,
	})
}

func (plainCodec) joined(j chat.Joined, _ *chat.Lockdown) [][]byte {
	if j.Recovered {
		return nil // its connections know no places: what they took up again goes on
	}
	frames, _ := j.View.Framed(plainFramed{}, func() any {
		m := j.View.Messages
		return framesOf(len(m), func(i int) [][]byte { return plainFrames(j.Room.ID, &m[i]) })
	}).(*reel).from(0)
	return frames
}

func (plainCodec) refusal(_ string, _ chat.RoomID, e *chat.Error) [][]byte {
	return jsonFrames(plainError{Error: e.Message, Code: e.Code, RetryAfter: wholeMillis(e.RetryAfter)})
}

func (plainCodec) aside(any) [][]byte { return nil }

// receive posts. What it says to the sender is only why it could not.
func (plainCodec) receive(s *session, text []byte) {
	s.post("", s.bound, chat.Draft{Text: string(text)})
}

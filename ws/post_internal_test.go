package ws

import (
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

var aPost = []byte(`{"type":"post","id":"41","room":"general","text":"` + strings.Repeat("hello you ", 13)[:128] + `","nonce":"n-0123456789abcdef"}`)

// BenchmarkDecodePost is what it costs to read a request to post.
func BenchmarkDecodePost(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		fields, err := object(aPost)
		if err != nil {
			b.Fatal(err)
		}
		a := &args{fields: fields}
		a.text("id", 4*maxRequestID)
		a.anyText("type")
		a.room()
		d := chat.Draft{Text: a.anyText("text"), Nonce: a.optText("nonce", chat.MaxNonce), ReplyTo: chat.MessageID(a.optText("reply_to", maxID))}
		if err := a.end(); err != nil || d.Text == "" {
			b.Fatal(err)
		}
	}
}

// BenchmarkAckPost is what it costs to frame the acknowledgement of a post.
func BenchmarkAckPost(b *testing.B) {
	x := &session{codec: v1Codec{}}
	m := chat.Message{ID: "01920000-0000-7000-8000-000000000001", At: time.Now()}
	c := chat.Committed{Event: chat.Event{Room: "general", Seq: 123456, At: m.At, Message: &m}}
	b.ReportAllocs()
	for b.Loop() {
		if len(x.posted("41", "general", c, nil)) != 1 {
			b.Fatal("no acknowledgement")
		}
	}
}

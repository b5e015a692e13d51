package ws_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/ws"
)

// What a client may send and may not, by the sections of RFC 6455, in raw frames.

// stays means that the connection stays, and answers a ping.
const stays = 0

// violation is what is sent, and how the server has to end the connection.
type violation struct {
	name  string
	bytes [][]byte
	code  int
}

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func closing(code int, reason string) []byte {
	return rawFrame(0x88, true, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
}

// announced is the beginning of a text frame that announces n bytes and holds one.
func announced(first byte, n uint64) []byte {
	b := binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, n)
	return append(b, 1, 2, 3, 4, 'x')
}

// bytewise is a text message in fragments of one byte (section 5.4).
func bytewise(s string) []byte {
	var b []byte
	for i := range len(s) {
		first := byte(0)
		if i == 0 {
			first = 1
		}
		if i == len(s)-1 {
			first |= 0x80
		}
		b = append(b, rawFrame(first, true, []byte(s[i:i+1]))...)
	}
	return b
}

// framing is sections 5.2 to 5.5; say is a message that the protocol accepts.
func framing(say string) []violation {
	list := []violation{
		{"5.1 unmasked text", [][]byte{rawFrame(0x81, false, []byte(say))}, 1002},
		{"5.1 unmasked ping", [][]byte{rawFrame(0x89, false, []byte("x"))}, 1002},
		{"5.4 continuation of nothing", [][]byte{rawFrame(0x80, true, []byte("x"))}, 1002},
		{"5.4 unfinished continuation of nothing", [][]byte{rawFrame(0x00, true, []byte("x"))}, 1002},
		{"5.4 text within a text", [][]byte{rawFrame(0x01, true, []byte("x")), textFrame(say)}, 1002},
		{"5.4 binary within a text", [][]byte{rawFrame(0x01, true, []byte("x")), rawFrame(0x82, true, []byte("x"))}, 1002},
		{"5.4 continuation after the end", [][]byte{textFrame(say), rawFrame(0x80, true, []byte("x"))}, 1002},
		{"5.4 three fragments, one empty", [][]byte{rawFrame(0x01, true, []byte(say[:1])), rawFrame(0, true, nil), rawFrame(0x80, true, []byte(say[1:]))}, stays},
		{"5.4 fragments of a byte", [][]byte{bytewise(say)}, stays},
		{"5.4 fragments without end", [][]byte{rawFrame(0x01, true, nil), bytes.Repeat(rawFrame(0, true, nil), 100_000)}, 1009},
		{"5.5 ping of 126 bytes", [][]byte{rawFrame(0x89, true, make([]byte, 126))}, 1002},
		{"5.5 pong of 126 bytes", [][]byte{rawFrame(0x8a, true, make([]byte, 126))}, 1002},
		{"5.5 close of 126 bytes", [][]byte{closing(1000, strings.Repeat("r", 124))}, 1002},
		{"5.5 ping in fragments", [][]byte{rawFrame(0x09, true, []byte("x"))}, 1002},
		{"5.5 close in fragments", [][]byte{rawFrame(0x08, true, nil)}, 1002},
		{"5.5.2 ping of 125 bytes", [][]byte{rawFrame(0x89, true, bytes.Repeat([]byte{0xfe}, 125))}, stays},
		{"5.5.2 ping between fragments", [][]byte{rawFrame(0x01, true, []byte(say[:1])), rawFrame(0x89, true, []byte("x")), rawFrame(0x80, true, []byte(say[1:]))}, stays},
		{"5.5.3 pong that nobody asked for", [][]byte{rawFrame(0x8a, true, []byte("x"))}, stays},
		{"5.6 binary", [][]byte{rawFrame(0x82, true, []byte{0, 255})}, 1003},
		{"5.6 empty text", [][]byte{textFrame("")}, stays},
		{"7.1.5 close without a code", [][]byte{rawFrame(0x88, true, nil)}, 1005},
		{"7.1.6 close with the longest reason", [][]byte{closing(1000, strings.Repeat("r", 123))}, 1000},
		{"7.1.6 a reason that is not UTF-8", [][]byte{closing(1000, "\xce\xba\xed\xa0\x80")}, 1002},
		{"10.4 a message beyond the limit", [][]byte{textFrame(strings.Repeat("a", 65537))}, 1009},
		{"10.4 a message at the limit", [][]byte{textFrame(strings.Repeat("a", 65536))}, stays},
		{"10.4 fragments beyond the limit", [][]byte{rawFrame(0x01, true, make([]byte, 60_000)), rawFrame(0x80, true, make([]byte, 60_000))}, 1009},
		{"10.4 unfinished beyond the limit", [][]byte{rawFrame(0x01, true, make([]byte, 60_000)), rawFrame(0, true, make([]byte, 60_000))}, 1009},
		{"10.4 a length of 256 KB announced", [][]byte{announced(0x81, 1<<18)}, 1009},
		{"5.2 a length of 2^62 announced", [][]byte{announced(0x81, 1<<62)}, 1009},
		{"5.2 a length with its top bit set", [][]byte{announced(0x81, 1<<63+5)}, 1009},
		{"5.4 lengths whose sum overflows", [][]byte{rawFrame(0x01, true, []byte("a")), announced(0x80, 1<<63-1)}, 1009},
		{"10.4 eight megabytes", [][]byte{textFrame(strings.Repeat("a", 8<<20))}, 1009},
	}
	for rsv := byte(1); rsv < 8; rsv++ { // section 5.2: none without an extension
		list = append(list,
			violation{fmt.Sprintf("5.2 text with RSV %03b", rsv), [][]byte{rawFrame(0x81|rsv<<4, true, []byte(say))}, 1002},
			violation{fmt.Sprintf("5.2 ping with RSV %03b", rsv), [][]byte{rawFrame(0x89|rsv<<4, true, nil)}, 1002})
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		list = append(list, violation{fmt.Sprintf("5.2 opcode %d", op), [][]byte{textFrame(say), rawFrame(0x80|op, true, []byte("abc"))}, 1002})
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		list = append(list, violation{fmt.Sprintf("7.4 close %d", code), [][]byte{closing(code, "bye"), rawFrame(0x89, true, []byte("late"))}, code})
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535} {
		list = append(list, violation{fmt.Sprintf("7.4.2 close %d", code), [][]byte{closing(code, "")}, 1002})
	}
	return list
}

// encoding is section 8.1; wrap puts a text into a message.
func encoding(wrap func(string) string) []violation {
	var list []violation
	for _, s := range []string{"κόσμε", "€", "\U00024b62", "\u0080", "\u0800", "\U00010000", "\U0010ffff", "\ud7ff", "\ue000", "\ufffd", "\ufffe", "👩‍👩‍👧‍👦"} {
		list = append(list,
			violation{fmt.Sprintf("8.1 %+q", s), [][]byte{textFrame(wrap(s))}, stays},
			violation{fmt.Sprintf("8.1 %+q in fragments", s), [][]byte{bytewise(wrap(s))}, stays})
	}
	for _, s := range []string{"\x80", "\xbf", "\xc0", "\xfe", "\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xc1\xbf", "\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xce", "\xe0\x80", "\xf0\xa4\xad", "a\xccb"} {
		list = append(list,
			violation{fmt.Sprintf("8.1 invalid %+q", s), [][]byte{textFrame(wrap(s))}, 1007},
			violation{fmt.Sprintf("8.1 invalid %+q in fragments", s), [][]byte{bytewise(wrap(s))}, 1007})
	}
	return append(list, violation{"8.1 cut within a character", [][]byte{textFrame("\xe2\x82")}, 1007})
}

func TestConformance(t *testing.T) {
	w := newWorld(t, limits(func(l *ws.Limits) { l.Linger = 5 * time.Second }))
	protocols := map[string]struct {
		header string
		wrap   func(string) string
	}{
		"plain": {"", func(s string) string { return s }},
		"v1": {"chatd.v1", func(s string) string {
			return `{"type":"post","id":"1","room":"conf","text":"` + s + `"}`
		}},
	}
	for name, p := range protocols {
		for _, v := range append(framing(p.wrap("hello")), encoding(p.wrap)...) {
			t.Run(name+" "+v.name, func(t *testing.T) {
				t.Parallel()
				c := w.dial(t, "/ws/chat/conf", map[string]string{"Sec-WebSocket-Protocol": p.header})
				for _, b := range v.bytes {
					_ = c.raw.SetWriteDeadline(time.Now().Add(patience))
					_, _ = c.raw.Write(b) // a server may have hung up already
				}
				if v.code == stays {
					c.write(rawFrame(0x89, true, []byte("still there?")))
					for {
						b, end := c.message(patience)
						if end != nil {
							t.Fatalf("ended: %+v, want it to stay", *end)
						}
						if string(b) == "pong:still there?" {
							return
						}
					}
				}
				c.end(v.code)
			})
		}
	}
}

// TestPongs: each ping is answered with its own payload, or a later one is (section 5.5.3).
func TestPongs(t *testing.T) {
	w := newWorld(t)
	c := w.dial(t, "/ws", nil)
	c.expect("welcome")
	var pings []byte
	for i := range 10 {
		pings = cat(pings, rawFrame(0x89, true, fmt.Appendf(nil, "n%d", i)))
	}
	c.write(pings)
	last := ""
	for last != "pong:n9" {
		b, end := c.message(patience)
		if end != nil || string(b) <= last {
			t.Fatalf("got %q after %q, %+v", b, last, end)
		}
		last = string(b)
	}
}

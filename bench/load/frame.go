package load

import (
	"bytes"
	"encoding/binary"
)

// The opcodes of RFC 6455, section 5.2.
const (
	opContinued = 0
	opText      = 1
	opClose     = 8
	opPing      = 9
	opPong      = 10
)

// frames takes a server's byte stream apart, in pieces as they are read.
type frames struct {
	carry   []byte // the beginning of a frame that isn't all there
	left    int    // of the payload that count has begun
	message []byte // fragments so far
	last    byte   // the last byte of the payload that count saw
	objects bool   // count tells of "{}"
}

// header reads a frame's header; n is its length, 0 when it isn't all there.
func header(b []byte) (op byte, fin bool, payload, n int) {
	if len(b) < 2 {
		return 0, false, 0, 0
	}
	op, fin = b[0]&0x0f, b[0]&0x80 != 0
	switch l := int(b[1] & 0x7f); {
	case l < 126:
		return op, fin, l, 2
	case l == 126 && len(b) >= 4:
		return op, fin, int(binary.BigEndian.Uint16(b[2:])), 4
	case l == 127 && len(b) >= 10:
		return op, fin, int(binary.BigEndian.Uint64(b[2:])), 10
	}
	return 0, false, 0, 0
}

// each calls f with every message and control frame that is complete. f returns false to
// have the rest kept for the next call.
func (f *frames) each(b []byte, call func(op byte, payload []byte) bool) {
	if len(f.carry) > 0 {
		f.carry = append(f.carry, b...)
		b = f.carry
	}
	on := true
	for on {
		op, fin, payload, n := header(b)
		if n == 0 || len(b) < n+payload {
			break
		}
		p := b[n : n+payload]
		b = b[n+payload:]
		switch {
		case op >= opClose:
			on = call(op, p)
		case !fin:
			f.message = append(f.message, p...)
		case op == opContinued:
			on = call(opText, append(f.message, p...))
			f.message = nil
		default:
			on = call(op, p)
		}
	}
	f.keep(b)
}

// keep keeps b for the next call; it may be a part of carry.
func (f *frames) keep(b []byte) {
	if len(b) == 0 {
		f.carry = nil // most of the time there is none, and thousands of readers each have one
		return
	}
	f.carry = append(f.carry[:0], b...)
}

// count returns how often mark stands in the payloads of b. control is called with each
// control frame and, where objects is set, with "{}" where a piece holds these: an object
// without members, the ping of centrifuge.
func (f *frames) count(b []byte, control func(op byte, payload []byte)) (marks int) {
	if len(f.carry) > 0 {
		b = append(f.carry, b...)
		f.carry = nil
	}
	for len(b) > 0 {
		if f.left == 0 {
			op, _, payload, n := header(b)
			if n == 0 || op >= opClose && len(b) < n+payload {
				f.carry = append([]byte(nil), b...)
				return marks
			}
			if op >= opClose {
				control(op, b[n:n+payload])
				b = b[n+payload:]
				continue
			}
			f.left, f.last, b = payload, 0, b[n:]
		}
		p := b[:min(f.left, len(b))]
		b = b[len(p):]
		f.left -= len(p)
		marks += f.look(p, control)
	}
	return marks
}

var emptyObject = []byte("{}")

func (f *frames) look(p []byte, control func(op byte, payload []byte)) int {
	if len(p) == 0 {
		return 0
	}
	if f.objects {
		if f.last == '{' && p[0] == '}' || bytes.Contains(p, emptyObject) {
			control(opText, emptyObject)
		}
		f.last = p[len(p)-1]
	}
	return bytes.Count(p, []byte{mark})
}

// appendFrame appends a client's frame. Its masking key is 0, which leaves the payload as
// it is; the server can't know and unmasks.
func appendFrame(b []byte, op byte, payload []byte) []byte {
	b = append(b, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	default:
		b = append(b, 0x80|126)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

package ws

import "encoding/binary"

// Opcodes with FIN set, as the first byte of a frame has them (RFC 6455, section 5.2).
const (
	finText  = 0x81
	finClose = 0x88
	finPing  = 0x89
	finPong  = 0x8a

	opText         = 0x01
	opContinuation = 0x00
	fin            = 0x80
)

// maxFragment bounds the payload of one data frame. A longer message goes out in
// fragments (section 5.4), so that a reader who stalls within it can still be sent a close frame: that may
// stand between fragments, and the rest of one fragment fits into a send buffer.
const maxFragment = 32 << 10

// textFrames frames a text message. Servers don't mask (section 5.1), so the bytes are
// the same for every reader.
func textFrames(payload []byte) [][]byte { return fragments(payload, true, true) }

// fragments frames a part of a text message: with it the message begins, or ends.
func fragments(payload []byte, begins, ends bool) [][]byte {
	frames := make([][]byte, 0, 1+len(payload)/maxFragment)
	first := byte(opContinuation)
	if begins {
		first = opText
	}
	for len(payload) > maxFragment {
		frames = append(frames, appendFrame(make([]byte, 0, maxFragment+4), first, payload[:maxFragment]))
		payload, first = payload[maxFragment:], opContinuation
	}
	if ends {
		first |= fin
	}
	return append(frames, appendFrame(make([]byte, 0, len(payload)+4), first, payload))
}

// closeFrame frames a close (section 5.5.1).
func closeFrame(code int, reason string) []byte {
	payload := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(reason)), uint16(code))
	return appendFrame(nil, finClose, append(payload, reason...))
}

func appendFrame(dst []byte, first byte, payload []byte) []byte {
	switch n := len(payload); {
	case n <= 125:
		dst = append(dst, first, byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, first, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(n))
	}
	return append(dst, payload...)
}

func size(frames [][]byte) int {
	n := 0
	for _, f := range frames {
		n += len(f)
	}
	return n
}

// frameSize returns the size of the frame that b, one of our own, begins with.
func frameSize(b []byte) int {
	switch n := int(b[1]); n {
	case 126:
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		return 10 + int(binary.BigEndian.Uint64(b[2:]))
	default:
		return 2 + n
	}
}

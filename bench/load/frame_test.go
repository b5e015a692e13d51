package load

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// served is a frame of a server's.
func served(op byte, fin bool, payload string) []byte {
	b := []byte{op, byte(len(payload))}
	if fin {
		b[0] |= 0x80
	}
	if len(payload) > 125 {
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	}
	if len(payload) > 0xffff {
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b[:2], uint64(len(payload)))
	}
	return append(b, payload...)
}

// stream has messages of all lengths, fragments, and control frames between and within them.
func stream() (b []byte, messages []string, marks int) {
	add := func(s string) { messages = append(messages, s); marks += strings.Count(s, "^") }
	for _, n := range []int{0, 1, 125, 126, 0x5e5e, 70_000} {
		s := strings.Repeat("^x", n/2+1)[:n]
		add(s)
		b = append(b, served(opText, true, s)...)
		b = append(b, served(opPing, true, "p^p")...)
	}
	b = append(b, served(opText, false, "^first")...)
	b = append(b, served(opPing, true, "within")...)
	b = append(b, served(opContinued, false, "^second")...)
	b = append(b, served(opContinued, true, "third^")...)
	add("^first^secondthird^")
	return b, messages, marks
}

func pieces(b []byte, size int) [][]byte { return slices.Collect(slices.Chunk(b, size)) }

func TestEachFindsMessagesHoweverTheyAreRead(t *testing.T) {
	b, want, _ := stream()
	for _, size := range []int{1, 2, 3, 7, 1000, len(b)} {
		var f frames
		var got []string
		pings := 0
		for _, p := range pieces(b, size) {
			f.each(p, func(op byte, payload []byte) bool {
				if op == opPing {
					pings++
				} else {
					got = append(got, string(payload))
				}
				return true
			})
		}
		if !slices.Equal(got, want) || pings != 7 {
			t.Errorf("in pieces of %d: got %d messages and %d pings, want %d equal ones and 7", size, len(got), pings, len(want))
		}
	}
}

func TestCountFindsMarksHoweverTheyAreRead(t *testing.T) {
	b, _, want := stream()
	for _, size := range []int{1, 2, 3, 7, 1000, len(b)} {
		var f frames
		got, pings := 0, 0
		for _, p := range pieces(b, size) {
			got += f.count(p, func(op byte, _ []byte) {
				if op == opPing {
					pings++
				}
			})
		}
		if got != want || pings != 7 {
			t.Errorf("in pieces of %d: got %d marks and %d pings, want %d and 7", size, got, pings, want)
		}
	}
}

func TestCountGoesOnWhereEachStopped(t *testing.T) {
	b, _, want := stream()
	for at := range 40 {
		var f frames
		f.each(b[:at], func(byte, []byte) bool { return false })
		done := len(b[:at]) - len(f.carry)
		marks := strings.Count(string(b[:done]), "^") // none of the first frames' headers has one
		if strings.Contains(string(b[:done]), "p^p") {
			marks-- // that one was in a ping
		}
		got := f.count(b[at:], func(byte, []byte) {})
		if got > want || got < want-marks-1 {
			t.Errorf("after %d bytes: got %d marks, want %d", at, got, want-marks)
		}
	}
}

func TestCountTellsOfObjects(t *testing.T) {
	b := served(opText, true, `{"push":"^"}`+"\n{}\n"+`{"push":"^"}`)
	b = append(b, served(opText, true, "{}")...)
	for _, size := range []int{1, 5, len(b)} {
		f := frames{objects: true}
		told := 0
		for _, p := range pieces(b, size) {
			f.count(p, func(byte, []byte) { told++ })
		}
		if told != 2 {
			t.Errorf("in pieces of %d: told of %d, want 2", size, told)
		}
	}
}

func TestClientFramesAreMasked(t *testing.T) {
	for _, n := range []int{0, 5, 125, 126, 300} {
		b := appendFrame(nil, opText, make([]byte, n))
		op, fin, _, _ := header(b)
		if op != opText || !fin || b[1]&0x80 == 0 {
			t.Errorf("%d bytes: got %x, want a whole masked text frame", n, b[:2])
		}
	}
}

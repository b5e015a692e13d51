package load

import (
	"bytes"
	"strconv"
)

// Token stands in each text and says what was sent by whom when: ^author:number:time; and
// nothing else in a message has its first byte.
type Token struct {
	Author int   // index of the author among all
	N      int64 // rises by one with each message of the author, from 1
	At     int64 // nanoseconds since the engine was made, when it was to be sent
}

// mark begins a token. A reader's messages are counted by counting it.
const mark = '^'

// textLen is how long every text is, in bytes and characters.
const textLen = 128

// filler is what the rest of a text consists of: words, so that filters have something to do.
const filler = " Did you see what they did in the last round? I thought it was over, and then somebody turned it around again. Not bad at all, is it"

// appendText appends a text of textLen bytes with the token in it.
func appendText(b []byte, t Token) []byte {
	from := len(b)
	b = append(b, mark)
	b = strconv.AppendInt(b, int64(t.Author), 10)
	b = append(b, ':')
	b = strconv.AppendInt(b, t.N, 10)
	b = append(b, ':')
	b = strconv.AppendInt(b, t.At, 10)
	b = append(b, ';')
	return append(b, filler[:textLen-(len(b)-from)]...)
}

// eachToken calls f with the tokens in b, in their order.
func eachToken(b []byte, f func(Token)) {
	for {
		at := bytes.IndexByte(b, mark)
		if at < 0 {
			return
		}
		b = b[at+1:]
		var t [3]int64
		var ok bool
		for i, end := range []byte("::;") {
			if t[i], b, ok = number(b, end); !ok {
				break
			}
		}
		if ok {
			f(Token{int(t[0]), t[1], t[2]})
		}
	}
}

// number reads digits up to end.
func number(b []byte, end byte) (n int64, rest []byte, ok bool) {
	for i, c := range b {
		if c == end {
			return n, b[i+1:], i > 0
		}
		if c < '0' || c > '9' || i > 18 {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return 0, b, false
}

// field returns the text of a JSON object's member whose name (with quotes, colon and the
// opening quote of a text) is given, up to the end of the text or the number.
func field(b []byte, name string) string {
	_, rest, ok := bytes.Cut(b, []byte(name))
	if !ok {
		return ""
	}
	if end := bytes.IndexAny(rest, `",}`); end >= 0 {
		return string(rest[:end])
	}
	return ""
}

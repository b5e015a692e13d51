package ws

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/chatd/chatd/chat"
)

// maxDepth bounds the nesting of a request: the object, its settings, a list in them.
const maxDepth = 3

// maxFields bounds those of one object; no request has as many.
const maxFields = 64

// field is one of an object, in the bytes of the frame.
type field struct {
	name []byte // unquoted
	raw  []byte // well-formed JSON
}

// object reads one JSON object in which each name stands once. encoding/json alone would
// take the last of two, and match names in any case. The fields are parts of data.
func object(data []byte) ([]field, *chat.Error) {
	if tooDeep(data) {
		return nil, badRequest("The frame is nested too deeply.")
	}
	i := skipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return nil, badRequest("A frame is one JSON object.")
	}
	if !json.Valid(data) {
		return nil, malformed(data)
	}
	fields := make([]field, 0, 8)
	for i = skipSpace(data, i+1); data[i] != '}'; i = skipSpace(data, i) {
		if data[i] == ',' {
			i++
			continue
		}
		var f field
		f, i = fieldAt(data, i)
		switch {
		case slices.ContainsFunc(fields, func(g field) bool { return bytes.Equal(f.name, g.name) }):
			return nil, badRequest("The field %q stands twice.", shorten(string(f.name)))
		case len(fields) == maxFields:
			return nil, badRequest("A frame has at most %d fields.", maxFields)
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// malformed says what is wrong with data, which begins as an object does.
func malformed(data []byte) *chat.Error {
	var first json.RawMessage
	if json.NewDecoder(bytes.NewReader(data)).Decode(&first) == nil {
		return badRequest("A frame is one JSON object, and nothing after it.")
	}
	return badRequest("The frame is not well-formed JSON.")
}

// The functions below take apart what is known to be well-formed (RFC 8259): they only look for ends.

// fieldAt returns the field whose name starts at byte i, and where it ends.
func fieldAt(data []byte, i int) (field, int) {
	nameEnd := stringEnd(data, i)
	f := field{name: data[i+1 : nameEnd-1]}
	if quoted := data[i:nameEnd]; !plainString(quoted) {
		f.name = []byte(unescaped(quoted))
	}
	from := skipSpace(data, skipSpace(data, nameEnd)+1) // after the colon
	end := valueEnd(data, from)
	f.raw = data[from:end]
	return f, end
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r') {
		i++
	}
	return i
}

// stringEnd returns the byte after the string that starts at byte i.
func stringEnd(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// valueEnd returns the byte after the value within an object or a list that starts at byte i.
func valueEnd(data []byte, i int) int {
	for depth := 0; ; i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
}

// plainString reports whether a well-formed string means what stands between its quotes.
func plainString(quoted []byte) bool {
	return bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted)
}

// tooDeep looks at brackets outside of strings only; whether they match is for the decoder.
func tooDeep(data []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

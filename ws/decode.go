package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/chatd/chatd/chat"
)

// maxDepth bounds the nesting of a request: the object, its settings, a list in them.
const maxDepth = 3

func badRequest(format string, args ...any) *chat.Error {
	return chat.Refuse(chat.Invalid, "bad_request", format, args...)
}

// object reads one JSON object in which each name stands once. encoding/json alone would
// take the last of two, and match names in any case.
func object(data []byte) (map[string]json.RawMessage, *chat.Error) {
	if tooDeep(data) {
		return nil, badRequest("The frame is nested too deeply.")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badRequest("A frame is one JSON object.")
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, badRequest("The frame is not well-formed JSON.")
		}
		if _, twice := fields[name]; twice {
			return nil, badRequest("The field %q stands twice.", shorten(name))
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, badRequest("The frame is not well-formed JSON.")
		}
		fields[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, badRequest("The frame is not well-formed JSON.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, badRequest("A frame is one JSON object, and nothing after it.")
	}
	return fields, nil
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

func shorten(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// args are the fields of a request, taken out one by one. What is wrong first is kept.
type args struct {
	fields map[string]json.RawMessage
	err    *chat.Error
	// refused is why the request isn't done even when nothing is wrong with its form.
	refused *chat.Error
}

// take decodes a field into v; it reports whether the field was there.
func (a *args) take(name, form string, v any) bool {
	raw, ok := a.fields[name]
	delete(a.fields, name)
	if !ok {
		return false
	}
	if string(raw) == "null" || json.Unmarshal(raw, v) != nil {
		a.refuse("%s is %s.", name, form)
	}
	return true
}

func (a *args) refuse(format string, args ...any) {
	if a.err == nil {
		a.err = badRequest(format, args...)
	}
}

func (a *args) must(ok bool, name string) {
	if !ok {
		a.refuse("%s is missing.", name)
	}
}

// text takes a string of 1 to most bytes.
func (a *args) text(name string, most int) string {
	s := a.anyText(name)
	a.bound(name, s, most)
	return s
}

// optText is text, or "" where the field isn't there.
func (a *args) optText(name string, most int) string {
	var s string
	if a.take(name, "a string", &s) {
		a.bound(name, s, most)
	}
	return s
}

// anyText takes a string that may be empty: the core judges it.
func (a *args) anyText(name string) string {
	var s string
	a.must(a.take(name, "a string", &s), name)
	return s
}

func (a *args) bound(name, s string, most int) {
	if s == "" || len(s) > most {
		a.refuse("%s has 1 to %d bytes.", name, most)
	}
}

func (a *args) room() chat.RoomID {
	s := a.anyText("room")
	room, err := chat.ParseRoomID(s)
	if err != nil && a.err == nil {
		a.err = chat.AsError(err)
	}
	return room
}

func (a *args) flag(name string) bool {
	var b bool
	a.must(a.take(name, "true or false", &b), name)
	return b
}

// number takes an integer of least or more.
func (a *args) number(name string, least int64) int64 {
	var n int64
	a.must(a.take(name, "an integer", &n), name)
	if n < least {
		a.refuse("%s is %d or more.", name, least)
	}
	return n
}

// optNumber takes an integer of least to most, or def where the field isn't there.
func (a *args) optNumber(name string, least, most, def int64) int64 {
	n := def
	if a.take(name, "an integer", &n) && (n < least || n > most) {
		a.refuse("%s is %d to %d.", name, least, most)
	}
	return n
}

// messages takes a list of 1 to chat.MaxIDs ids.
func (a *args) messages() []chat.MessageID {
	var ids []chat.MessageID
	a.must(a.take("message_ids", "a list of ids", &ids), "message_ids")
	if a.err == nil && (len(ids) == 0 || len(ids) > chat.MaxIDs) {
		a.refuse("message_ids holds 1 to %d ids.", chat.MaxIDs)
	}
	for _, id := range ids {
		a.bound("each of message_ids", string(id), maxID)
	}
	return ids
}

// nested takes an object; nil where it isn't there.
func (a *args) nested(name string) *args {
	raw, ok := a.fields[name]
	delete(a.fields, name)
	if !ok {
		return nil
	}
	fields, err := object(raw)
	if err != nil {
		a.refuse("%s is an object with each field once.", name)
	}
	return &args{fields: fields}
}

// end says what was wrong: also any field that nobody took.
func (a *args) end() *chat.Error {
	if a.err == nil && len(a.fields) > 0 {
		name := slices.Min(slices.Collect(maps.Keys(a.fields)))
		a.err = badRequest("There is no field %q here.", shorten(strings.ToValidUTF8(name, "")))
	}
	if a.err == nil {
		a.err = a.refused
	}
	return a.err
}

// endNested is end for an object within the request.
func (a *args) endNested(in *args) {
	if in == nil || a.err != nil {
		return
	}
	a.err = in.end()
}

// maxID bounds ids of messages and sanctions, which are UUIDs.
const maxID = 36

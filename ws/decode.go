package ws

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/chatd/chatd/chat"
)

func badRequest(format string, args ...any) *chat.Error {
	return chat.Refuse(chat.Invalid, "bad_request", format, args...)
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
	fields []field
	err    *chat.Error
	// refused is why the request isn't done even when nothing is wrong with its form.
	refused *chat.Error
}

// out takes a field out; nil: it isn't there.
func (a *args) out(name string) []byte {
	for i, f := range a.fields {
		if string(f.name) == name {
			last := len(a.fields) - 1
			a.fields[i], a.fields = a.fields[last], a.fields[:last]
			return f.raw
		}
	}
	return nil
}

// take decodes a field into v; it reports whether the field was there.
func (a *args) take(name, form string, v any) bool {
	raw := a.out(name)
	if raw == nil {
		return false
	}
	if string(raw) == "null" || json.Unmarshal(raw, v) != nil {
		a.refuse("%s is %s.", name, form)
	}
	return true
}

// takeString is take for a string: most are that of their bytes.
func (a *args) takeString(name string) (s string, ok bool) {
	raw := a.out(name)
	switch {
	case raw == nil:
		return "", false
	case raw[0] != '"':
		a.refuse("%s is a string.", name)
	case plainString(raw):
		return string(raw[1 : len(raw)-1]), true
	default:
		s = unescaped(raw)
	}
	return s, true
}

// unescaped is what a well-formed string with escapes in it means.
func unescaped(quoted []byte) string {
	var s string
	_ = json.Unmarshal(quoted, &s) // it can't fail
	return s
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
	s, ok := a.takeString(name)
	if ok {
		a.bound(name, s, most)
	}
	return s
}

// anyText takes a string that may be empty: the core judges it.
func (a *args) anyText(name string) string {
	s, ok := a.takeString(name)
	a.must(ok, name)
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
	raw := a.out(name)
	if raw == nil {
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
		first := slices.MinFunc(a.fields, func(f, g field) int { return bytes.Compare(f.name, g.name) })
		a.err = badRequest("There is no field %q here.", shorten(strings.ToValidUTF8(string(first.name), "")))
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

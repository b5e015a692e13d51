package ws

import (
	"encoding/json"
	"time"
)

// Beat does what Run does four times a second, at the time of the test.
func (s *Server) Beat(now time.Time) { s.rooms.beat(now) }

// Sweep does what Run does about once a second.
func (s *Server) Sweep(now time.Time) { s.sweep(now) }

// Leftovers counts what an idle server must not hold.
func (s *Server) Leftovers() int {
	s.index.mu.Lock()
	n := len(s.index.byID) + len(s.index.byUser) + len(s.index.byAddr) + len(s.index.keys) + len(s.index.byWas)
	s.index.mu.Unlock()
	s.rooms.mu.Lock()
	n += len(s.rooms.m)
	s.rooms.mu.Unlock()
	s.doors.mu.Lock()
	n += s.doors.all + len(s.doors.byAddr)
	s.doors.mu.Unlock()
	return n + s.melody.Len()
}

// Object decodes a frame as the v1 protocol does.
func Object(data []byte) (map[string]json.RawMessage, error) {
	fields, refusal := object(data)
	if refusal != nil {
		return nil, refusal
	}
	byName := map[string]json.RawMessage{}
	for _, f := range fields {
		byName[string(f.name)] = f.raw
	}
	return byName, nil
}

// Text decodes a field of a frame that is a string; false: it isn't one.
func Text(name string, data []byte) (string, bool) {
	fields, _ := object(data)
	a := &args{fields: fields}
	s, ok := a.takeString(name)
	return s, ok && a.err == nil
}

// Requests names the requests of v1.
func Requests() []string {
	var names []string
	for name := range requests {
		names = append(names, name)
	}
	return names
}

package store

import (
	"slices"
	"strings"

	"github.com/chatd/chatd/chat"
)

// inScope is an effect within a scope: empty for everywhere, a room's name or a glob.
func inScope(x chat.ActEffect, scope string) chat.ActEffect {
	if strings.ContainsAny(scope, `*?[\`) {
		x.Scope = scope
	} else {
		x.Room = chat.RoomID(scope)
	}
	return x
}

// purge does a PurgeStep, and notes that it was for all the rooms that it names: it may hide there what is hidden already.
func (e *enactment) purge(s chat.PurgeStep) error {
	spans := s.Rooms
	if spans == nil {
		spans = []string{""}
	}
	return e.spanning(spans, "messages_hidden", func() error { return e.purgeStep(s) })
}

// spanning does what concerns messages in all of these rooms, and notes it of those, too, where nobody sees a difference: who is
// limited to some of them has no business with it.
func (e *enactment) spanning(spans []string, what string, do func() error) error {
	e.spans = spans
	err := do()
	e.spans = nil
	if err != nil {
		return err
	}
	for _, span := range spans {
		x := inScope(chat.ActEffect{What: what}, span)
		if !slices.ContainsFunc(e.done.Act.Effects, func(y chat.ActEffect) bool { return y.What == what && y.Within() == span }) {
			e.effect(x)
		}
	}
	return nil
}

// spansOf lists where the effects of e.undoes that are taken back together are.
func (e *enactment) spansOf(what string) []string {
	var spans []string
	for _, x := range e.undoes.Effects {
		if in := x.Within(); x.What == what && !slices.Contains(spans, in) {
			spans = append(spans, in)
		}
	}
	return spans
}

package chat

import (
	"slices"
	"strings"
)

// Within says in which rooms an effect is: a room's name or a glob; empty: it isn't bound to rooms, which counts as everywhere.
func (e ActEffect) Within() string {
	if e.Room != "" {
		return string(e.Room)
	}
	return e.Scope
}

// personal are the effects that have no rooms by their nature. Who is limited to rooms sees their own all the same.
var personal = []string{"note_", "staff_", "invite_", "key_", "sessions_ended"}

func (e ActEffect) personal() bool {
	return e.Within() == "" && slices.ContainsFunc(personal, func(word string) bool { return strings.HasPrefix(e.What, word) })
}

// Within reports whether an act is the business of self, who is limited to the rooms that one of globs matches (nil: to none): where
// everything that it changed is in these rooms. What is in no room is everywhere, but for one's own notes and the like. Of acts
// that changed nothing one's own are.
func (a Act) Within(globs []string, self UserID) bool {
	if globs == nil {
		return true
	}
	own := self != "" && a.By == self
	if len(a.Effects) == 0 {
		return own
	}
	g := Grant{Rooms: globs}
	return !slices.ContainsFunc(a.Effects, func(e ActEffect) bool { return !g.coversEffect(e) && !(own && e.personal()) })
}

func (g *Grant) coversEffect(e ActEffect) bool {
	in := e.Within()
	if in == "" {
		return g.Rooms == nil
	}
	_, ok := g.coversAll([]string{in})
	return ok
}

// sees reports whether an act is the actor's business: who is limited to rooms sees what was done within them.
func (by Actor) sees(a Act) bool { return by.Grant != nil && a.Within(by.Grant.Rooms, by.ID) }

// SeesAct reports whether an actor may read an act: whether they hold ActsRead, and all of it is within their rooms.
func (s *Service) SeesAct(by Actor, a Act) bool { return s.mayRead(by, ActsRead) == nil && by.sees(a) }

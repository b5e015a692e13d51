package chat

import (
	"cmp"
	"net/netip"
	"slices"
)

// impact counts the live sessions that hit tells.
func (s *Service) impact(hit func(LiveSession) bool) Impact {
	return impactAmong(s.Sessions.List(), hit)
}

func impactAmong(live []LiveSession, hit func(LiveSession) bool) Impact {
	users := make(map[UserID]Member)
	var sessions []LiveSession
	for _, l := range live {
		if hit(l) {
			sessions = append(sessions, l)
			users[l.Actor.ID] = Member{ID: l.Actor.ID, Name: l.Actor.Name, Role: l.Actor.Role}
		}
	}
	return impactOfUsers(users, sessions)
}

// impactOn counts users, whether they are connected or not, and their sessions.
func (s *Service) impactOn(people []person) Impact {
	users := make(map[UserID]Member, len(people))
	for _, p := range people {
		users[p.id] = Member{ID: p.id, Name: p.name, Role: p.role}
	}
	var sessions []LiveSession
	for _, l := range s.Sessions.List() {
		if _, ok := users[l.Actor.ID]; ok {
			sessions = append(sessions, l)
		}
	}
	return impactOfUsers(users, sessions)
}

func impactOfUsers(users map[UserID]Member, sessions []LiveSession) Impact {
	im := Impact{Sessions: len(sessions), Users: len(users)}
	rooms := make(map[RoomID]bool)
	for _, l := range sessions {
		for _, r := range l.Rooms {
			rooms[r] = true
		}
	}
	im.Rooms = len(rooms)
	for _, m := range users {
		if m.ID.Guest() {
			im.Guests++
		} else {
			im.SignedIn++
		}
		if m.Role == RoleModerator {
			im.Moderators++
		}
		im.Sample = append(im.Sample, m)
	}
	slices.SortFunc(im.Sample, func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
	if len(im.Sample) > ImpactSample {
		im.Sample = slices.Clone(im.Sample[:ImpactSample])
	}
	return im
}

func inRoom(room RoomID) func(LiveSession) bool {
	return func(l LiveSession) bool { return slices.Contains(l.Rooms, room) }
}

// countMessages adds what an act does to messages, and where.
func countMessages(en Enacted, im *Impact) {
	im.Messages = 0
	for _, e := range en.Act.Effects {
		switch e.What {
		case "messages_hidden", "messages_restored", "message_pinned", "message_unpinned", "message_released", "message_refused",
			"room_cleared", "room_deleted":
			im.Messages += max(len(e.Messages), e.Count)
		}
	}
	im.Rooms = max(im.Rooms, len(en.Act.Rooms))
}

// concerns reports whether a sanction would hold against a live session, in any of its rooms.
func (x Sanction) concerns(l LiveSession, alias string) bool {
	switch {
	case l.Actor.Role == RoleStaff, x.Effect == SignIn && !l.Actor.Guest():
		return false
	case x.Rooms != "" && !slices.ContainsFunc(l.Rooms, x.Holds):
		return false
	case x.Target.User != "":
		return l.Actor.ID == x.Target.User || slices.Contains(x.Also, l.Actor.ID)
	case l.Actor.Role == RoleModerator || !x.Target.hits(l.Actor):
		return false // addresses are nothing to moderators
	case x.Target.Prefix.IsValid():
		return holdsAddr(x.Target.Prefix, l.addr())
	}
	return x.Target.Alias == alias
}

func (l LiveSession) addr() netip.Addr {
	if l.Addr.IsValid() {
		return l.Addr
	}
	return l.Actor.Addr
}

// aliasOf is the alias of a session's address.
func (s *Service) aliasOf(l LiveSession) string {
	if l.Actor.Alias != "" {
		return l.Actor.Alias
	}
	return s.Alias(l.addr())
}

// targets are sanctions by what they are held against, so that thousands of them are matched at once.
type targets struct {
	users    map[UserID][]Sanction
	aliases  map[string][]Sanction
	single   map[netip.Prefix][]Sanction // of one subscriber each
	prefixes []Sanction                  // all others
}

func targetsOf(all []Sanction) targets {
	t := targets{
		users: make(map[UserID][]Sanction), aliases: make(map[string][]Sanction), single: make(map[netip.Prefix][]Sanction),
	}
	for _, x := range all {
		switch p := x.Target.Prefix; {
		case x.Target.User != "":
			for _, id := range append([]UserID{x.Target.User}, x.Also...) {
				t.users[id] = append(t.users[id], x)
			}
		case x.Target.Alias != "":
			t.aliases[x.Target.Alias] = append(t.aliases[x.Target.Alias], x)
		case p == ownPrefix(p.Addr()):
			t.single[p] = append(t.single[p], x)
		default:
			t.prefixes = append(t.prefixes, x)
		}
	}
	return t
}

// hit reports whether one of them would concern a live session.
func (t targets) hit(l LiveSession, alias string) bool {
	of := [][]Sanction{t.users[l.Actor.ID], t.aliases[alias], t.prefixes}
	if a := l.addr(); a.IsValid() {
		of = append(of, t.single[ownPrefix(a)])
	}
	return slices.ContainsFunc(of, func(some []Sanction) bool {
		return slices.ContainsFunc(some, func(x Sanction) bool { return x.concerns(l, alias) })
	})
}

// impactOfSanctions counts whom sanctions hit, those included that others accompany.
func (s *Service) impactOfSanctions(all []Sanction) Impact {
	return s.impactOfSanctionsOn(s.Sessions.List(), all)
}

func (s *Service) impactOfSanctionsOn(live []LiveSession, all []Sanction) Impact {
	t := targetsOf(all)
	return impactAmong(live, func(l LiveSession) bool { return t.hit(l, s.aliasOf(l)) })
}

// messagesOf counts the messages that an act changed.
func messagesOf(a Act) int {
	var im Impact
	countMessages(Enacted{Act: a}, &im)
	return im.Messages
}

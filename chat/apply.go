package chat

// apply puts in force what an act changed, here, at once. It is for own acts, before anybody is told of them, and for what
// other nodes announce, in any order and repeatedly.
func (s *Service) apply(c ControlChange) {
	now := s.now()
	s.views.outdate()
	for _, x := range c.Sanctions {
		if x.LiftedAt.IsZero() {
			s.sanctions.put(x)
		} else {
			s.sanctions.lift(x, now)
		}
	}
	for _, x := range c.Lifted {
		s.sanctions.lift(x, now)
	}
	for _, l := range c.Lockdowns {
		s.locks.put(l, c.Act.Pos, false)
	}
	for _, l := range c.Unlocked {
		s.locks.put(l, c.Act.Pos, true)
	}
	for user, from := range c.TokensFrom {
		s.revoked.put(user, from)
	}
	for _, room := range c.Removed {
		gone := c.Act.Kind == ActRemoveRoom
		s.rooms.forget(room, c.Act.Pos, gone, now)
		if gone {
			s.waiting.leaveRoom(room)
		}
	}
	for _, room := range c.Changed {
		s.rooms.change(room, c.Act.Pos, now)
	}
}

package ws

import "github.com/chatd/chatd/chat"

// lockOf is the lock-down that a room's readers are told of; nil: none.
func (s *Server) lockOf(room chat.RoomID) *chat.Lockdown {
	if l, ok := s.svc.LockdownOf(room); ok {
		return &l
	}
	return nil
}

// tellLocks tells the rooms that a change concerns which lock-down holds now.
func (s *Server) tellLocks(c *chat.ControlChange) {
	concerned := map[chat.RoomID]bool{}
	for _, list := range [][]chat.Lockdown{c.Lockdowns, c.Unlocked} {
		for _, l := range list {
			concerned[l.Room] = true
		}
	}
	if len(concerned) == 0 {
		return
	}
	for _, rm := range s.rooms.all() {
		if concerned[""] || concerned[rm.id] {
			rm.hear(heard{say: lockdownFrame{aside{"lockdown", rm.id}, lockdownOf(s.lockOf(rm.id))}, recheck: true}, 256)
		}
	}
}

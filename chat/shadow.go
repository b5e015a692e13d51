package chat

import (
	"context"
	"fmt"
	"hash/fnv"
)

// member is how others see an actor in a room. A guest under a shadow keeps the name that others know: what a shadowed
// guest calls themselves they alone read, as all that they write.
func (s *Service) member(by Actor, room RoomID) Member {
	m := Member{ID: by.ID, Name: by.Name, Role: by.Role}
	if !by.Guest() {
		return m // their name comes with their token
	}
	now := s.now()
	if s.sanctions.against(by, room, now).shadow == nil {
		return m
	}
	m.Name = madeName(by.ID, 1e6)
	var first Sanction // a later one may know them by a name that nobody has read
	for _, x := range s.sanctions.ofUser(by.ID, now) {
		if x.Effect == Shadow && x.Name != "" && x.InForce(room, now) && (first.ID == "" || x.At.Before(first.At)) {
			first, m.Name = x, x.Name
		}
	}
	if m.Name != by.Name {
		m.Own = by.Name
	}
	return m
}

// members lists who is in a room, as by sees it: themselves as they are called.
func (s *Service) members(ctx context.Context, by Actor, room RoomID, limit int) ([]Member, int, error) {
	list, n, err := s.Presence.Members(ctx, room, limit)
	seen := make([]Member, len(list))
	for i, m := range list {
		if seen[i] = m.Public(); m.ID == by.ID {
			seen[i].Name = by.Name
		}
	}
	return seen, n, err
}

// madeName is what a guest is called who has no name of their own: the same for the same guest.
func madeName(id UserID, below uint64) string {
	h := fnv.New64a()
	h.Write([]byte(id))
	return fmt.Sprintf("Guest %d", h.Sum64()%below)
}

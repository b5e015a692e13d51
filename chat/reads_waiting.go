package chat

import (
	"context"
	"fmt"
)

// Waiting lists messages that wait for a moderator, the oldest first, for who reads messages: in the caller's rooms.
// Codes scope_missing, bound_rooms.
func (s *Service) Waiting(ctx context.Context, by Actor, q HeldQuery) ([]Held, error) {
	if err := s.mayRead(by, MessagesRead); err != nil {
		return nil, err
	}
	if q.Room != "" && !by.Grant.Covers(q.Room) {
		return nil, outOfRooms(by, "the room "+string(q.Room))
	}
	q.Within, q.State = by.Grant.Rooms, HeldPending
	all, err := s.Directory.ListHeld(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list what waits: %w", err)
	}
	return all, nil
}

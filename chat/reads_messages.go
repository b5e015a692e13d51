package chat

import (
	"context"
	"fmt"
)

// FindMessages lists messages as staff see them, the latest first.
func (s *Service) FindMessages(ctx context.Context, by Actor, q MessageQuery) ([]StoredMessage, error) {
	if q.Room != "" {
		if err := s.mayReadIn(by, MessagesRead, q.Room); err != nil {
			return nil, err
		}
	}
	if err := s.mayRead(by, MessagesRead); err != nil {
		return nil, err
	}
	q.Within = by.Grant.Rooms
	all, err := s.Directory.FindMessages(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("find messages: %w", err)
	}
	return all, nil
}

// ShowMessage reads a message, visible or not, with what it said before, the oldest first; message_not_found.
func (s *Service) ShowMessage(ctx context.Context, by Actor, room RoomID, id MessageID) (StoredMessage, []EarlierText, error) {
	if err := s.mayReadIn(by, MessagesRead, room); err != nil {
		return StoredMessage{}, nil, err
	}
	m, err := s.Directory.Message(ctx, room, id)
	if err != nil {
		return StoredMessage{}, nil, err
	}
	earlier, err := s.Directory.EarlierTexts(ctx, id)
	if err != nil {
		return StoredMessage{}, nil, fmt.Errorf("read earlier texts: %w", err)
	}
	return m, earlier, nil
}

// MessagesAround lists a room's messages before and after one, as staff see them, oldest first; message_not_found.
func (s *Service) MessagesAround(ctx context.Context, by Actor, room RoomID, id MessageID, limit int) ([]StoredMessage, error) {
	if err := s.mayReadIn(by, MessagesRead, room); err != nil {
		return nil, err
	}
	return s.Directory.MessagesAround(ctx, room, id, limit)
}

// ListHeld lists held messages, the oldest first.
func (s *Service) ListHeld(ctx context.Context, by Actor, q HeldQuery) ([]Held, error) {
	if err := s.mayRead(by, HeldDecide); err != nil {
		return nil, err
	}
	q.Within = by.Grant.Rooms
	all, err := s.Directory.ListHeld(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list held messages: %w", err)
	}
	return all, nil
}

// ShowHeld reads a held message; held_not_found.
func (s *Service) ShowHeld(ctx context.Context, by Actor, id HeldID) (Held, error) {
	if err := s.mayRead(by, HeldDecide); err != nil {
		return Held{}, err
	}
	h, err := s.Directory.HeldByID(ctx, id)
	if err != nil {
		return Held{}, err
	}
	if !by.Grant.Covers(h.Message.Room) {
		return Held{}, Refuse(NotFound, "held_not_found", "There is no such held message.")
	}
	return h, nil
}

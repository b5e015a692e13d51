package chat

import (
	"context"
	"fmt"
)

// The bounds of acting on messages.
const (
	MaxIDs           = 100 // messages in one deletion or restoration
	MaxReactionKinds = 20  // different emoji on one message
)

// DeleteOwn hides an author's own messages, for good.
func (s *Service) DeleteOwn(ctx context.Context, by Actor, room RoomID, ids []MessageID) (Event, error) {
	if err := checkIDs(ids); err != nil {
		return Event{}, err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return Event{}, err
	}
	if e := s.refuseEntry(by, r); e != nil {
		return Event{}, e
	}
	if err := s.TakeAct(ctx, by); err != nil {
		return Event{}, err
	}
	return s.append(ctx, Change{Room: room, By: by.ID, At: s.now(), Op: Hide{IDs: ids, Act: ActID(s.NewID()), Author: by.ID}})
}

func checkIDs(ids []MessageID) error {
	if len(ids) == 0 || len(ids) > MaxIDs {
		return Refuse(Invalid, "bad_request", "message_ids holds 1 to %d ids.", MaxIDs)
	}
	return nil
}

// React sets or withdraws an emoji on a message. Who may not write may not react.
func (s *Service) React(ctx context.Context, by Actor, room RoomID, id MessageID, emoji string, on bool) error {
	if !validEmoji(emoji) {
		return Refuse(Invalid, "emoji_invalid", "A reaction is one emoji.")
	}
	a, err := s.mayWrite(ctx, by, room)
	if err != nil {
		return err
	}
	if err := s.TakeAct(ctx, by); err != nil {
		return err
	}
	_, err = s.appendStill(ctx, by, a, func(st standing) (Op, error) {
		return React{ID: id, Emoji: emoji, On: on, MaxKinds: MaxReactionKinds, Shadow: st.shadow != nil}, nil
	})
	return err
}

// Typing tells the others that the actor is writing.
func (s *Service) Typing(ctx context.Context, by Actor, room RoomID) error {
	if err := s.takeSignal(ctx, by); err != nil {
		return err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return err
	}
	st, e := s.writing(by, r)
	if e != nil {
		return e
	}
	if st.shadow != nil {
		return nil // nobody is going to read it
	}
	s.Bell.Signal(ctx, Signal{Room: room, Typing: &Typing{Member: s.member(by, room)}})
	return nil
}

// MarkRead moves the actor's read marker forward; a smaller seq changes nothing.
func (s *Service) MarkRead(ctx context.Context, by Actor, room RoomID, seq Seq) error {
	if seq < 0 {
		return Refuse(Invalid, "bad_request", "seq is 0 or more.")
	}
	if err := s.takeSignal(ctx, by); err != nil {
		return err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return err
	}
	if e := s.refuseEntry(by, r); e != nil {
		return e
	}
	if !r.Stored {
		return nil // there is nothing to have read
	}
	if err := s.Directory.MarkRead(ctx, room, by.ID, seq, s.now()); err != nil {
		return fmt.Errorf("mark read: %w", err)
	}
	return nil
}

// History reads a page of a room's messages.
func (s *Service) History(ctx context.Context, by Actor, room RoomID, q PageQuery) (Page, error) {
	if err := s.takeRead(ctx, by); err != nil {
		return Page{}, err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return Page{}, err
	}
	if e := s.refuseRead(by, r, MessagesRead); e != nil {
		return Page{}, e
	}
	q.Viewer = by.ID
	return s.Log.Page(ctx, room, q)
}

// Members lists who is in a room, at most limit by name, and counts all.
func (s *Service) Members(ctx context.Context, by Actor, room RoomID, limit int) ([]Member, int, error) {
	if err := s.takeRead(ctx, by); err != nil {
		return nil, 0, err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return nil, 0, err
	}
	if e := s.refuseRead(by, r, RoomsRead); e != nil {
		return nil, 0, e
	}
	return s.members(ctx, by, room, limit)
}

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

// Delete hides messages: one's own, or, for moderators, anyone's. An author's deletion is final.
func (s *Service) Delete(ctx context.Context, by Actor, room RoomID, ids []MessageID) (Event, error) {
	if err := s.mayAct(ctx, by, room, len(ids)); err != nil {
		return Event{}, err
	}
	h := Hide{IDs: ids, Act: ActID(s.NewID())}
	if !by.Moderates(room) {
		h.Author = by.ID
	}
	return s.append(ctx, by, room, h)
}

// Restore takes moderators' deletions back. For moderators.
func (s *Service) Restore(ctx context.Context, by Actor, room RoomID, ids []MessageID) (Event, error) {
	if err := s.requireModerator(by, room); err != nil {
		return Event{}, err
	}
	if err := s.mayAct(ctx, by, room, len(ids)); err != nil {
		return Event{}, err
	}
	return s.append(ctx, by, room, Restore{IDs: ids})
}

func (s *Service) mayAct(ctx context.Context, by Actor, room RoomID, n int) error {
	if n == 0 || n > MaxIDs {
		return Refuse(Invalid, "bad_request", "message_ids holds 1 to %d ids.", MaxIDs)
	}
	if e := s.refuseIdentity(by, room); e != nil {
		return e
	}
	return s.TakeAct(ctx, by)
}

// React sets or withdraws an emoji on a message. Who may not write may not react.
func (s *Service) React(ctx context.Context, by Actor, room RoomID, id MessageID, emoji string, on bool) error {
	if !validEmoji(emoji) {
		return Refuse(Invalid, "emoji_invalid", "A reaction is one emoji.")
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return err
	}
	if e := s.refusePost(by, r); e != nil {
		return e
	}
	if err := s.TakeAct(ctx, by); err != nil {
		return err
	}
	_, err = s.append(ctx, by, room, React{ID: id, Emoji: emoji, On: on, MaxKinds: MaxReactionKinds})
	return err
}

// Pin keeps a message at hand, or lets it go. For moderators.
func (s *Service) Pin(ctx context.Context, by Actor, room RoomID, id MessageID, on bool) (Event, error) {
	if err := s.requireModerator(by, room); err != nil {
		return Event{}, err
	}
	if err := s.TakeAct(ctx, by); err != nil {
		return Event{}, err
	}
	return s.append(ctx, by, room, Pin{ID: id, On: on})
}

// Configure changes a room's settings. For moderators; staff make a room by it.
func (s *Service) Configure(ctx context.Context, by Actor, room RoomID, p SettingsPatch) (Event, error) {
	if err := s.requireModerator(by, room); err != nil {
		return Event{}, err
	}
	p, err := p.clean()
	if err != nil {
		return Event{}, err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return Event{}, err
	}
	if after := p.Apply(r.Settings); after.MinLength > after.MaxLength {
		return Event{}, badSetting("min_length must not exceed max_length (%d)", after.MaxLength)
	}
	if !r.Stored {
		if err := s.mayMakeRoom(ctx, by, room); err != nil {
			return Event{}, err
		}
	}
	if err := s.TakeAct(ctx, by); err != nil {
		return Event{}, err
	}
	c, err := await(ctx, func(done func(Committed, error)) {
		s.Log.Append(ctx, Change{Room: room, By: by.ID, At: s.now(), Op: Set{Patch: p}},
			func(c Committed, err error) {
				if err == nil && c.Event.Seq > 0 {
					// Here, not after waiting: it must hold before anyone is told.
					s.rooms.configure(c.Event)
				}
				done(c, err)
			})
	})
	return c.Event, err
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
	if e := s.refusePost(by, r); e != nil {
		return e
	}
	s.Bell.Signal(ctx, Signal{Room: room, Typing: &Typing{Member: Member{ID: by.ID, Name: by.Name, Role: by.Role}}})
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
	if e := s.refuseEntry(by, r); e != nil {
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
	if e := s.refuseEntry(by, r); e != nil {
		return nil, 0, e
	}
	return s.Presence.Members(ctx, room, limit)
}

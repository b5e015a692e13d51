package chat

import (
	"context"
	"fmt"
)

// MaxBulk bounds the ids of one act.
const MaxBulk = 200

// Delete hides messages of a room for as long as the act stands. Those that aren't there are in Failed; where there is
// but one, it is the refusal. Codes message_not_found, bad_request.
func (s *Service) Delete(ctx context.Context, o Order, room RoomID, ids []MessageID) (Outcome, error) {
	there, failed, err := s.messagesThere(ctx, o, room, ids)
	if err != nil || len(there) == 0 {
		return Outcome{DryRun: o.DryRun, Failed: failed}, err
	}
	return s.perform(ctx, o, Deed{
		Act: Act{Kind: ActDelete}, Steps: []Step{HideStep{Room: room, IDs: idsOf(there)}},
	}, s.onMessages(there, failed))
}

// Restore takes back whatever hides messages, but for their authors' own deletions.
func (s *Service) Restore(ctx context.Context, o Order, room RoomID, ids []MessageID) (Outcome, error) {
	there, failed, err := s.messagesThere(ctx, o, room, ids)
	if err != nil || len(there) == 0 {
		return Outcome{DryRun: o.DryRun, Failed: failed}, err
	}
	return s.perform(ctx, o, Deed{
		Act: Act{Kind: ActRestore}, Steps: []Step{RestoreStep{Room: room, IDs: idsOf(there)}},
	}, s.onMessages(there, failed))
}

// messagesThere looks up what an act on messages names.
func (s *Service) messagesThere(ctx context.Context, o Order, room RoomID, ids []MessageID) ([]StoredMessage, []Failure, error) {
	if err := s.mayIn(o.By, MessagesModerate, room); err != nil {
		return nil, nil, err
	}
	if len(ids) == 0 || len(ids) > MaxBulk {
		return nil, nil, Refuse(Invalid, "bad_request", "message_ids holds 1 to %d ids.", MaxBulk)
	}
	var (
		there  []StoredMessage
		failed []Failure
		seen   = make(map[MessageID]bool, len(ids))
	)
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		m, err := s.Directory.Message(ctx, room, id)
		switch {
		case err == nil:
			there = append(there, m)
		case !IsKind(err, NotFound):
			return nil, nil, fmt.Errorf("find message: %w", err)
		case len(ids) == 1:
			return nil, nil, err
		default:
			failed = append(failed, Failure{ID: string(id), Why: AsError(err)})
		}
	}
	return there, failed, nil
}

func idsOf(all []StoredMessage) []MessageID {
	ids := make([]MessageID, len(all))
	for i, m := range all {
		ids[i] = m.ID
	}
	return ids
}

// onMessages is the work of an act on messages: it hits their authors.
func (s *Service) onMessages(all []StoredMessage, failed []Failure) work {
	hit := make(map[UserID]Member)
	for _, m := range all {
		hit[m.Author.ID] = Member{ID: m.Author.ID, Name: m.Author.Name, Role: m.Author.Role}
	}
	return work{impact: impactOfUsers(hit, nil), failed: failed, impacted: countMessages}
}

// Pin keeps a message at hand, or lets it go. Codes message_not_found, too_many_pins.
func (s *Service) Pin(ctx context.Context, o Order, room RoomID, id MessageID, on bool) (Outcome, error) {
	if err := s.mayIn(o.By, MessagesModerate, room); err != nil {
		return Outcome{}, err
	}
	kind := ActPin
	if !on {
		kind = ActUnpin
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: kind}, Steps: []Step{PinStep{Room: room, ID: id, On: on}}},
		work{impact: s.impact(inRoom(room)), impacted: countMessages})
}

// Purge hides what users wrote, in one act and one event a room; what of theirs is held is refused.
// Codes selection_empty, selection_invalid, selection_too_wide, target_protected, scope_invalid.
func (s *Service) Purge(ctx context.Context, o Order, p PurgeOrder) (Outcome, error) {
	rooms, err := s.scopeOf(o.By, MessagesModerate, p.Rooms)
	if err != nil {
		return Outcome{}, err
	}
	if !p.Since.IsZero() && !p.Until.IsZero() && !p.Since.Before(p.Until) {
		return Outcome{}, Refuse(Invalid, "bad_request", "since has to be before until.")
	}
	chosen, err := s.selectUsers(ctx, o.By, p.Selection, MessagesModerate)
	if err != nil {
		return Outcome{}, err
	}
	authors := userIDs(chosen)
	return s.perform(ctx, o, Deed{
		Act:   Act{Kind: ActPurge, Users: authors},
		Steps: []Step{PurgeStep{Authors: authors, Rooms: rooms, Since: p.Since, Until: p.Until}},
	}, work{impact: s.impactOn(chosen), impacted: countMessages})
}

// scopeOf lists the rooms (names and globs; nil: all) of an act that is to concern rooms: where it says all, and its
// actor is limited, theirs.
func (s *Service) scopeOf(by Actor, scope Scope, rooms string) ([]string, error) {
	if rooms == "" && by.Role == RoleStaff && by.Grant != nil && !by.Grant.Everywhere() {
		return by.Grant.Rooms, s.may(by, scope)
	}
	if err := s.mayOver(by, scope, rooms); err != nil || rooms == "" {
		return nil, err
	}
	return []string{rooms}, nil
}

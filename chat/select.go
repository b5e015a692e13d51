package chat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// The bounds of looking at what was written.
const (
	textsPerAuthor   = 20
	maxAuthors       = 2 * MaxSelected
	maxSelectRooms   = 200 // of a grant that is limited to rooms
	maxTextsLookBack = 30 * 24 * time.Hour
)

// The longest patterns of a selection, in characters.
const (
	MaxNameLike = 64
	MaxTextLike = 500
)

// selectUsers finds whom a selection picks, by id. Codes selection_invalid, selection_empty, selection_too_wide,
// target_protected, bound_rooms.
func (s *Service) selectUsers(ctx context.Context, by Actor, sel Selection, scope Scope) ([]person, error) {
	return s.selectFrom(ctx, by, sel, scope, s.Sessions.List())
}

func (s *Service) selectFrom(ctx context.Context, by Actor, sel Selection, scope Scope, live []LiveSession) ([]person, error) {
	if err := s.checkSelection(by, sel, scope); err != nil {
		return nil, err
	}
	var (
		people []person
		err    error
	)
	switch {
	case sel.Users != nil:
		people, err = s.named(ctx, by, sel, live)
	case sel.TextLike != "":
		people, err = s.writers(ctx, by, sel, live)
	default:
		people = s.connected(by, sel, live)
	}
	switch {
	case err != nil:
		return nil, err
	case len(people) == 0:
		return nil, Refuse(Invalid, "selection_empty", "Nobody fits this selection now.")
	case len(people) > MaxSelected:
		return nil, Refuse(Invalid, "selection_too_wide", "More than %d users fit this selection: narrow it down.", MaxSelected)
	}
	slices.SortFunc(people, func(a, b person) int { return cmp.Compare(a.id, b.id) })
	return people, nil
}

func (s *Service) checkSelection(by Actor, sel Selection, scope Scope) error {
	if sel.Room != "" && !validRoomID(string(sel.Room)) {
		return Refuse(Invalid, "selection_invalid", "room is the name of one room.")
	}
	if err := s.checkCriteria(sel); err != nil {
		return err
	}
	if sel.Room != "" {
		return s.mayIn(by, scope, sel.Room)
	}
	if by.Role != RoleStaff && sel.Users == nil {
		return Refuse(Invalid, "selection_invalid", "In the chat, a selection is of one room.")
	}
	return s.may(by, scope)
}

// checkCriteria checks what a selection picks by: a list, or what users have in common.
func (s *Service) checkCriteria(sel Selection) error {
	likes := !sel.JoinedSince.IsZero() || !sel.FirstSeenSince.IsZero() || sel.NameLike != "" || sel.TextLike != ""
	switch {
	case len(sel.Users) > 0 && likes:
		return Refuse(Invalid, "selection_invalid", "A list of users has no other criterion beside it but the room.")
	case len(sel.Users) > MaxSelectedUsers:
		return Refuse(Invalid, "selection_invalid", "users holds at most %d of them.", MaxSelectedUsers)
	case len(sel.Users) == 0 && !likes:
		return Refuse(Invalid, "selection_invalid", "A selection needs joined_since, first_seen_since, name_like, text_like or users.")
	case !sel.TextsSince.IsZero() && sel.TextsSince.Before(s.now().Add(-maxTextsLookBack)):
		return Refuse(Invalid, "selection_invalid", "texts_since reaches back %d days at most.", maxTextsLookBack/(24*time.Hour))
	}
	return checkLikes(sel)
}

func checkLikes(sel Selection) error {
	if utf8.RuneCountInString(sel.NameLike) > MaxNameLike || utf8.RuneCountInString(sel.TextLike) > MaxTextLike {
		return Refuse(Invalid, "selection_invalid", "name_like has at most %d characters, text_like %d.", MaxNameLike, MaxTextLike)
	}
	if sel.NameLike != "" && newNameLike(sel.NameLike).empty() || sel.TextLike != "" && newTextLike(sel.TextLike).empty() {
		return Refuse(Invalid, "selection_invalid", "What is to be alike needs some letters.")
	}
	return nil
}

// named takes the users of a list as they are; who is protected is refused, not left out.
func (s *Service) named(ctx context.Context, by Actor, sel Selection, live []LiveSession) ([]person, error) {
	byID := make(map[UserID]LiveSession)
	for _, l := range live {
		if s.within(by, sel.Room, l) {
			byID[l.Actor.ID] = l
		}
	}
	var people []person
	seen := make(map[UserID]bool)
	for _, id := range sel.Users {
		if !validUserID(id) {
			return nil, Refuse(Invalid, "user_invalid", "users holds ids like u:ann or g:0192….")
		}
		l, here := byID[id]
		if seen[id] || sel.Room != "" && !here {
			continue
		}
		seen[id] = true
		p := person{id, l.Actor.Name, l.Actor.Role}
		if !here {
			var err error
			if p, err = s.known(ctx, id, nil); err != nil {
				return nil, err
			}
		}
		if err := protect(by, p); err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, nil
}

// within reports whether a connection is in the room, or, where that is empty, in one that the actor's grant covers.
func (s *Service) within(by Actor, room RoomID, l LiveSession) bool {
	if room != "" {
		return slices.Contains(l.Rooms, room)
	}
	return by.covers(l.Rooms)
}

// covers reports whether an actor may act on what is in these rooms: on any of them, or, with all rooms, on anything.
func (by Actor) covers(rooms []RoomID) bool {
	if by.Role != RoleStaff {
		return slices.ContainsFunc(rooms, by.Moderates)
	}
	return by.Grant.Everywhere() || slices.ContainsFunc(rooms, by.Grant.Covers)
}

// connected finds who is connected and fits.
func (s *Service) connected(by Actor, sel Selection, live []LiveSession) []person {
	like := newNameLike(sel.NameLike)
	found := make(map[UserID]person)
	for _, l := range live {
		if sel.fits(by, l.Actor.ID, l.Actor.Role) && s.within(by, sel.Room, l) && sel.joined(by, l) &&
			sel.firstSeen(l.Actor.FirstSeen) && (sel.NameLike == "" || like.like(l.Actor.Name)) {
			found[l.Actor.ID] = person{l.Actor.ID, l.Actor.Name, l.Actor.Role}
		}
	}
	return values(found)
}

func values(found map[UserID]person) []person {
	people := make([]person, 0, len(found))
	for _, p := range found {
		people = append(people, p)
	}
	return people
}

// fits leaves out whom no selection picks: staff, moderators, oneself, and signed-in users unless they are asked for.
func (sel Selection) fits(by Actor, id UserID, role Role) bool {
	if !id.Guest() && (!sel.WithSignedIn || role == RoleModerator) {
		return false
	}
	return id != by.ID && protect(by, person{id: id, role: role}) == nil
}

func (sel Selection) joined(by Actor, l LiveSession) bool {
	if sel.JoinedSince.IsZero() {
		return true
	}
	for room, at := range l.Joined {
		if (sel.Room == room || sel.Room == "" && by.covers([]RoomID{room})) && !at.Before(sel.JoinedSince) {
			return true
		}
	}
	return false
}

func (sel Selection) firstSeen(at time.Time) bool {
	return sel.FirstSeenSince.IsZero() || !at.IsZero() && !at.Before(sel.FirstSeenSince)
}

// writers finds who has written something alike, and fits besides: connected or not.
func (s *Service) writers(ctx context.Context, by Actor, sel Selection, live []LiveSession) ([]person, error) {
	since := sel.TextsSince
	if since.IsZero() {
		since = s.now().Add(-TextsLookBack)
	}
	texts, err := s.textsSince(ctx, by, sel.Room, since)
	if err != nil {
		return nil, err
	}
	here := make(map[UserID][]LiveSession)
	for _, l := range live {
		here[l.Actor.ID] = append(here[l.Actor.ID], l)
	}
	name := newNameLike(sel.NameLike)
	var people []person
	for _, id := range alike(texts, sel) {
		p, ok, err := s.writer(ctx, by, sel, id, here[id])
		if err != nil {
			return nil, err
		}
		if ok && sel.fits(by, p.id, p.role) && (sel.NameLike == "" || name.like(p.name)) {
			people = append(people, p)
		}
	}
	return people, nil
}

// alike lists the authors of texts like that of a selection.
func alike(texts map[UserID][]string, sel Selection) []UserID {
	like := newTextLike(sel.TextLike)
	known := make(map[string]bool) // raiders repeat themselves, and each other
	var ids []UserID
	for id, wrote := range texts {
		if !id.Guest() && !sel.WithSignedIn {
			continue
		}
		if slices.ContainsFunc(wrote, func(text string) bool {
			yes, ok := known[text]
			if !ok {
				yes = like.like(text)
				known[text] = yes
			}
			return yes
		}) {
			ids = append(ids, id)
		}
	}
	return ids
}

// writer finds an author as they are now, and whether they joined and were first seen when the selection says.
func (s *Service) writer(ctx context.Context, by Actor, sel Selection, id UserID, live []LiveSession) (person, bool, error) {
	if len(live) > 0 {
		a := live[0].Actor
		return person{id, a.Name, a.Role}, slices.ContainsFunc(live, func(l LiveSession) bool { return sel.joined(by, l) }) && sel.firstSeen(a.FirstSeen), nil
	}
	seen, err := s.Directory.User(ctx, id)
	switch {
	case IsKind(err, NotFound):
		// They wrote, but aren't remembered: only what they wrote tells of them.
		return person{id: id}, sel.JoinedSince.IsZero() && sel.FirstSeenSince.IsZero() && sel.NameLike == "", nil
	case err != nil:
		return person{}, false, fmt.Errorf("find author: %w", err)
	}
	return person{id, seen.Name, seen.Role}, sel.JoinedSince.IsZero() && sel.firstSeen(seen.FirstSeen), nil
}

// textsSince lists who wrote what in the rooms that a selection is about.
func (s *Service) textsSince(ctx context.Context, by Actor, room RoomID, since time.Time) (map[UserID][]string, error) {
	rooms := []RoomID{room}
	if room == "" && !by.Grant.Everywhere() {
		stored, err := s.Directory.Rooms(ctx, RoomQuery{Within: by.Grant.Rooms, Limit: maxSelectRooms + 1})
		if err != nil {
			return nil, fmt.Errorf("list rooms: %w", err)
		}
		if len(stored) > maxSelectRooms {
			return nil, Refuse(Invalid, "selection_too_wide", "That is more than %d rooms: name one.", maxSelectRooms)
		}
		rooms = rooms[:0]
		for _, r := range stored {
			rooms = append(rooms, r.ID)
		}
	}
	all := make(map[UserID][]string)
	for _, r := range rooms {
		some, err := s.Directory.AuthorsSince(ctx, r, since, textsPerAuthor, maxAuthors)
		if err != nil {
			return nil, fmt.Errorf("list authors: %w", err)
		}
		if len(some) == maxAuthors { // some may be missing: say so, and leave nobody out in silence
			return nil, Refuse(Invalid, "selection_too_wide", "More than %d users wrote since then: choose a later texts_since.", maxAuthors)
		}
		for id, texts := range some {
			all[id] = append(all[id], texts...)
		}
	}
	return all, nil
}

func userIDs(people []person) []UserID {
	ids := make([]UserID, len(people))
	for i, p := range people {
		ids[i] = p.id
	}
	return ids
}

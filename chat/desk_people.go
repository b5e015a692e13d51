package chat

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"
)

// AddNote writes a note about a user, for staff. Codes user_not_found, note_too_long, text_empty.
func (s *Service) AddNote(ctx context.Context, o Order, user UserID, text string) (Outcome, error) {
	if err := s.may(o.By, UsersWrite); err != nil {
		return Outcome{}, err
	}
	if _, err := s.Directory.User(ctx, user); err != nil {
		return Outcome{}, err
	}
	text, ok := cleanNote(text)
	switch {
	case !ok:
		return Outcome{}, Refuse(Invalid, "note_too_long", "A note has at most %d characters.", MaxNote)
	case utf8.RuneCountInString(text) == 0:
		return Outcome{}, Refuse(Invalid, "text_empty", "A note needs some text.")
	}
	n := Note{ID: NoteID(s.NewID()), User: user, Text: text, By: o.By.ID, At: s.now()}
	return s.perform(ctx, o, Deed{Act: Act{At: n.At, Kind: ActNote, Users: []UserID{user}}, Steps: []Step{NoteStep{Note: n}}}, work{})
}

// RemoveNote takes a note back; who is limited to rooms, their own. Codes note_not_found, bound_rooms.
func (s *Service) RemoveNote(ctx context.Context, o Order, user UserID, id NoteID) (Outcome, error) {
	if err := s.may(o.By, UsersWrite); err != nil {
		return Outcome{}, err
	}
	st := UnnoteStep{User: user, ID: id}
	if !o.By.Grant.Everywhere() {
		st.By = o.By.ID
	}
	return s.perform(ctx, o, Deed{Act: Act{Kind: ActUnnote, Users: []UserID{user}}, Steps: []Step{st}}, work{})
}

// RevokeTokens makes worthless the tokens that were issued to a user before a time, and ends the sessions that came with
// them. It never goes back. Codes user_invalid, before_invalid, target_protected.
func (s *Service) RevokeTokens(ctx context.Context, o Order, user UserID, before time.Time) (Outcome, error) {
	if err := s.mayEverywhere(o.By, UsersWrite); err != nil {
		return Outcome{}, err
	}
	if !validUserID(user) {
		return Outcome{}, Refuse(Invalid, "user_invalid", "user is an id like u:ann or g:0192….")
	}
	before = before.UTC().Truncate(time.Millisecond)
	if before.IsZero() || before.After(s.now()) {
		return Outcome{}, Refuse(Invalid, "before_invalid", "before is a time that is over: tokens to come can't be revoked.")
	}
	live := s.Sessions.List()
	p, err := s.known(ctx, user, live)
	if err != nil {
		return Outcome{}, err
	}
	if err := protect(o.By, p); err != nil {
		return Outcome{}, err
	}
	old := func(l LiveSession) bool { return l.Actor.ID == user && l.Actor.Issued.Before(before) }
	var ids []SessionID
	for _, l := range live {
		if old(l) {
			ids = append(ids, l.ID)
		}
	}
	return s.perform(ctx, o, Deed{
		Act: Act{Kind: ActRevokeTokens, Users: []UserID{user}}, Steps: []Step{RevokeTokensStep{User: user, Before: before}},
	}, work{impact: s.impact(old), tell: func(Enacted) []Signal {
		if len(ids) == 0 {
			return nil
		}
		return []Signal{{End: &SessionsEnd{Sessions: ids, Why: Refuse(Unauthenticated, "token_revoked", "Your sign-in was revoked. Sign in again.")}}}
	}})
}

// Disconnect ends connections: those with these ids, or all of whom a selection picks. They may come back. What isn't there is in
// Failed, and who is protected; where one id was asked for, it is the refusal. Codes connection_not_found, target_protected,
// selection_*.
func (s *Service) Disconnect(ctx context.Context, o Order, ids []SessionID, sel *Selection) (Outcome, error) {
	if err := s.may(o.By, ConnectionsWrite); err != nil {
		return Outcome{}, err
	}
	if (len(ids) == 0) == (sel == nil) || len(ids) > MaxBulk {
		return Outcome{}, Refuse(Invalid, "bad_request", "Either a selection or 1 to %d ids of connections.", MaxBulk)
	}
	var (
		end    []LiveSession
		failed []Failure
		err    error
	)
	over := &SessionsEnd{Why: Refuse(Forbidden, "kicked", "A moderator has ended your connection.")}
	if sel != nil {
		var people []person
		if people, err = s.selectUsers(ctx, o.By, *sel, ConnectionsWrite); err != nil {
			return Outcome{}, err
		}
		end = s.sessionsOf(o.By, sel.Room, people)
		if sel.Room == "" && o.By.Grant.Everywhere() {
			over.Users = userIDs(people) // on all nodes
		}
	} else if end, failed, err = s.sessionsByID(o.By, ids); err != nil {
		return Outcome{}, err
	}
	if len(end) == 0 && len(over.Users) == 0 {
		return Outcome{DryRun: o.DryRun, Failed: failed}, nil
	}
	hit := make(map[SessionID]bool, len(end))
	for _, l := range end {
		hit[l.ID] = true
		over.Sessions = append(over.Sessions, l.ID)
	}
	act := Act{Kind: ActDisconnect, Effects: endedIn(o.By, end), Users: usersIn(end)}
	act.Rooms = roomsOf(act.Effects)
	return s.perform(ctx, o, Deed{Act: act}, work{
		impact: s.impact(func(l LiveSession) bool { return hit[l.ID] }), failed: failed,
		tell: func(Enacted) []Signal { return []Signal{{End: over}} },
	})
}

func (s *Service) sessionsOf(by Actor, room RoomID, people []person) []LiveSession {
	chosen := make(map[UserID]bool, len(people))
	for _, p := range people {
		chosen[p.id] = true
	}
	var all []LiveSession
	for _, l := range s.Sessions.List() {
		if chosen[l.Actor.ID] && s.within(by, room, l) {
			all = append(all, l)
		}
	}
	return all
}

func (s *Service) sessionsByID(by Actor, ids []SessionID) ([]LiveSession, []Failure, error) {
	byID := make(map[SessionID]LiveSession)
	for _, l := range s.Sessions.List() {
		if by.covers(l.Rooms) {
			byID[l.ID] = l
		}
	}
	var (
		all    []LiveSession
		failed []Failure
	)
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		l, ok := byID[id]
		why := protect(by, person{id: l.Actor.ID, role: l.Actor.Role})
		if !ok {
			why = Refuse(NotFound, "connection_not_found", "There is no such connection.")
		}
		switch {
		case why == nil:
			all = append(all, l)
		case len(ids) == 1:
			return nil, nil, why
		default:
			failed = append(failed, Failure{ID: string(id), Why: AsError(why)})
		}
	}
	return all, failed, nil
}

// endedIn says how many sessions were ended, in which rooms: a record that who is limited to them may read.
func endedIn(by Actor, all []LiveSession) []ActEffect {
	counts := make(map[RoomID]int)
	for _, l := range all {
		rooms := slices.DeleteFunc(slices.Clone(l.Rooms), func(r RoomID) bool { return !by.Grant.Covers(r) })
		if len(rooms) == 0 {
			rooms = []RoomID{""}
		}
		for _, r := range rooms {
			counts[r]++
		}
	}
	var effects []ActEffect
	for r, n := range counts {
		effects = append(effects, ActEffect{What: "sessions_ended", Room: r, Count: n})
	}
	slices.SortFunc(effects, func(a, b ActEffect) int {
		if a.Room < b.Room {
			return -1
		}
		return 1
	})
	return effects
}

// roomsOf are the rooms of effects that no step has.
func roomsOf(effects []ActEffect) []RoomID {
	var rooms []RoomID
	for _, e := range effects {
		if e.Room != "" {
			rooms = append(rooms, e.Room)
		}
	}
	return rooms
}

func usersIn(all []LiveSession) []UserID {
	var ids []UserID
	for _, l := range all {
		ids = append(ids, l.Actor.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// SendNotice says something beside the log: to a room, to a user wherever they are, or, with neither, to everybody.
// Codes text_empty, text_too_long, user_invalid.
func (s *Service) SendNotice(ctx context.Context, o Order, room *RoomID, user UserID, text string) (Outcome, error) {
	to, err := s.noticeTo(o.By, room, user)
	if err != nil {
		return Outcome{}, err
	}
	line, ok := CleanLine(text, MaxNotice)
	switch {
	case !ok:
		return Outcome{}, Refuse(Invalid, "text_too_long", "A notice has at most %d characters.", MaxNotice)
	case line == "":
		return Outcome{}, Refuse(Invalid, "text_empty", "A notice needs some text.")
	}
	act := Act{ID: ActID(s.NewID()), At: s.now(), Kind: ActNotice, Effects: []ActEffect{{What: "notice_sent", Room: to, Count: 1}}}
	act.Rooms = roomsOf(act.Effects)
	if user != "" {
		act.Users = []UserID{user}
	}
	n := Notice{ID: act.ID, User: user, Text: line, At: act.At}
	hears := func(l LiveSession) bool {
		return (to == "" || slices.Contains(l.Rooms, to)) && (user == "" || l.Actor.ID == user)
	}
	return s.perform(ctx, o, Deed{Act: act}, work{
		impact: s.impact(hears),
		tell:   func(Enacted) []Signal { return []Signal{{Room: to, Notice: &n}} },
	})
}

// noticeTo says to which room a notice goes; empty: to all. Who is limited to rooms reaches a user there alone.
func (s *Service) noticeTo(by Actor, room *RoomID, user UserID) (RoomID, error) {
	switch {
	case room != nil && user != "":
		return "", Refuse(Invalid, "bad_request", "A notice is for a room, for a user or for all.")
	case room != nil:
		return *room, s.mayIn(by, NoticesWrite, *room)
	case user == "":
		return "", s.mayEverywhere(by, NoticesWrite)
	case !validUserID(user):
		return "", Refuse(Invalid, "user_invalid", "user is an id like u:ann or g:0192….")
	}
	if err := s.may(by, NoticesWrite); err != nil || by.Grant.Everywhere() {
		return "", err
	}
	for _, l := range s.Sessions.List() {
		if i := slices.IndexFunc(l.Rooms, by.Grant.Covers); l.Actor.ID == user && i >= 0 {
			return l.Rooms[i], nil
		}
	}
	return "", Refuse(NotFound, "user_not_found", "This user isn't in any of your rooms now.")
}

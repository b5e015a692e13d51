package chat

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Joined is what a reader starts from. What is in it is shared with others: treat it as immutable.
type Joined struct {
	Snapshot
	// View is what Messages, Pins and Events are of: Events are the last of its own. It is the reader's alone where they see the room
	// otherwise than everybody.
	View *View
	// Recovered says that Events is everything after the reader's position; Messages is then empty.
	Recovered bool
	Events    []Event
	Rights    Rights
	Members   []Member // at most MembersShown, by name
	Roll      *Roll    // what Members is of
	Count     int
	// Lockdown is the one that readers are told of (LockdownOf); nil: none.
	Lockdown *Lockdown
}

// MembersShown is how many members a reader is told of on joining.
const MembersShown = 100

// Room reads a room's present state; a room that nobody has written to has its defaults.
func (s *Service) Room(ctx context.Context, room RoomID) (Room, error) {
	if r, ok := s.rooms.room(room, s.now()); ok {
		return r, nil
	}
	asOf := s.rooms.asOf()
	all, err := s.openings.ask(ctx, room, nil, s.openRooms)
	if err == nil {
		err = all[room].err
	}
	if err != nil {
		return Room{}, fmt.Errorf("read room: %w", err)
	}
	r := all[room].Room
	if r.Stored {
		// Others are remembered when somebody has joined them: names are free to invent.
		s.rooms.put(r, asOf, s.now())
	}
	return r, nil
}

// opening is a room that was read for those who asked for it at about one time, or why it couldn't be.
type opening struct {
	Room
	err error
}

// openAtOnce is how many rooms are read side by side.
const openAtOnce = 8

func (s *Service) openRooms(ctx context.Context, asked []RoomID) (map[RoomID]opening, error) {
	asked = slices.Clone(asked)
	slices.Sort(asked)
	asked = slices.Compact(asked)
	read := make([]opening, len(asked))
	var next atomic.Int64
	var work sync.WaitGroup
	for range min(openAtOnce, len(asked)) {
		work.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					s.Logger.ErrorContext(ctx, "panic", "in", "open rooms", "panic", p)
				}
			}()
			for i := int(next.Add(1)) - 1; i < len(asked); i = int(next.Add(1)) - 1 {
				read[i].err = errNotRead // where reading panics
				snap, err := s.Log.Snapshot(ctx, asked[i], SnapshotQuery{})
				read[i] = opening{snap.Room, err}
			}
		})
	}
	work.Wait()
	all := make(map[RoomID]opening, len(asked))
	for i, room := range asked {
		all[room] = read[i]
	}
	return all, nil
}

// Join is JoinFrom for who doesn't know what they have heard: the room is read after the call.
func (s *Service) Join(ctx context.Context, by Actor, session SessionID, room RoomID, since *Position) (Joined, error) {
	return s.JoinFrom(ctx, by, session, room, since, Position{})
}

// JoinFrom lets a session into a room. With since it replays what happened after that
// position, all of it or none. Listen to the room before: the result is of one instant, and every later
// event is announced. That instant may lie before the call, but not before heard: it is the position after which
// every event of the room will be told to the session, or has been. Refusals: banned, sign_in_required, room_forbidden, room_closed,
// room_archived, room_locked, access_denied, guests_forbidden, room_full, room_unknown, too_many_rooms, rate_limited.
func (s *Service) JoinFrom(ctx context.Context, by Actor, session SessionID, room RoomID, since *Position, heard Position) (Joined, error) {
	r, err := s.mayJoin(ctx, by, room)
	if err != nil {
		return Joined{}, err
	}
	limit := r.Settings.MembersLimit
	if by.Moderates(room) {
		limit = 0
	}
	entered, err := s.enter(ctx, by, session, room, limit)
	if err != nil {
		return Joined{}, err
	}
	j, err := s.read(ctx, by, room, viewing{heard: heard, since: since})
	if err == nil {
		err = s.listMembers(ctx, by, room, entered.Count, &j)
	}
	if err != nil {
		if entered.New { // one who was there before stays, and goes on reading
			s.Leave(context.WithoutCancel(ctx), session, room)
		}
		return Joined{}, err
	}
	s.tellPresence(ctx, room, entered, false)
	return j, nil
}

// enter counts a session as present. Where nobody may come in, those may who are there or were a moment ago.
func (s *Service) enter(ctx context.Context, by Actor, session SessionID, room RoomID, limit int) (Attendance, error) {
	entered, err := s.Presence.Enter(ctx, room, session, s.member(by, room), limit)
	if err != nil {
		return Attendance{}, err
	}
	now := s.now()
	lock, shut := s.shut(by, room)
	if !shut || !entered.New || !entered.Changed || s.departures.recent(visit{room, by.ID}, now) {
		return entered, nil
	}
	// Only Presence knows, of all nodes, whether they are there. Nobody has been told.
	if _, err := s.Presence.Leave(context.WithoutCancel(ctx), room, session); err != nil {
		return Attendance{}, fmt.Errorf("leave locked room: %w", err)
	}
	return Attendance{}, until(Refuse(Forbidden, "room_locked", "Nobody can come into this room now."), lock.Until, now)
}

// mayJoin checks everything that can be said without reading history.
func (s *Service) mayJoin(ctx context.Context, by Actor, room RoomID) (Room, error) {
	if e := s.refuseIdentity(by, room); e != nil {
		return Room{}, e
	}
	if err := s.take(ctx, "join:a:"+AddrKey(by.Addr), s.Limits.JoinsPerAddr, "join rooms"); err != nil {
		return Room{}, err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return Room{}, err
	}
	if e := s.refuseEntry(by, r); e != nil {
		return Room{}, e
	}
	if !r.Stored {
		return r, s.mayMakeRoom(ctx, by, room)
	}
	return r, nil
}

// mayMakeRoom checks the first use of a room. Two first uses at once may pass the bound
// together: it keeps the number of rooms from running away, it isn't a quota.
func (s *Service) mayMakeRoom(ctx context.Context, by Actor, room RoomID) error {
	_, there, err := s.Presence.Members(ctx, room, 0)
	if err != nil {
		return fmt.Errorf("count members: %w", err)
	}
	// Who was in a room that was removed makes no new one by having been there.
	if there > 0 && !s.rooms.removed(room) || by.Role == RoleStaff {
		return nil
	}
	if s.Limits.RoomsByStaff && !by.Moderates(room) {
		return errRoomUnknown()
	}
	occupied, err := s.Presence.Occupied(ctx)
	if err != nil {
		return fmt.Errorf("count occupied rooms: %w", err)
	}
	stored, err := s.Directory.CountRooms(ctx)
	if err != nil {
		return fmt.Errorf("count rooms: %w", err)
	}
	if s.Limits.RoomsMax > 0 && stored+len(occupied) >= s.Limits.RoomsMax {
		return Refuse(Unavailable, "too_many_rooms", "No more rooms can be made here.")
	}
	return s.take(ctx, "room:a:"+AddrKey(by.Addr), s.Limits.NewRoomsPerAddr, "make rooms")
}

func errRoomUnknown() *Error { return Refuse(NotFound, "room_unknown", "There is no such room.") }

// shared returns r without what depends on who asked.
func shared(r Room) Room {
	r.Shown = r.Seq
	return r
}

// read takes the room at one instant and decides again, as things stand now.
func (s *Service) read(ctx context.Context, by Actor, room RoomID, q viewing) (Joined, error) {
	j, err := s.shownTo(ctx, by, room, q)
	if err != nil {
		return Joined{}, err
	}
	r := j.Room
	if now, ok := s.rooms.room(room, s.now()); ok && now.Epoch == r.Epoch && now.Version > r.Version {
		r = now
	}
	if e := s.refuseEntry(by, r); e != nil {
		return Joined{}, e
	}
	j.Rights = s.rights(by, r)
	if l, ok := s.LockdownOf(room); ok {
		j.Lockdown = &l
	}
	return j, nil
}

// shownTo is the room as a reader is shown it. Who sees it as everybody does shares what others are shown.
func (s *Service) shownTo(ctx context.Context, by Actor, room RoomID, q viewing) (Joined, error) {
	v, from, recovered, err := s.viewSince(ctx, room, q)
	if err != nil {
		return Joined{}, err
	}
	own, err := s.ownOf(ctx, v, by.ID) // after the view: what became theirs alone before it is known
	switch {
	case err != nil:
		return Joined{}, err
	case own.Private:
		return s.privateTo(ctx, by, v.Room, q.since)
	}
	j := Joined{Snapshot: v.Snapshot, View: v, Recovered: recovered}
	j.Reacted, j.Read, j.Held = own.Reacted, own.Read, own.Held
	if recovered {
		j.Events, j.Reacted = v.Events[from:], reactedOn(v.Events[from:], own.Reacted)
	}
	return j, nil
}

// viewSince is the view with the replay that is asked for, and where in it that begins; or, where there is none, history.
func (s *Service) viewSince(ctx context.Context, room RoomID, q viewing) (v *View, from int, recovered bool, err error) {
	heard := q.heard
	if q.since != nil {
		if v, err = s.view(ctx, room, q); err != nil {
			return nil, 0, false, err
		}
		if from, recovered = v.since(*q.since); recovered {
			return v, from, true, nil
		}
		// The reader may know more than this node has told. What is found now isn't older than what was found for the replay.
		if heard = (Position{Epoch: v.Room.Epoch, Seq: max(v.Room.Seq, q.heard.Seq)}); q.heard.Epoch != heard.Epoch {
			heard = Position{}
		}
	}
	v, err = s.view(ctx, room, viewing{heard: heard})
	return v, 0, false, err
}

// reactedOn are those of a viewer's emoji that are on messages of events.
func reactedOn(events []Event, all map[MessageID][]string) map[MessageID][]string {
	on := make(map[MessageID][]string)
	if len(all) == 0 {
		return on
	}
	for i := range events {
		events[i].withReactions(func(id MessageID) {
			if own := all[id]; own != nil {
				on[id] = own
			}
		})
	}
	return on
}

// privateTo is the room as somebody is shown it who has been told there what others haven't.
func (s *Service) privateTo(ctx context.Context, by Actor, r Room, since *Position) (Joined, error) {
	q := SnapshotQuery{Viewer: by.ID}
	if since != nil {
		events, snap, err := s.Log.Since(ctx, r.ID, *since, RecoverWindow, q)
		if err == nil {
			v := &View{Look: Look{Snapshot: snap, Events: events}}
			return Joined{Snapshot: snap, View: v, Recovered: true, Events: events}, nil
		}
		if CodeOf(err) != "cannot_recover" {
			return Joined{}, fmt.Errorf("recover: %w", err)
		}
	}
	q.Messages = r.Settings.History
	snap, err := s.Log.Snapshot(ctx, r.ID, q)
	if err != nil {
		return Joined{}, fmt.Errorf("read room: %w", err)
	}
	return Joined{Snapshot: snap, View: &View{Look: Look{Snapshot: snap}}}, nil
}

// listMembers fills in who is there. In a big room that is a list that others are told of, too.
func (s *Service) listMembers(ctx context.Context, by Actor, room RoomID, count int, j *Joined) (err error) {
	if count < rollFrom {
		j.Members, j.Count, err = s.members(ctx, by, room, MembersShown)
		j.Roll = &Roll{Members: j.Members}
		return err
	}
	now := s.now()
	r := s.views.roll(room, now)
	if r == nil {
		r = &Roll{at: now}
		if r.Members, _, err = s.members(ctx, Actor{}, room, MembersShown); err != nil {
			return err
		}
		s.views.putRoll(room, r)
	}
	if i := slices.IndexFunc(r.Members, func(m Member) bool { return m.ID == by.ID }); i >= 0 && r.Members[i].Name != by.Name {
		r = &Roll{Members: slices.Clone(r.Members)}
		r.Members[i].Name = by.Name
	}
	j.Members, j.Roll, j.Count = r.Members, r, count
	return nil
}

// Leave takes a session out of a room.
func (s *Service) Leave(ctx context.Context, session SessionID, room RoomID) {
	left, err := s.Presence.Leave(ctx, room, session)
	if err != nil {
		s.Logger.WarnContext(ctx, "leave room", "room", room, "error", err)
		return
	}
	if left.Member.ID != "" {
		s.departures.note(visit{room, left.Member.ID}, s.now())
	}
	s.tellPresence(ctx, room, left, true)
}

func (s *Service) tellPresence(ctx context.Context, room RoomID, a Attendance, left bool) {
	if !a.Changed && !a.OwnChanged {
		return
	}
	s.Bell.Signal(ctx, Signal{Room: room, Presence: &PresenceChange{
		Member: a.Member, Left: left, Quiet: !a.Changed, Count: a.Count, Version: a.Version,
	}})
}

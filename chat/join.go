package chat

import (
	"context"
	"fmt"
)

// Joined is what a reader starts from.
type Joined struct {
	Snapshot
	// Recovered says that Events is everything after the reader's position; Messages is then empty.
	Recovered bool
	Events    []Event
	Rights    Rights
	Members   []Member // at most MembersShown, by name
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
	snap, err := s.Log.Snapshot(ctx, room, SnapshotQuery{})
	if err != nil {
		return Room{}, fmt.Errorf("read room: %w", err)
	}
	if snap.Room.Stored {
		// Others are remembered when somebody has joined them: names are free to invent.
		s.rooms.put(snap.Room, asOf, s.now())
	}
	return snap.Room, nil
}

// Join lets a session into a room. With since it replays what happened after that
// position, all of it or none. Listen to the room before: the result is of one instant, and every later
// event is announced. Refusals: banned, sign_in_required, room_forbidden, room_closed, room_archived, room_locked, access_denied,
// guests_forbidden, room_full, room_unknown, too_many_rooms, rate_limited.
func (s *Service) Join(ctx context.Context, by Actor, session SessionID, room RoomID, since *Position) (Joined, error) {
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
	j, err := s.read(ctx, by, r, since)
	if err == nil {
		j.Members, j.Count, err = s.members(ctx, by, room, MembersShown)
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
	occupied, err := s.Presence.Occupied(ctx)
	if err != nil {
		return fmt.Errorf("count occupied rooms: %w", err)
	}
	// Who was in a room that was removed makes no new one by having been there.
	if occupied[room] > 0 && !s.rooms.removed(room) || by.Role == RoleStaff {
		return nil
	}
	if s.Limits.RoomsByStaff && !by.Moderates(room) {
		return errRoomUnknown()
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

// read takes the room at one instant and decides again: what is read is what holds.
func (s *Service) read(ctx context.Context, by Actor, r Room, since *Position) (Joined, error) {
	var j Joined
	asOf := s.rooms.asOf()
	q := SnapshotQuery{Viewer: by.ID}
	if since != nil {
		var err error
		j.Events, j.Snapshot, err = s.Log.Since(ctx, r.ID, *since, RecoverWindow, q)
		j.Recovered = err == nil
		if err != nil && CodeOf(err) != "cannot_recover" {
			return Joined{}, fmt.Errorf("recover: %w", err)
		}
	}
	if !j.Recovered {
		q.Messages = r.Settings.History
		snap, err := s.Log.Snapshot(ctx, r.ID, q)
		if err != nil {
			return Joined{}, fmt.Errorf("read room: %w", err)
		}
		j = Joined{Snapshot: snap}
	}
	s.rooms.put(shared(j.Room), asOf, s.now())
	if e := s.refuseEntry(by, j.Room); e != nil {
		return Joined{}, e
	}
	j.Rights = s.rights(by, j.Room)
	if l, ok := s.LockdownOf(r.ID); ok {
		j.Lockdown = &l
	}
	return j, nil
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

package chat

import (
	"context"
	"fmt"
	"slices"
)

// mayRead checks a scope for what is listed.
func (s *Service) mayRead(by Actor, scope Scope) error {
	if by.Role != RoleStaff || !by.Grant.Has(scope) {
		return Refuse(Forbidden, "scope_missing", "This needs the scope %s, which you don't have.", scope)
	}
	return nil
}

func (s *Service) mayReadIn(by Actor, scope Scope, room RoomID) error {
	if err := s.mayRead(by, scope); err != nil {
		return err
	}
	if !by.Grant.Covers(room) {
		return outOfRooms(by, "the room "+string(room))
	}
	return nil
}

// RoomView is a room as staff see it.
type RoomView struct {
	Room
	Members  int
	Lockdown *Lockdown // nil: none is in force
}

// ListRooms lists stored rooms by name; with occupied, only those with somebody in them, or only the others. Fewer than q.Limit is
// the end.
func (s *Service) ListRooms(ctx context.Context, by Actor, q RoomQuery, occupied *bool) ([]RoomView, error) {
	if err := s.mayRead(by, RoomsRead); err != nil {
		return nil, err
	}
	q.Within, q.Limit = by.Grant.Rooms, max(q.Limit, 1)
	in, err := s.Presence.Occupied(ctx)
	if err != nil {
		return nil, fmt.Errorf("count occupied rooms: %w", err)
	}
	if occupied != nil && *occupied {
		return s.occupiedRooms(ctx, by, q, in)
	}
	return s.readRooms(ctx, q, in, occupied != nil)
}

// readRooms is ListRooms of all rooms, or only of those with nobody in them.
func (s *Service) readRooms(ctx context.Context, q RoomQuery, in map[RoomID]int, empty bool) ([]RoomView, error) {
	limit := q.Limit
	if empty {
		q.Limit = max(limit, roomsAtOnce)
	}
	var found []RoomView
	for {
		rooms, err := s.Directory.Rooms(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("list rooms: %w", err)
		}
		for _, r := range rooms {
			if !empty || in[r.ID] == 0 {
				found = append(found, s.roomView(r, in[r.ID]))
			}
			if len(found) == limit {
				return found, nil
			}
		}
		if len(rooms) < q.Limit {
			return found, nil
		}
		q.After = rooms[len(rooms)-1].ID
	}
}

// roomsAtOnce is how many rooms are read at once to find a few.
const roomsAtOnce = 256

// occupiedRooms is ListRooms of rooms with somebody in them, which are few among all.
func (s *Service) occupiedRooms(ctx context.Context, by Actor, q RoomQuery, in map[RoomID]int) ([]RoomView, error) {
	var names []RoomID
	for room, members := range in {
		if members > 0 && room > q.After && by.Grant.Covers(room) {
			names = append(names, room)
		}
	}
	slices.Sort(names)
	var found []RoomView
	for some := range slices.Chunk(names, roomsAtOnce) {
		part := q
		part.Only, part.Limit = some, len(some)
		rooms, err := s.Directory.Rooms(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("list occupied rooms: %w", err)
		}
		for _, r := range rooms {
			if found = append(found, s.roomView(r, in[r.ID])); len(found) == q.Limit {
				return found, nil
			}
		}
	}
	return found, nil
}

func (s *Service) roomView(r Room, members int) RoomView {
	v := RoomView{Room: r, Members: members}
	if l, ok := s.LockdownOf(r.ID); ok {
		v.Lockdown = &l
	}
	return v
}

// ShowRoom reads a room's present state; one that was never stored has its defaults.
func (s *Service) ShowRoom(ctx context.Context, by Actor, room RoomID) (RoomView, error) {
	if err := s.mayReadIn(by, RoomsRead, room); err != nil {
		return RoomView{}, err
	}
	snap, err := s.Log.Snapshot(ctx, room, SnapshotQuery{})
	if err != nil {
		return RoomView{}, fmt.Errorf("read room: %w", err)
	}
	in, err := s.Presence.Occupied(ctx)
	if err != nil {
		return RoomView{}, fmt.Errorf("count occupied rooms: %w", err)
	}
	return s.roomView(snap.Room, in[room]), nil
}

// ListLockdowns lists the lock-downs in force, the latest first: those of the caller's rooms, and those of all rooms.
func (s *Service) ListLockdowns(ctx context.Context, by Actor) ([]Lockdown, error) {
	if err := s.mayRead(by, RoomsRead); err != nil {
		return nil, err
	}
	all, err := s.Directory.Lockdowns(ctx, s.now())
	if err != nil {
		return nil, fmt.Errorf("list lock-downs: %w", err)
	}
	all = slices.DeleteFunc(all, func(l Lockdown) bool { return l.Room != "" && !by.Grant.Covers(l.Room) })
	slices.SortFunc(all, func(a, b Lockdown) int {
		if a.ID > b.ID {
			return -1
		}
		return 1
	})
	return all, nil
}

// ListActs lists the record, the latest first. Who is limited to rooms reads what was done within them.
func (s *Service) ListActs(ctx context.Context, by Actor, q ActQuery) ([]Act, error) {
	if err := s.mayRead(by, ActsRead); err != nil {
		return nil, err
	}
	q.Within, q.Self = by.Grant.Rooms, by.ID
	return s.Ledger.Acts(ctx, q)
}

// ShowAct reads one act; act_not_found.
func (s *Service) ShowAct(ctx context.Context, by Actor, id ActID) (Act, error) {
	if err := s.mayRead(by, ActsRead); err != nil {
		return Act{}, err
	}
	a, err := s.Ledger.Act(ctx, id)
	if err != nil {
		return Act{}, err
	}
	if !by.sees(a) {
		return Act{}, Refuse(NotFound, "act_not_found", "There is no such act.")
	}
	return a, nil
}

// ListSanctions lists sanctions, the latest first: those that hold in rooms of the caller's only, where they are limited. Without
// AddressesRead their addresses are aliases.
func (s *Service) ListSanctions(ctx context.Context, by Actor, q SanctionQuery) ([]Sanction, error) {
	if err := s.mayRead(by, SanctionsRead); err != nil {
		return nil, err
	}
	if q.Addr.IsValid() && !by.Grant.Has(AddressesRead) {
		return nil, Refuse(Forbidden, "scope_missing", "Addresses need the scope %s; ask by address_hash.", AddressesRead)
	}
	q.Within, q.Now = by.Grant.Rooms, s.now()
	all, err := s.Directory.ListSanctions(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list sanctions: %w", err)
	}
	for i := range all {
		all[i] = s.SanctionFor(by, all[i])
	}
	return all, nil
}

// ShowSanction reads one sanction, standing or not; sanction_not_found.
func (s *Service) ShowSanction(ctx context.Context, by Actor, id SanctionID) (Sanction, error) {
	if err := s.mayRead(by, SanctionsRead); err != nil {
		return Sanction{}, err
	}
	x, err := s.Directory.Sanction(ctx, id)
	if err != nil {
		return Sanction{}, err
	}
	if s.mayOver(by, SanctionsRead, x.Rooms) != nil {
		return Sanction{}, Refuse(NotFound, "sanction_not_found", "There is no such sanction.")
	}
	return s.SanctionFor(by, x), nil
}

// SanctionFor returns x as its caller may see it: without AddressesRead, one address is its alias, and a range is nothing.
func (s *Service) SanctionFor(by Actor, x Sanction) Sanction {
	p := x.Target.Prefix
	if !p.IsValid() || by.Grant.Has(AddressesRead) {
		return x
	}
	x.Target.Alias, x.Target.Prefix = s.trace(p), zeroPrefix
	return x
}

// ListConnections lists the live connections: those with a room of the caller's, where they are limited. Without AddressesRead
// they have no address.
func (s *Service) ListConnections(_ context.Context, by Actor) ([]LiveSession, error) {
	if err := s.mayRead(by, ConnectionsRead); err != nil {
		return nil, err
	}
	var all []LiveSession
	for _, l := range s.Sessions.List() {
		if by.covers(l.Rooms) {
			all = append(all, s.connectionFor(by, l))
		}
	}
	slices.SortFunc(all, func(a, b LiveSession) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return all, nil
}

func (s *Service) connectionFor(by Actor, l LiveSession) LiveSession {
	l.Actor.Alias = s.aliasOf(l)
	if !by.Grant.Has(AddressesRead) {
		l.Addr, l.Actor.Addr = noAddr, noAddr
	}
	if !by.Grant.Everywhere() {
		l.Rooms = slices.DeleteFunc(slices.Clone(l.Rooms), func(r RoomID) bool { return !by.Grant.Covers(r) })
	}
	return l
}

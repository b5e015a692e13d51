package broker

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/chatd/chatd/chat"
)

// presence implements chat.Presence.
type presence struct {
	version  atomic.Int64
	occupied shards[*audience]
}

// audience is who is in one room.
//
// Lock order: an audience's lock may be held while its shard's is taken, never the
// other way round.
type audience struct {
	mu       sync.Mutex
	gone     bool // taken out of the map: look it up again
	sessions map[chat.SessionID]*attendance
	users    map[chat.UserID]*attendance
	byName   []*attendance // sorted, so that a list costs its length and not the room's
}

type attendance struct {
	member   chat.Member
	sessions int
}

// Enter implements chat.Presence. A session that enters again as another user leaves
// as the one it was.
func (p *presence) Enter(_ context.Context, room chat.RoomID, s chat.SessionID, m chat.Member, limit int) (chat.Attendance, error) {
	a := p.lockOrCreate(room)
	defer a.mu.Unlock()
	defer p.removeEmpty(room, a)

	old := a.sessions[s]
	if old != nil && old.member.ID != m.ID {
		a.leave(s)
		old = nil
	}
	changed, ownChanged := false, false
	u := a.users[m.ID]
	if u == nil {
		if limit > 0 && len(a.users) >= limit {
			return chat.Attendance{}, chat.Refuse(chat.Conflict, "room_full", "This room is full: it takes %d people.", limit)
		}
		u = &attendance{member: m}
		a.users[m.ID] = u
		a.insert(u)
		changed = true
	} else if u.member != m {
		changed, ownChanged = u.member.Public() != m.Public(), u.member.Self() != m.Self()
		a.remove(u)
		u.member = m
		a.insert(u)
	}
	if old == nil {
		u.sessions++
		a.sessions[s] = u
	}
	entered := p.attendance(a, m, changed)
	entered.New, entered.OwnChanged = old == nil, ownChanged
	return entered, nil
}

// Leave implements chat.Presence.
func (p *presence) Leave(_ context.Context, room chat.RoomID, s chat.SessionID) (chat.Attendance, error) {
	a, ok := p.occupied.find(room)
	if !ok {
		return chat.Attendance{}, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	m, last := a.leave(s)
	p.removeEmpty(room, a)
	return p.attendance(a, m, last), nil
}

// attendance numbers what happened, while a is locked. The number is of all rooms: an
// audience that comes back after it was empty must not start again.
func (p *presence) attendance(a *audience, m chat.Member, changed bool) chat.Attendance {
	return chat.Attendance{Member: m, Changed: changed, Count: len(a.users), Version: p.version.Add(1)}
}

// Members implements chat.Presence; with limit zero it only counts.
func (p *presence) Members(_ context.Context, room chat.RoomID, limit int) ([]chat.Member, int, error) {
	a, ok := p.occupied.find(room)
	if !ok {
		return nil, 0, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	n := min(max(limit, 0), len(a.byName))
	list := make([]chat.Member, n)
	for i, u := range a.byName[:n] {
		list[i] = u.member
	}
	return list, len(a.users), nil
}

// Occupied implements chat.Presence.
func (p *presence) Occupied(context.Context) (map[chat.RoomID]int, error) {
	counts := make(map[chat.RoomID]int)
	for room, a := range p.occupied.all() {
		a.mu.Lock()
		n := len(a.users)
		a.mu.Unlock()
		if n > 0 {
			counts[room] = n
		}
	}
	return counts, nil
}

// lockOrCreate returns the room's audience, locked.
func (p *presence) lockOrCreate(room chat.RoomID) *audience {
	part := p.occupied.of(room)
	for {
		part.mu.Lock()
		a, ok := part.m[room]
		if !ok {
			a = &audience{sessions: map[chat.SessionID]*attendance{}, users: map[chat.UserID]*attendance{}}
			part.m[room] = a
		}
		part.mu.Unlock()
		a.mu.Lock()
		if !a.gone {
			return a
		}
		a.mu.Unlock()
	}
}

// removeEmpty takes a room without members out of the map. a is locked.
func (p *presence) removeEmpty(room chat.RoomID, a *audience) {
	if len(a.users) > 0 || a.gone {
		return
	}
	a.gone = true
	part := p.occupied.of(room)
	part.mu.Lock()
	defer part.mu.Unlock()
	delete(part.m, room)
}

func (a *audience) leave(s chat.SessionID) (m chat.Member, last bool) {
	u := a.sessions[s]
	if u == nil {
		return chat.Member{}, false
	}
	delete(a.sessions, s)
	if u.sessions--; u.sessions > 0 {
		return u.member, false
	}
	delete(a.users, u.member.ID)
	a.remove(u)
	return u.member, true
}

func (a *audience) insert(u *attendance) {
	i, _ := slices.BinarySearchFunc(a.byName, u, compareNames)
	a.byName = slices.Insert(a.byName, i, u)
}

func (a *audience) remove(u *attendance) {
	if i, ok := slices.BinarySearchFunc(a.byName, u, compareNames); ok {
		a.byName = slices.Delete(a.byName, i, i+1)
	}
}

// compareNames is a total order: names may be equal, ids are not.
func compareNames(a, b *attendance) int {
	return cmp.Or(cmp.Compare(a.member.Name, b.member.Name), cmp.Compare(a.member.ID, b.member.ID))
}

package ws

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/chatd/chatd/chat"
)

func asksForV1(r *http.Request) bool { return slices.Contains(websocket.Subprotocols(r), subprotocol) }

// index finds the sessions of this node.
type index struct {
	mu     sync.Mutex
	byID   map[chat.SessionID]*session
	byUser map[chat.UserID][]*session
	byWas  map[chat.UserID][]*session // by the guest that a user has been
	byAddr map[string][]*session      // by chat.AddrKey
	keys   map[*session]identity      // under which byUser and byWas have it

	speaking [protocols]int64 // sessions
	guests   int              // of byUser
}

type identity struct{ user, was chat.UserID }

func (x *index) init() {
	x.byID = map[chat.SessionID]*session{}
	x.byUser = map[chat.UserID][]*session{}
	x.byAddr = map[string][]*session{}
	x.byWas = map[chat.UserID][]*session{}
	x.keys = map[*session]identity{}
}

// add takes a session in, or notes that it belongs to another user now.
func (x *index) add(s *session) {
	who := s.who()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.removeLocked(s)
	x.byID[s.id] = s
	x.keys[s] = identity{who.ID, who.Was}
	if len(x.byUser[who.ID]) == 0 && who.ID.Guest() {
		x.guests++
	}
	x.byUser[who.ID] = append(x.byUser[who.ID], s)
	x.speaking[s.protocol]++
	if who.Was != "" {
		x.byWas[who.Was] = append(x.byWas[who.Was], s)
	}
	x.byAddr[s.addrKey] = append(x.byAddr[s.addrKey], s)
}

func (x *index) remove(s *session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.removeLocked(s)
}

func (x *index) removeLocked(s *session) {
	key, ok := x.keys[s]
	if !ok {
		return
	}
	delete(x.keys, s)
	delete(x.byID, s.id)
	x.speaking[s.protocol]--
	if without(x.byUser, key.user, s); key.user.Guest() && len(x.byUser[key.user]) == 0 {
		x.guests--
	}
	without(x.byWas, key.was, s)
	without(x.byAddr, s.addrKey, s)
}

func without[K comparable](m map[K][]*session, key K, s *session) {
	list := slices.DeleteFunc(m[key], func(t *session) bool { return t == s })
	if m[key] = list; len(list) == 0 {
		delete(m, key)
	}
}

// session finds one by its id; nil: it isn't here.
func (x *index) session(id chat.SessionID) *session {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.byID[id]
}

// at returns the sessions of an address, or of an IPv6 /64.
func (x *index) at(key string) []*session {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.byAddr[key])
}

// been returns the sessions of users who have been a guest.
func (x *index) been(guest chat.UserID) []*session {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.byWas[guest])
}

// of returns a user's sessions.
func (x *index) of(user chat.UserID) []*session {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.byUser[user])
}

func (x *index) all() []*session {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := make([]*session, 0, len(x.byID))
	for _, s := range x.byID {
		list = append(list, s)
	}
	return list
}

// count fills in how many sessions are open, and how many users have them.
func (x *index) count(st *Stats) {
	x.mu.Lock()
	defer x.mu.Unlock()
	st.Sessions = make(map[string]int64, protocols)
	for p, n := range x.speaking {
		st.Sessions[protocol(p).String()] = n
	}
	st.Guests, st.SignedIn = x.guests, len(x.byUser)-x.guests
}

// List implements chat.Sessions.
func (s *Server) List() []chat.LiveSession {
	all := s.index.all()
	list := make([]chat.LiveSession, 0, len(all))
	for _, x := range all {
		list = append(list, x.describe())
	}
	return list
}

// End implements chat.Sessions. What waits for an ended session is dropped: it may be one that doesn't read.
func (s *Server) End(match func(chat.LiveSession) bool, why *chat.Error) int {
	n := 0
	for _, x := range s.index.all() {
		if match(x.describe()) && x.expel(why, x.codec.refusal("", "", why)) {
			n++
		}
	}
	return n
}

func (x *session) describe() chat.LiveSession {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := chat.LiveSession{
		ID: x.id, Actor: x.actor, Since: x.since, Protocol: x.protocol.String(), Addr: x.actor.Addr,
		FramesIn: x.framesIn.Load(), Joined: make(map[chat.RoomID]time.Time, len(x.rooms)),
	}
	l.BytesOut, l.Queued = x.out.load()
	for room, r := range x.rooms {
		if at, ok := r.since(); ok {
			l.Rooms = append(l.Rooms, room)
			l.Joined[room] = at
		}
	}
	slices.Sort(l.Rooms)
	return l
}

// expelWithin is how long the socket of one who is thrown out stays open for the last words: what was decided holds for sockets,
// too, within a second.
const expelWithin = 700 * time.Millisecond

// expel ends a session against its will: delivery stops at once.
func (x *session) expel(why *chat.Error, last [][]byte) bool {
	f := farewellFor(why)
	f.last, f.within = last, expelWithin
	x.srv.stats.refused(why.Code)
	return x.end(f)
}

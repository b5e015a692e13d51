package ws

import (
	"time"

	"github.com/chatd/chatd/chat"
)

// warnBefore is how long before its end a token is said to be expiring.
const warnBefore = time.Minute

// sweep does for every session what is due.
func (s *Server) sweep(now time.Time) {
	s.control.due(now)
	for _, x := range s.index.all() {
		x.expire(now)
		if x.protocol == v1 && x.beatDue(now) {
			x.heartbeat(now)
		}
	}
}

func (x *session) beatDue(now time.Time) bool {
	due := x.beatAt.Load()
	if due == 0 || now.UnixMilli() < due {
		return false
	}
	x.beatAt.Store(now.Add(x.srv.cfg.Heartbeat).UnixMilli())
	return true
}

// heartbeat tells a session where it stands in its rooms.
func (x *session) heartbeat(now time.Time) {
	f := heartbeatFrame{aside: aside{Type: "heartbeat"}, At: stamp(now), Positions: map[chat.RoomID]positionV1{}}
	x.mu.Lock()
	for room, r := range x.rooms {
		if at, ok := r.position(); ok {
			f.Positions[room] = positionV1{at.Epoch, at.Seq}
		}
	}
	x.mu.Unlock()
	x.out.push(x.codec.aside(f))
}

// expire warns of the end of a session's token, and ends the session with it.
func (x *session) expire(now time.Time) {
	x.mu.Lock()
	end := x.actor.Expires
	warn := !end.IsZero() && !x.warned && now.After(end.Add(-warnBefore))
	if warn {
		x.warned = true
	}
	x.mu.Unlock()
	switch {
	case end.IsZero():
	case !now.Before(end):
		x.end(farewell{code: closeExpired, reason: "token_expired", flush: true})
	case warn:
		x.out.push(x.codec.aside(expiringFrame{aside{Type: "expiring"}, stamp(end)}))
	}
}

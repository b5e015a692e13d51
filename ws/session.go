package ws

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/chatd/chatd/chat"
)

// session is one open connection, of either protocol.
type session struct {
	id       chat.SessionID
	srv      *Server
	out      *conn
	protocol protocol
	codec    codec
	// bound is the one room of a connection to /ws/chat/{room}; empty: any number.
	bound    chat.RoomID
	since    time.Time
	ctx      context.Context // ends with the session
	replies  replies
	quiet    atomic.Bool  // nothing is taken any more: the node drains
	opened   atomic.Bool  // welcome is said: before it nothing may be
	beatAt   atomic.Int64 // when the next heartbeat is due, in milliseconds
	framesIn atomic.Int64
	addrKey  string // chat.AddrKey of the client's address

	// Of the goroutine that reads.
	refused  error // why the connection may not stay; told by open
	pace     pace
	strikes  strikes
	tooFast  bool        // the message at hand is to be refused
	lastPost chat.RoomID // posts in flight are all of one room

	mu         sync.Mutex // guards what follows
	actor      chat.Actor
	guestToken string
	rooms      map[chat.RoomID]*reader
	warned     bool // of the token's end
	over       bool
}

func (s *Server) newSession(c *conn, r *http.Request, room *string) *session {
	ctx, cancel := context.WithCancel(context.Background())
	x := &session{
		id: chat.SessionID(s.svc.NewID()), srv: s, out: c, since: s.svc.Now(),
		ctx: ctx, protocol: v1, rooms: map[chat.RoomID]*reader{},
		pace: pace{perSecond: s.limits.FramesPerSecond, burst: s.limits.FramesBurst},
	}
	if room != nil {
		x.bound, x.refused = chat.ParseRoomID(*room)
		if !asksForV1(r) {
			x.protocol = plain
		}
	}
	x.codec = codecs[x.protocol]
	x.replies.init(c, s.limits.PostsInFlight)
	c.session, c.onEnd = x, cancel
	return x
}

// identify finds out who is there. What is wrong is kept, to be told over the WebSocket.
func (x *session) identify(ctx context.Context, r *http.Request, answer http.Header) {
	s := x.srv
	v, err := s.cfg.Door.Identify(r)
	x.met(&v.Actor)
	v.Actor.Tokenless = x.protocol == plain && v.New
	x.actor, x.addrKey = v.Actor, chat.AddrKey(v.Actor.Addr)
	if err != nil {
		x.refuseLater(err)
		return
	}
	named := v.Actor
	if name := r.URL.Query().Get("name"); name != "" && named.Guest() {
		named.Name = name
	}
	// Before SignIn looks for a ban: one that is made after that finds the session here.
	s.index.add(x)
	a, err := s.svc.SignIn(ctx, named)
	if err != nil {
		x.refuseLater(err)
		return
	}
	token, cookie := v.GuestToken, v.Cookie
	if a.Guest() && a.Name != v.Actor.Name {
		token = s.cfg.Guests.Issue(a.ID, a.Name)
		cookie = s.cfg.Door.GuestCookie(r, token)
	}
	if x.protocol == plain && cookie != nil {
		answer.Add("Set-Cookie", cookie.String())
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.actor, x.guestToken = a, token
}

// met says of an actor what the connection knows.
func (x *session) met(a *chat.Actor) {
	a.Via, a.Alias = chat.ViaChat, x.srv.svc.Alias(a.Addr)
}

func (x *session) refuseLater(err error) {
	if x.refused == nil {
		x.refused = err
	}
}

// open says welcome, and joins the room that the connection is bound to.
func (x *session) open() {
	if x.refused != nil {
		x.refuse(x.refused)
		return
	}
	if x.srv.isDraining() {
		x.goAway() // Drain may have missed it
		return
	}
	x.beatAt.Store(x.srv.svc.Now().Add(x.srv.cfg.Heartbeat).UnixMilli())
	x.out.push(x.codec.aside(x.welcome()))
	x.opened.Store(true)
	if x.bound == "" {
		return
	}
	if err := x.join("", x.bound, nil); err != nil {
		x.refuse(err)
	}
}

func (x *session) welcome() welcomeFrame {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := &x.srv.limits
	return welcomeFrame{
		aside: aside{Type: "welcome"}, User: userOf(x.actor.ID, x.actor.Name, x.actor.Role),
		GuestToken: x.guestToken, Expires: optStamp(x.actor.Expires), Session: x.id,
		Now: stamp(x.srv.svc.Now()), Heartbeat: x.srv.cfg.Heartbeat.Milliseconds(),
		Limits: limitsV1{FrameBytes: l.MessageBytes, PostsInFlight: l.PostsInFlight, Rooms: l.Rooms},
	}
}

// aside says what is in no log, once the connection may stay.
func (x *session) aside(frames [][]byte) {
	if len(frames) > 0 && x.opened.Load() {
		x.out.push(frames)
	}
}

// goAway asks the client to come back: to another node, or to this one when it is up again.
func (x *session) goAway() {
	x.end(farewell{code: closeGoingAway, reason: "going_away", retry: jitter(comeBack), flush: true})
}

// refuse tells why the connection may not stay, and ends it.
func (x *session) refuse(err error) {
	e := x.note(err, x.bound)
	f := farewellFor(e)
	f.flush, f.last = true, x.codec.refusal("", x.bound, e)
	x.end(f)
}

// note turns an error into what may be told. What may not is logged, once, here.
func (x *session) note(err error, room chat.RoomID) *chat.Error {
	e := chat.AsError(err)
	if e.Kind == chat.Internal && x.ctx.Err() == nil {
		x.srv.log.Error("request", "session", x.id, "user", x.who().ID, "room", room, "error", err)
	}
	x.srv.stats.refused(e.Code)
	return e
}

// received takes one text message.
func (x *session) received(text []byte) {
	x.srv.stats.framesIn.Add(1)
	x.framesIn.Add(1)
	if !utf8.Valid(text) {
		x.end(farewell{code: closeInvalidData, flush: true})
		return
	}
	if x.quiet.Load() {
		<-x.ctx.Done() // the end is near; a retry finds another node
		return
	}
	x.tooFast = x.throttle()
	// Who doesn't read the answers needn't ask: this bounds what a session holds.
	if x.out.waitForRoom() {
		x.codec.receive(x, text)
	}
}

// throttle stops reading while the client sends too fast; true: that has been going on for
// too long.
func (x *session) throttle() (refuse bool) {
	pause, refuse := x.pace.take(time.Now())
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-x.ctx.Done():
		}
	}
	return refuse
}

// pinged answers a ping; the latest unanswered one stands for all.
func (x *session) pinged(c *conn, data string) error {
	c.heard()
	x.throttle()
	_, _ = c.Write(appendFrame(make([]byte, 0, 2+len(data)), finPong, []byte(data)))
	return nil
}

// malformed answers what can't be read; many of them end the connection.
func (x *session) malformed(id string, room chat.RoomID, e *chat.Error) {
	x.replyNow(x.codec.refusal(id, room, x.note(e, room)))
	x.strike()
}

func (x *session) strike() {
	if !x.strikes.add(time.Now()) {
		return
	}
	e := chat.Refuse(chat.Invalid, "protocol_abuse", "Too many frames could not be read.")
	x.refuse(e)
}

// replyNow answers in the order of the requests.
func (x *session) replyNow(frames [][]byte) {
	if a := x.replies.begin(false); a != nil {
		x.replies.finish(a, frames)
	}
}

// who returns the actor, as of now.
func (x *session) who() chat.Actor {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.actor
}

// end closes the connection. The session leaves its rooms as soon as its reader has woken.
func (x *session) end(f farewell) bool {
	ended := x.out.end(f)
	x.replies.stop()
	return ended
}

// leaveWithin bounds how long the last steps of a session may take.
const leaveWithin = 10 * time.Second

// cleanUp takes an ended session out of everything.
func (x *session) cleanUp() {
	x.end(farewell{flush: true})
	x.srv.index.remove(x)
	if x.opened.Load() {
		x.srv.svc.SignOut(x.who())
	}
	x.mu.Lock()
	x.over = true
	rooms := x.rooms
	x.rooms = nil
	x.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), leaveWithin)
	defer cancel()
	for _, r := range rooms {
		x.leave(ctx, r)
	}
}

// leave undoes a join. The reader has been taken out of x.rooms.
func (x *session) leave(ctx context.Context, r *reader) {
	r.cut(nil)
	r.room.remove(r)
	x.srv.svc.Leave(ctx, x.id, r.room.id)
	x.srv.rooms.release(r.room)
}

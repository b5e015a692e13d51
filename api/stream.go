package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

const (
	statsEvery  = time.Second
	checkEvery  = 5 * time.Second // the credentials
	writeWithin = 10 * time.Second
	maxWaiting  = 2048 // events that wait for a reader; one who has more starts again
	maxStreams  = 200  // on this node
	perCaller   = 20
	streamsWait = 15 * time.Second
)

// Stream implements GET /stream.
func (h *handler) Stream(ctx context.Context, in StreamRequestObject) (StreamResponseObject, error) {
	k := callOf(ctx)
	rooms := make([]chat.RoomID, 0, len(value(in.Params.Rooms)))
	for _, r := range value(in.Params.Rooms) {
		if !k.caller.actor.Grant.Has(chat.MessagesRead) {
			return nil, chat.Refuse(chat.Forbidden, "scope_missing", "The messages of rooms need the scope %s, which you don't have.", chat.MessagesRead)
		}
		if !k.caller.actor.Grant.Covers(chat.RoomID(r)) {
			return nil, chat.Refuse(chat.Forbidden, "bound_rooms", "You have no rights in the room %s.", r)
		}
		rooms = append(rooms, chat.RoomID(r))
	}
	leave, err := h.streams.enter(k.caller.actor.ID)
	if err != nil {
		return nil, err
	}
	f := &follower{handler: h, ctx: ctx, call: k, rooms: rooms, leave: leave, waiting: make(chan told, maxWaiting), lost: make(chan struct{})}
	if err := f.listen(); err != nil {
		leave()
		return nil, err
	}
	return f, nil
}

// streams counts who follows.
type streams struct {
	mu sync.Mutex
	by map[chat.UserID]int // guarded by mu
	n  int                 // guarded by mu
}

// enter counts by account and key: log-ins cost nothing.
func (s *streams) enter(who chat.UserID) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n >= maxStreams || s.by[who] >= perCaller {
		return nil, chat.Refuse(chat.RateLimited, "too_many_streams", "At most %d streams are open at once, %d of one caller.", maxStreams, perCaller).After(streamsWait)
	}
	if s.by == nil {
		s.by = make(map[chat.UserID]int)
	}
	s.n++
	s.by[who]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.n--
		if s.by[who]--; s.by[who] == 0 {
			delete(s.by, who)
		}
	}), nil
}

// told is one thing that a follower hears: exactly one is set.
type told struct {
	event  *chat.Event
	signal *chat.Signal
}

// follower is one stream. It is a chat.Listener.
type follower struct {
	handler *handler
	ctx     context.Context //nolint:containedctx // it is the request
	call    *call
	rooms   []chat.RoomID
	leave   func()
	stops   []func()

	waiting chan told
	once    sync.Once
	lost    chan struct{} // closed when something had no room in waiting
}

func (f *follower) listen() error {
	bell := f.handler.chat.Bell
	stop, err := bell.ListenAll(f.ctx, controlOnly{f})
	for _, room := range f.rooms {
		if err != nil {
			break
		}
		f.stops = append(f.stops, stop)
		stop, err = bell.Listen(f.ctx, room, f)
	}
	if err != nil {
		f.stop()
		return fmt.Errorf("listen: %w", err)
	}
	f.stops = append(f.stops, stop)
	return nil
}

func (f *follower) stop() {
	for _, stop := range f.stops {
		stop()
	}
}

// Events implements chat.Listener.
func (f *follower) Events(events []chat.Event) {
	for i := range events {
		f.hear(told{event: &events[i]})
	}
}

// Signal implements chat.Listener. What concerns all rooms comes by controlOnly.
func (f *follower) Signal(s chat.Signal) {
	if s.Room != "" && s.Presence != nil {
		f.hear(told{signal: &s})
	}
}

func (f *follower) hear(t told) {
	select {
	case f.waiting <- t:
	default:
		f.once.Do(func() { close(f.lost) })
	}
}

// controlOnly hears what staff do, whichever rooms are followed.
type controlOnly struct{ f *follower }

// Events implements chat.Listener.
func (controlOnly) Events([]chat.Event) {}

// Signal implements chat.Listener.
func (c controlOnly) Signal(s chat.Signal) {
	if s.Control != nil || s.Held != nil || s.Notice != nil {
		c.f.hear(told{signal: &s})
	}
}

// VisitStreamResponse implements StreamResponseObject: it writes until somebody has enough.
func (f *follower) VisitStreamResponse(w http.ResponseWriter) error {
	defer f.leave()
	defer f.stop()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would gather it
	w.WriteHeader(http.StatusOK)
	out := &eventWriter{w: w, control: http.NewResponseController(w)}
	err := f.tell(out)
	if errors.Is(err, errStreamOver) || f.ctx.Err() != nil {
		return nil
	}
	return err
}

var errStreamOver = errors.New("the stream is over")

func (f *follower) tell(out *eventWriter) error {
	if err := f.tellStats(out); err != nil {
		return err
	}
	stats, check := time.NewTicker(statsEvery), time.NewTicker(checkEvery)
	defer stats.Stop()
	defer check.Stop()
	for {
		var err error
		select {
		case <-f.ctx.Done():
			return errStreamOver
		case <-f.handler.leaving:
			return errStreamOver
		case <-f.lost:
			return errors.Join(out.write("overflow", struct{}{}), errStreamOver)
		case t := <-f.waiting:
			err = f.tellOne(out, t)
		case <-stats.C:
			err = f.tellStats(out)
		case <-check.C:
			err = f.stillIn(out)
		}
		if err != nil {
			return err
		}
	}
}

func (f *follower) tellStats(out *eventWriter) error {
	by := f.call.caller.actor
	c, err := f.handler.figures.of(f.ctx, f.handler, by)
	if err != nil {
		return nil //nolint:nilerr // the store is away: the next one tells
	}
	return out.write("stats", statsFor(by, c))
}

// stillIn ends the stream with the credentials.
func (f *follower) stillIn(out *eventWriter) error {
	who, err := f.handler.identify(f.ctx, f.call)
	if chat.IsKind(err, chat.Unauthenticated) || chat.IsKind(err, chat.Forbidden) {
		return errors.Join(out.write("bye", map[string]string{"code": chat.CodeOf(err)}), errStreamOver)
	}
	if err == nil {
		f.call.caller = who // a role may have changed
	}
	return nil
}

// tellOne tells one thing, as far as the follower may know it: each asks for the scope that it would need to be read.
func (f *follower) tellOne(out *eventWriter, t told) error {
	if t.event != nil {
		return f.tellEvent(out, t.event)
	}
	s := t.signal
	switch {
	case s.Control != nil:
		if s.Control.Accounts {
			if err := f.stillIn(out); err != nil {
				return err
			}
		}
		return f.tellControl(out, s.Control)
	case !f.mayKnowOf(s):
		return nil
	case s.Held != nil:
		return out.write("held", toHeld(*s.Held))
	case s.Notice != nil:
		return out.write("notice", noticeTold{Room: orNull(s.Room), User: orNull(s.Notice.User), Text: s.Notice.Text, At: s.Notice.At})
	case s.Presence != nil && !s.Presence.Quiet:
		p := s.Presence
		return out.write("presence", presenceTold{Room: string(s.Room), User: UserRef{ID: string(p.Member.ID), Name: p.Member.Name}, Left: p.Left, Count: p.Count})
	}
	return nil
}

// mayKnowOf reports whether a signal that is no act's is the follower's business.
func (f *follower) mayKnowOf(s *chat.Signal) bool {
	switch {
	case s.Held != nil:
		return f.has(chat.MessagesRead, chat.HeldDecide) && f.covers(s.Held.Message.Room)
	case s.Notice != nil:
		return f.has(chat.MessagesRead, chat.NoticesWrite) && f.mayKnowOfNotice(s)
	}
	return f.has(chat.RoomsRead) && f.covers(s.Room)
}

// mayKnowOfNotice is about rooms: a notice to a user is in none, and for who has all.
func (f *follower) mayKnowOfNotice(s *chat.Signal) bool {
	if s.Notice.User != "" {
		return f.call.caller.actor.Grant.Everywhere()
	}
	return s.Room == "" || f.covers(s.Room)
}

func (f *follower) covers(room chat.RoomID) bool { return f.call.caller.actor.Grant.Covers(room) }

// has reports whether the follower holds one of these scopes, now.
func (f *follower) has(any ...chat.Scope) bool {
	return slices.ContainsFunc(any, f.call.caller.actor.Grant.Has)
}

// eventWriter writes server-sent events (HTML, section 9.2), each at once.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     bytes.Buffer
}

func (o *eventWriter) write(name string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	o.buf.Reset()
	fmt.Fprintf(&o.buf, "event: %s\ndata: %s\n\n", name, body)
	// The server's own deadline is for answers that end.
	if err := o.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := o.w.Write(o.buf.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w (%w)", name, err, errStreamOver)
	}
	if err := o.control.Flush(); err != nil {
		return fmt.Errorf("write %s: %w (%w)", name, err, errStreamOver)
	}
	return nil
}

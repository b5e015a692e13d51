package ws

import (
	"fmt"

	"github.com/chatd/chatd/chat"
)

// join enters a room, or takes up a place in it again, and tells what the reader starts from,
// after the ack where the client asked for it (id).
//
// No event is lost or told twice: the room is listened to before it is read, what comes
// meanwhile waits, and of that only what is newer than what was read goes out.
func (x *session) join(id string, room chat.RoomID, since *chat.Position) error {
	r, fresh, err := x.enter(room)
	if err != nil {
		return err
	}
	j, err := x.srv.svc.JoinFrom(x.ctx, x.who(), x.id, room, since, r.room.heard())
	if err != nil {
		if fresh {
			x.abandon(r)
		} else {
			r.release()
		}
		return err
	}
	b := beginning{
		at: chat.Position{Epoch: j.Room.Epoch, Seq: j.Room.Seq}, shown: j.Room.Shown,
		rights: toldOf(j.Rights), now: x.srv.svc.Now(),
	}
	if f := r.room.began(b.at); f != nil {
		x.end(*f)
		return nil
	}
	var frames [][]byte
	if id != "" {
		frames = jsonFrames(ack(id))
	}
	if why := r.start(b, append(frames, x.codec.joined(j, x.srv.lockOf(room))...)); why != nil {
		// Removed while the room was read: presence may have been entered after that.
		x.srv.svc.Leave(x.ctx, x.id, room)
		return why
	}
	x.review(r)
	return nil
}

// enter returns the session's reader in a room, made where there is none (fresh), with what is to come held.
func (x *session) enter(room chat.RoomID) (r *reader, fresh bool, err error) {
	x.mu.Lock()
	r, ok := x.rooms[room]
	n, user := len(x.rooms), x.actor.ID
	x.mu.Unlock()
	if ok {
		r.hold()
		return r, false, nil
	}
	if n >= x.srv.limits.Rooms {
		return nil, false, chat.Refuse(chat.Conflict, "too_many_joined", "One connection joins at most %d rooms.", x.srv.limits.Rooms)
	}
	rm, err := x.srv.rooms.acquire(x.ctx, room)
	if err != nil {
		return nil, false, fmt.Errorf("listen to room: %w", err)
	}
	r = &reader{session: x, room: rm, user: user, held: true}
	rm.add(r) // before anybody finds it, to remove it
	x.out.listen(r)
	x.mu.Lock()
	x.rooms[room] = r // only the session's own goroutine adds, and it is the one that cleans up
	x.mu.Unlock()
	return r, true, nil
}

// heard is how far the room has told its log: of a reader that is in it, or whose events are held, it is told whatever comes
// after that. Zero: nobody knows yet.
func (rm *room) heard() chat.Position {
	rm.readersMu.Lock()
	defer rm.readersMu.Unlock()
	if rm.epoch == "" {
		return chat.Position{}
	}
	return chat.Position{Epoch: rm.epoch, Seq: rm.last}
}

// abandon undoes enter. Where somebody else has removed the reader, they do the rest.
func (x *session) abandon(r *reader) {
	if x.forget(r.room.id) == nil {
		return
	}
	r.cut(nil)
	r.room.remove(r)
	x.srv.rooms.release(r.room)
}

// reenter puts what changed about the actor into effect in a room that it is in: the
// members hear of a new name, and a room that the new token doesn't open is left.
func (x *session) reenter(r *reader) {
	r.hold()
	defer r.release()
	at, _ := r.position()
	j, err := x.srv.svc.JoinFrom(x.ctx, x.who(), x.id, r.room.id, &at, r.room.heard())
	if _, here := r.position(); !here {
		x.srv.svc.Leave(x.ctx, x.id, r.room.id) // removed meanwhile
		return
	}
	switch {
	case err == nil:
		r.entitle(j.Rights)
	case chat.IsKind(err, chat.RateLimited), chat.IsKind(err, chat.Internal), chat.IsKind(err, chat.Unavailable):
		// What is told live goes on.
	default:
		x.ejected(r, err)
	}
}

// ejected takes the session out of a room that it may not stay in. For its own goroutine.
func (x *session) ejected(r *reader, err error) {
	e := x.note(err, r.room.id)
	if r.room.id == x.bound {
		x.refuse(e)
		return
	}
	if x.forget(r.room.id) != nil {
		x.dismiss(r, e)
		x.leave(x.ctx, r)
	}
}

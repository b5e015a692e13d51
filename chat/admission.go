package chat

import (
	"context"
	"time"
)

// admission is a room that somebody may write in, and what holds against them there, as it was when they asked. What
// they write may wait behind an act that decides otherwise, so it is decided again when its turn has come.
type admission struct {
	room Room
	asOf int // of the roomBook, when room was read
	st   standing
}

// mayWrite refuses who may not write in a room.
func (s *Service) mayWrite(ctx context.Context, by Actor, room RoomID) (admission, error) {
	a := admission{asOf: s.rooms.asOf()}
	var err error
	if a.room, err = s.Room(ctx, room); err != nil {
		return a, err
	}
	st, e := s.writing(by, a.room)
	if e != nil {
		return a, e
	}
	a.st = st
	return a, nil
}

// stillWriting is writing, for somebody who was admitted: as things stand now, asking nobody.
func (s *Service) stillWriting(by Actor, a admission) (standing, error) {
	r, e := s.rooms.still(a.room, a.asOf)
	if e != nil {
		return standing{}, e
	}
	st, e := s.writing(by, r)
	if e != nil {
		return st, e
	}
	return st, nil
}

// stillPosting says what becomes of a message when its turn has come (Change.Still). One that is refused then may have been
// stored before, under the same nonce, which can't be looked up here: its sender is to ask again, and hears of that, or why not.
func (s *Service) stillPosting(p *admitted) (Op, error) {
	st, err := s.stillWriting(p.by, p.admission)
	switch {
	case err == nil:
		return p.op(st), nil
	case p.nonce != "" && CodeOf(err) != "room_unknown": // what was stored there is gone, too
		return nil, errOvertaken()
	}
	return nil, err
}

// errOvertaken refuses what was decided about while it waited.
func errOvertaken() *Error {
	return Refuse(Unavailable, "busy", "Something was decided here just now. Send it again.").After(overtakenFor)
}

// overtakenFor is how long to wait after errOvertaken: what was decided is in force already.
const overtakenFor = 100 * time.Millisecond

// appendStill stores what make makes of the standing of somebody who was admitted: now, and again when its turn has come.
func (s *Service) appendStill(ctx context.Context, by Actor, a admission, make func(standing) (Op, error)) (Event, error) {
	op, err := make(a.st)
	if err != nil {
		return Event{}, err
	}
	return s.append(ctx, Change{Room: a.room.ID, By: by.ID, At: s.now(), Op: op, Still: func() (Op, error) {
		st, err := s.stillWriting(by, a)
		if err != nil {
			return nil, err
		}
		return make(st)
	}})
}

func (s *Service) append(ctx context.Context, c Change) (Event, error) {
	done, err := await(ctx, func(done func(Committed, error)) { s.Log.Append(ctx, c, done) })
	return done.Event, err
}

package chat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// reuseFor is how long a view is given out without a look at the store. Within it the room's announcements say whether it
	// holds; what the bell may have lost bounds it.
	reuseFor = time.Second
	// viewIdle is how long a view is kept that nobody has asked for.
	viewIdle = time.Minute
	// A room that changes all the time isn't read for those who come in more often than this: the next reading not before
	// lookFactor times what the last one took has passed since it ended, but after maxLookRest at the latest.
	lookFactor  = 3
	maxLookRest = 20 * time.Millisecond
	// maxViews bounds the views that are kept, in bytes, about.
	maxViews = 32 << 20
	// rollFrom is the number of members from which on joiners are told of a list that may be up to reuseFor old. It is well beyond
	// the number from which on members are only counted, so that no list is wrong for long.
	rollFrom = 500
)

// viewBook keeps the views of rooms in use. See doc.go for why they may be given out again.
type viewBook struct {
	mu     sync.Mutex
	rooms  map[RoomID]*roomViews
	acts   int // rises with each act that is put in force here
	weight int
}

type roomViews struct {
	history, replay *shelf
	roll            *Roll // guarded by viewBook.mu
}

// shelf has one view of a room, or none yet.
type shelf struct {
	readings *rounds[viewing, *View]
	rest     time.Time // no reading before; of who reads

	// Guarded by viewBook.mu.
	view   *View
	at     time.Time // it was so then, or later
	acts   int       // those before it
	used   time.Time
	weight int
	gone   bool // the room was forgotten: what is read yet counts nowhere
}

// viewing is what somebody who asks for a view knows already.
type viewing struct {
	// heard is how far the room's events need not be told to them any more: all later ones will be. Zero: nobody knows.
	heard Position
	since *Position // where their replay begins; nil: it is history that they want
}

func newViewBook() *viewBook { return &viewBook{rooms: make(map[RoomID]*roomViews)} }

// shelf is where a room's view is kept; with it, the view if it will do.
func (b *viewBook) shelf(room RoomID, q viewing, now time.Time) (*shelf, *View) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.roomLocked(room)
	sh := x.history
	if q.since != nil {
		sh = x.replay
	}
	sh.used = now
	if sh.view != nil && sh.acts == b.acts && now.Sub(sh.at) < reuseFor && sh.view.suits(q) {
		return sh, sh.view
	}
	return sh, nil
}

func (b *viewBook) roomLocked(room RoomID) *roomViews {
	x, ok := b.rooms[room]
	if !ok {
		x = &roomViews{history: &shelf{readings: newRounds[viewing, *View]()}, replay: &shelf{readings: newRounds[viewing, *View]()}}
		b.rooms[room] = x
	}
	return x
}

// suits reports whether nobody misses anything who is told of v, and then of all events after what they have heard.
func (v *View) suits(q viewing) bool {
	at := Position{Epoch: v.Room.Epoch, Seq: v.Room.Seq}
	if q.heard.Epoch != at.Epoch || q.heard.Seq > at.Seq {
		return false
	}
	return q.since == nil || q.since.Epoch == at.Epoch && q.since.Seq <= at.Seq && v.reaches(q.since.Seq)
}

// kept is what a shelf has, and the acts so far: to be asked before reading.
func (b *viewBook) kept(sh *shelf) (*View, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return sh.view, b.acts
}

// put keeps a view that was read, or found to hold, after at and those acts.
func (b *viewBook) put(sh *shelf, v *View, at time.Time, acts int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sh.at, sh.acts = at, acts
	if sh.gone {
		sh.view = v // for those who wait at it; nobody else finds it
		return
	}
	if sh.view != v {
		b.weight += v.weight() - sh.weight
		sh.view, sh.weight = v, v.weight()
	}
	for b.weight > maxViews && b.dropOldestLocked(sh) {
	}
}

// dropOldestLocked drops the view that nobody has asked for the longest, but for one; false: there is no other.
func (b *viewBook) dropOldestLocked(but *shelf) bool {
	var oldest *shelf
	for _, x := range b.rooms {
		for _, sh := range []*shelf{x.history, x.replay} {
			if sh != but && sh.view != nil && (oldest == nil || sh.used.Before(oldest.used)) {
				oldest = sh
			}
		}
	}
	if oldest != nil {
		b.dropLocked(oldest)
	}
	return oldest != nil
}

func (b *viewBook) dropLocked(sh *shelf) {
	b.weight -= sh.weight
	sh.view, sh.weight = nil, 0
}

// outdate has every view looked at again before it is given out.
func (b *viewBook) outdate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acts++
}

// prune forgets what nobody has asked for since then.
func (b *viewBook) prune(then time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, x := range b.rooms {
		for _, sh := range []*shelf{x.history, x.replay} {
			if sh.used.Before(then) {
				b.dropLocked(sh)
			}
		}
		if x.history.used.Before(then) && x.replay.used.Before(then) {
			x.history.gone, x.replay.gone = true, true
			delete(b.rooms, id)
		}
	}
}

// roll is the list of members that was put last, unless it is too old; nil: none.
func (b *viewBook) roll(room RoomID, now time.Time) *Roll {
	b.mu.Lock()
	defer b.mu.Unlock()
	if x, ok := b.rooms[room]; ok && x.roll != nil && now.Sub(x.roll.at) < reuseFor {
		return x.roll
	}
	return nil
}

func (b *viewBook) putRoll(room RoomID, r *Roll) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roomLocked(room).roll = r
}

// view is a room as everybody sees it: as it is at the call or later, or as it was a moment ago where nothing is missed that way.
func (s *Service) view(ctx context.Context, room RoomID, q viewing) (*View, error) {
	sh, v := s.views.shelf(room, q, s.now())
	if v != nil {
		return v, nil
	}
	pause := func() time.Duration { return time.Until(sh.rest) }
	v, err := sh.readings.ask(ctx, q, pause, func(ctx context.Context, asked []viewing) (*View, error) {
		return s.look(ctx, room, sh, asked)
	})
	if err != nil {
		return nil, fmt.Errorf("read room: %w", err)
	}
	return v, nil
}

// look reads a room for those who have asked.
func (s *Service) look(ctx context.Context, room RoomID, sh *shelf, asked []viewing) (*View, error) {
	now, asOf := s.now(), s.rooms.asOf()
	old, acts := s.views.kept(sh)
	began := time.Now()
	var q LookQuery
	if asked[0].since != nil {
		first := slices.MinFunc(asked, func(a, b viewing) int { return cmp.Compare(a.since.Seq, b.since.Seq) })
		q = LookQuery{Replay: true, After: max(first.since.Seq, 0), Limit: RecoverWindow}
	}
	if old != nil && old.reaches(q.After) {
		q.Have = old.Mark
	}
	l, err := s.Log.Look(ctx, room, q)
	if err != nil {
		return nil, err
	}
	v := old
	if !l.Same {
		v = newView(l, q.After)
		sh.rest = time.Now().Add(min(lookFactor*time.Since(began), maxLookRest))
	}
	s.views.put(sh, v, now, acts)
	s.rooms.put(shared(v.Room), asOf, now)
	return v, nil
}

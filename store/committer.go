package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/chatd/chatd/chat"
)

// Append implements chat.Log. A change that isn't taken in is answered from the
// caller's own goroutine.
func (s *Store) Append(ctx context.Context, c chat.Change, done func(chat.Committed, error)) {
	err := checkOp(c)
	if err == nil {
		err = s.queue.put(ctx, pending{change: c, done: done})
	}
	if err != nil {
		done(chat.Committed{}, err)
	}
}

// commitLoop stores what is queued until ctx has ended and nothing is left. What it
// still does then is bounded by DrainTimeout.
func (s *Store) commitLoop(ctx context.Context) {
	work, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer giveUp(nil)
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(s.cfg.DrainTimeout, func() { giveUp(errors.New("the time to drain is over")) })
		context.AfterFunc(work, func() { t.Stop() })
	})
	defer stop()
	g := gatherer{queue: s.queue, most: s.cfg.BatchSize, from: time.Now()}
	for s.queue.some(ctx) {
		g.more(ctx)
		waits := s.queue.pop(s.cfg.BatchSize)
		g.took(len(waits))
		s.commits.Store(true)
		for len(waits) > 0 {
			n, err := s.together(waits)
			if err != nil {
				s.refuse(&batch{waits: waits[:n]}, err)
			} else {
				s.commit(work, waits[:n])
			}
			waits = waits[n:]
		}
		s.commits.Store(false)
	}
}

// together is how many of the first make one commit: a deed makes one alone. With an error it is how many are refused:
// changes that were taken in before a deed, and that aren't to happen after it.
func (s *Store) together(waits []pending) (int, error) {
	if waits[0].deed != nil {
		return 1, nil
	}
	for i := range waits {
		if waits[i].deed != nil {
			return i, nil
		}
		switch err := s.still(&waits[i]); {
		case err == nil:
		case i == 0:
			return 1, err
		default:
			return i, nil // it is told in its turn
		}
	}
	return len(waits), nil
}

// still asks what is to become of a change whose turn has come.
func (s *Store) still(p *pending) (err error) {
	if p.change.Still == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("append: ask what is still to be done: panic: %v\n%s", r, debug.Stack())
		}
	}()
	op, err := p.change.Still()
	if err != nil {
		return err
	}
	p.change.Op = op
	return checkOp(p.change)
}

// committing reports whether changes are being stored, or wait for it.
func (s *Store) committing() bool { return s.commits.Load() || s.queue.length() > 0 }

// commit stores changes in one transaction, tells their callers, then the bell.
func (s *Store) commit(ctx context.Context, waits []pending) {
	b := s.newBatch(waits)
	out, err := s.try(ctx, b)
	switch {
	case err == nil:
		s.finish(ctx, b, out)
	case errors.Is(err, errUncertain):
		s.cfg.Logger.Warn("the outcome of a commit is not known, looking it up", "batch", b.frame.ID, "changes", len(waits), "error", err)
		s.settle(ctx, b, err)
	case s.db.away(err):
		s.refuse(b, s.passing(err))
	case len(waits) > 1:
		// One change that the database can't take must not spoil the others.
		s.commit(ctx, waits[:len(waits)/2])
		s.commit(ctx, waits[len(waits)/2:])
	default:
		s.refuse(b, err)
	}
}

// try runs one commit; a panic in it is an error whose outcome must be looked up.
func (s *Store) try(ctx context.Context, b *batch) (out outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.tryFor(b))
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("append: %w: panic: %v\n%s", errUncertain, r, debug.Stack())
		}
	}()
	if b.deed != nil {
		return outcome{}, s.enact(ctx, b)
	}
	return s.db.append(ctx, b)
}

// rendered is what callers and readers hear of a committed batch.
func (s *Store) rendered(ctx context.Context, b *batch, out outcome) ([]settled, []chat.Event, error) {
	if b.deed != nil {
		return nil, b.deed.result.Events, nil
	}
	return s.renderBatch(ctx, b, out)
}

// finish tells of a committed batch.
func (s *Store) finish(ctx context.Context, b *batch, out outcome) {
	read, cancel := context.WithTimeout(ctx, s.cfg.CommitTimeout)
	committed, events, err := s.rendered(read, b, out)
	cancel()
	if err != nil {
		s.cfg.Logger.Warn("a committed batch can't be read back, trying again", "batch", b.frame.ID, "error", err)
		s.settle(ctx, b, err)
		return
	}
	s.tell(b, committed)
	s.announce(ctx, events)
}

// settle finds out what became of a batch and tells it. Until it knows, nothing
// later is committed, for what this batch did comes first.
func (s *Store) settle(ctx context.Context, b *batch, cause error) {
	start := time.Now()
	told := false
	defer s.queue.away.Store(false)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		settled, err := s.settleOnce(ctx, b, cause, told)
		if settled {
			return
		}
		if !told && (time.Since(start) > s.cfg.UnknownAfter || ctx.Err() != nil) {
			told = true
			s.cfg.Logger.Error("the outcome of a commit can't be looked up", "batch", b.frame.ID, "error", err)
			s.refuse(b, chat.ErrOutcomeUnknown)
			s.queue.away.Store(true)
		}
		if told {
			s.refuse(&batch{waits: s.queue.pop(0)}, errAway)
		}
		select {
		case <-ctx.Done():
			if told {
				return
			}
		case <-time.After(pause):
		}
	}
}

// settleOnce looks a batch up once and tells its outcome, where it can be known.
func (s *Store) settleOnce(ctx context.Context, b *batch, cause error, told bool) (bool, error) {
	look, cancel := context.WithTimeout(ctx, s.cfg.CommitTimeout+s.cfg.CommitTimeout/2)
	defer cancel()
	out, found, err := s.db.resolve(look, b)
	if err != nil {
		return false, err
	}
	if !found {
		if !told {
			s.refuse(b, s.passing(cause))
		}
		return true, nil
	}
	committed, events, err := s.rendered(look, b, out)
	switch {
	case err != nil && s.db.away(err):
		return false, err
	case err != nil:
		// What can't be read now won't be readable later either, and the log must go on.
		s.cfg.Logger.Error("a committed batch can't be rendered, readers are sent to the log", "batch", b.frame.ID, "error", err)
		if !told {
			s.refuse(b, chat.ErrOutcomeUnknown)
		}
		s.announce(ctx, markers(b, out))
		return true, nil
	}
	if told {
		s.tellLate(b)
	} else {
		s.tell(b, committed)
	}
	s.announce(ctx, events)
	return true, nil
}

// tellLate says that a deed was stored whose caller was told that nobody knows: what it decided must be put in force.
func (s *Store) tellLate(b *batch) {
	if b.deed == nil || b.deed.deed.Late == nil {
		return
	}
	s.complete(b.waits[0], func(p pending) { p.deed.Late(b.deed.result) })
}

// tell calls the completions of a committed batch, in order.
func (s *Store) tell(b *batch, committed []settled) {
	if b.deed != nil {
		s.complete(b.waits[0], func(p pending) { p.enacted(b.deed.result, nil) })
		return
	}
	for i, w := range b.waits {
		s.complete(w, func(p pending) { p.done(committed[i].Committed, committed[i].err) })
	}
}

// refuse answers all of a batch with err.
func (s *Store) refuse(b *batch, err error) {
	for _, w := range b.waits {
		s.complete(w, func(p pending) {
			if p.deed != nil {
				p.enacted(chat.Enacted{}, err)
				return
			}
			p.done(chat.Committed{}, err)
		})
	}
}

// complete calls one completion; its panic is its own.
func (s *Store) complete(p pending, call func(pending)) {
	defer func() {
		if r := recover(); r != nil {
			s.cfg.Logger.Error("a completion panicked", "room", p.change.Room, "panic", r, "stack", string(debug.Stack()))
		}
	}()
	call(p)
}

func (s *Store) announce(ctx context.Context, events []chat.Event) {
	if len(events) == 0 {
		return
	}
	s.wakeSearch()
	if s.cfg.Bell == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			s.cfg.Logger.Error("the bell panicked", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	s.cfg.Bell.Announce(context.WithoutCancel(ctx), events)
}

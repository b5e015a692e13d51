package ws

import "sync"

// replies keep a session's answers in the order of its requests.
type replies struct {
	out *conn
	max int // posts that may be unanswered

	mu      sync.Mutex
	changed sync.Cond
	open    []*answer // the oldest first; guarded by mu
	posts   int
	over    bool
}

// answer is a place in the order; frames are what is to stand there.
type answer struct {
	post   bool
	done   bool
	frames [][]byte
}

func (r *replies) init(out *conn, maxPosts int) {
	r.out, r.max = out, maxPosts
	r.changed.L = &r.mu
}

// begin takes the next place. For a post it waits while as many as may are unanswered;
// nil: the session is over.
func (r *replies) begin(post bool) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	for post && r.posts >= r.max && !r.over {
		r.changed.Wait()
	}
	if r.over {
		return nil
	}
	a := &answer{post: post}
	if post {
		r.posts++
	}
	r.open = append(r.open, a)
	return a
}

// finish answers, as soon as what was asked before is answered. It never waits.
func (r *replies) finish(a *answer, frames [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.done, a.frames = true, frames
	if a.post {
		r.posts--
	}
	n := 0
	for n < len(r.open) && r.open[n].done {
		if f := r.open[n].frames; len(f) > 0 {
			r.out.pushAsked(f)
		}
		n++
	}
	if r.open = append(r.open[:0], r.open[n:]...); len(r.open) == 0 {
		r.open = nil
	}
	r.changed.Broadcast()
}

// wait waits until everything is answered; false: the session is over.
func (r *replies) wait() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.open) > 0 && !r.over {
		r.changed.Wait()
	}
	return !r.over
}

// stop lets nobody wait any longer.
func (r *replies) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.changed.Broadcast()
}

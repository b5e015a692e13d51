package ws

// reel is a row of messages, framed, that many are told from some place on: the same bytes for all of them.
type reel struct {
	chunks [][]byte // whole frames; a message that isn't in fragments is within one, of at most maxFragment
	at     []place  // where each message begins
	told   []int    // how many of those before it say something
}

type place struct{ chunk, off int }

// framesOf makes a reel of n messages. What frame returns for one that says nothing is nil.
func framesOf(n int, frame func(i int) [][]byte) *reel {
	r := &reel{at: make([]place, n+1), told: make([]int, n+1)}
	for i := range n {
		frames := frame(i)
		if r.at[i] = r.room(size(frames)); frames != nil {
			r.told[i+1] = 1
		}
		r.told[i+1] += r.told[i]
		for _, f := range frames {
			c := r.room(len(f)).chunk
			r.chunks[c] = append(r.chunks[c], f...)
		}
	}
	r.at[n] = place{chunk: len(r.chunks)}
	return r
}

// room is where n bytes go.
func (r *reel) room(n int) place {
	last := len(r.chunks) - 1
	if last < 0 || len(r.chunks[last]) > 0 && len(r.chunks[last])+n > maxFragment {
		r.chunks = append(r.chunks, nil)
		last++
	}
	return place{last, len(r.chunks[last])}
}

// from returns the messages from the i-th on, and how many of them say something.
func (r *reel) from(i int) (frames [][]byte, n int) {
	at := r.at[i]
	if at.chunk < len(r.chunks) {
		if rest := r.chunks[at.chunk][at.off:]; len(rest) > 0 {
			frames = append(make([][]byte, 0, len(r.chunks)-at.chunk), rest)
		}
		frames = append(frames, r.chunks[at.chunk+1:]...)
	}
	return frames, r.told[len(r.told)-1] - r.told[i]
}

package load

import "time"

// Room knows what was sent to it and how far its readers have got.
type Room struct {
	Name  string
	Conns []*Conn
	Sent  int64 // messages that authors have sent
	Least int64 // messages that every reader has; a ring of readers by their count gives it

	ring []int32 // nil: Least isn't kept
}

// A ring bounds how far readers may be apart while Least is kept; in small rooms, of which
// there are many, it is smaller.
const (
	ringSize      = 1 << 15
	smallRingSize = 1 << 9
	smallRoom     = 64
)

// NewRoom makes a room; its readers are added to the engine.
func NewRoom(name string) *Room { return &Room{Name: name} }

// Follow keeps Least from now on, for all who are ready.
func (r *Room) Follow() {
	r.Least = 0
	size := ringSize
	if len(r.Conns) <= smallRoom {
		size = smallRingSize
	}
	r.ring = make([]int32, size)
	for _, c := range r.Conns {
		c.Count = 0
		if c.state == ready && !c.Aside {
			r.ring[0]++
		}
	}
	r.Sent = 0
}

func (r *Room) advance(c *Conn, n int64) {
	if r.ring == nil || c.Aside || n == 0 {
		return
	}
	r.ring[c.Count%int64(len(r.ring))]--
	r.ring[(c.Count+n)%int64(len(r.ring))]++
	r.settle()
}

func (r *Room) leave(c *Conn) {
	if r.ring != nil && !c.Aside {
		r.ring[c.Count%int64(len(r.ring))]--
		r.settle()
	}
}

func (r *Room) settle() {
	for r.ring[r.Least%int64(len(r.ring))] == 0 && r.Least < r.Sent {
		r.Least++
	}
}

// author is a reader who writes.
type author struct {
	conn    *Conn
	index   int
	sent    int64
	acked   int64
	refused map[int64]bool
}

// seen is what a reader knows of an author.
type seen struct {
	last    int64
	missing map[int64]bool
	doubled int64
	late    int64
}

// Author makes c write too. It must be read message by message.
func (e *Engine) Author(c *Conn) {
	c.Sampled = true
	c.author = &author{conn: c, index: len(e.authors), refused: make(map[int64]bool)}
	e.authors = append(e.authors, c.author)
}

// Post has c write a message that is due at the time at of the engine's clock.
func (e *Engine) Post(c *Conn, at int64) {
	a := c.author
	a.sent++
	c.Room.Sent++
	e.Sent++
	var text [textLen]byte
	e.out = e.Protocol.Post(e.out[:0], c, appendText(text[:0], Token{a.index, a.sent, at}), a.sent)
	c.send(opText, e.out)
}

// acked and refused are what the server says of an author's message n.
func (c *Conn) acked(int64) {
	c.e.Acked++
	if c.author != nil {
		c.author.acked++
	}
}

func (c *Conn) refused(n int64, code string) {
	c.e.Refused[code]++
	if c.author != nil {
		c.author.refused[n] = true
	}
}

// Unanswered is how many of c's messages the server has neither taken nor refused.
func (c *Conn) Unanswered() int64 {
	return c.author.sent - c.author.acked - int64(len(c.author.refused))
}

// note compares a message with what was to come.
func (c *Conn) note(t Token) {
	if c.seen == nil {
		c.seen = make(map[int]*seen)
	}
	s := c.seen[t.Author]
	if s == nil {
		s = &seen{missing: make(map[int64]bool)}
		c.seen[t.Author] = s
	}
	switch {
	case t.N > s.last:
		for n := s.last + 1; n < t.N; n++ {
			s.missing[n] = true
		}
		s.last = t.N
	case s.missing[t.N]:
		delete(s.missing, t.N)
		s.late++
	default:
		s.doubled++
	}
}

// Faults are what readers should not see.
type Faults struct {
	Lost      int64 `json:"lost"`      // by readers that are still there
	Doubled   int64 `json:"doubled"`   //
	Reordered int64 `json:"reordered"` // came after a later one of the same author
	Foreign   int64 `json:"foreign"`   // of another room
	Ended     int64 `json:"ended"`     // readers that the server has ended
}

// Faults compares what readers got with what was sent, refused messages not counted.
// Doubled, out of order and foreign ones are found at readers read message by message.
func (e *Engine) Faults() (f Faults) {
	for _, c := range e.all {
		if c.state == ended {
			f.Ended++
		}
		if c.state != ready || c.Room == nil {
			continue
		}
		if !c.Sampled {
			f.Lost += max(0, e.due(c.Room)-c.Count)
			f.Doubled += max(0, c.Count-e.due(c.Room))
			continue
		}
		e.faultsOf(c, &f)
	}
	return f
}

// Missing is how many messages a reader hasn't got that is read message by message.
func (e *Engine) Missing(c *Conn) int64 {
	var f Faults
	e.faultsOf(c, &f)
	return f.Lost
}

func (e *Engine) faultsOf(c *Conn, f *Faults) {
	for _, a := range e.authors {
		s := c.seen[a.index]
		if a.conn.Room != c.Room {
			if s != nil {
				f.Foreign++
			}
			continue
		}
		if s == nil {
			s = &seen{}
		}
		f.Doubled += s.doubled
		f.Reordered += s.late
		for n := range s.missing {
			if !a.refused[n] {
				f.Lost++
			}
		}
		for n := s.last + 1; n <= a.sent; n++ {
			if !a.refused[n] {
				f.Lost++
			}
		}
	}
}

// due is how many messages a reader of r should have.
func (e *Engine) due(r *Room) int64 {
	n := r.Sent
	for _, a := range e.authors {
		if a.conn.Room == r {
			n -= int64(len(a.refused))
		}
	}
	return n
}

func timeOf(ns int64) time.Duration { return time.Duration(ns) }

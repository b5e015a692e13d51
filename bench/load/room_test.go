package load

import "testing"

// reader makes an engine with one room, an author and a reader of the tokens n.
func reader(sent int64, tokens ...int64) (*Engine, *Conn) {
	e := &Engine{Protocol: Plain{}}
	r := NewRoom("r")
	a := e.Add(r)
	e.Author(a)
	a.author.sent, r.Sent = sent, sent
	c := e.Add(r)
	c.state, c.Sampled = ready, true
	for _, n := range tokens {
		c.live(appendText(nil, Token{0, n, 0}))
	}
	return e, c
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		sent   int64
		tokens []int64
		want   Faults
	}{
		"all there":        {3, []int64{1, 2, 3}, Faults{}},
		"none":             {3, nil, Faults{Lost: 3}},
		"one is missing":   {3, []int64{1, 3}, Faults{Lost: 1}},
		"the last missing": {3, []int64{1, 2}, Faults{Lost: 1}},
		"one twice":        {3, []int64{1, 2, 2, 3}, Faults{Doubled: 1}},
		"two swapped":      {3, []int64{2, 1, 3}, Faults{Reordered: 1}},
		"late and twice":   {3, []int64{3, 1, 2, 1}, Faults{Reordered: 2, Doubled: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, _ := reader(tt.sent, tt.tokens...)
			if got := e.Faults(); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestRefusedMessagesAreNotLost(t *testing.T) {
	e, _ := reader(3, 1, 3)
	e.Refused = map[string]int64{}
	e.authors[0].conn.refused(2, "busy")
	if got := e.Faults(); got != (Faults{}) {
		t.Errorf("got %+v, want none", got)
	}
}

func TestMessagesOfAnotherRoomAreFound(t *testing.T) {
	e, _ := reader(1, 1)
	stranger := e.Add(NewRoom("other"))
	stranger.state, stranger.Sampled = ready, true
	stranger.live(appendText(nil, Token{0, 1, 0}))
	if got := e.Faults(); got != (Faults{Foreign: 1}) {
		t.Errorf("got %+v, want one of another room", got)
	}
}

func TestLeastIsOfTheSlowest(t *testing.T) {
	e := &Engine{Protocol: Plain{}}
	r := NewRoom("r")
	var conns []*Conn
	for range 3 {
		c := e.Add(r)
		c.state = ready
		conns = append(conns, c)
	}
	r.Follow()
	r.Sent = 10
	conns[0].got(10)
	conns[1].got(4)
	if r.Least != 0 {
		t.Errorf("got %d while one has none, want 0", r.Least)
	}
	conns[2].got(7)
	if r.Least != 4 {
		t.Errorf("got %d, want 4", r.Least)
	}
	r.leave(conns[1])
	if r.Least != 7 {
		t.Errorf("got %d after the slowest left, want 7", r.Least)
	}
}

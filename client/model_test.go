package client

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// model is a server of one room that stores, numbers and delivers as chatd promises,
// and ends connections whenever it likes: also between storing and acknowledging.
type model struct {
	window int // events that can be recovered

	mu     sync.Mutex
	log    []Posted
	nonces map[string]Posted
	rooms  map[*peer]bool // who has joined
	all    map[*peer]bool
}

func (m *model) run(ctx context.Context, s *server) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-s.peers:
			p.send(`{"type":"welcome","user":{"id":"g:1"},"heartbeat_ms":25000}`)
			m.mu.Lock()
			m.all[p] = true
			m.mu.Unlock()
			wg.Go(func() { m.serve(ctx, p) })
		}
	}
}

func (m *model) serve(ctx context.Context, p *peer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.gone:
			m.mu.Lock()
			delete(m.rooms, p)
			delete(m.all, p)
			m.mu.Unlock()
			return
		case b := <-p.in:
			var q request
			if err := json.Unmarshal(b, &q); err != nil {
				p.t.Error(err)
			}
			m.answer(p, q)
		}
	}
}

func (m *model) answer(p *peer, q request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if rand.IntN(20) == 0 {
		p.end(errCut) // before it is done
		return
	}
	switch q.Type {
	case "join":
		p.send(`{"type":"ack","id":"` + q.ID + `"}`)
		m.join(p, q.Since)
	case "post":
		e, known := m.nonces[q.Nonce]
		if !known {
			e = m.append(*q.Text)
			m.nonces[q.Nonce] = e
			defer func() {
				for p := range m.rooms {
					m.send(p, e)
				}
			}()
		}
		if rand.IntN(20) == 0 {
			p.end(errCut) // after it is done
			return
		}
		p.send(fmt.Sprintf(`{"type":"ack","id":%q,"message_id":%q,"seq":%d,"duplicate":%v}`, q.ID, e.Message.ID, e.Seq, known))
	}
}

// append numbers a message, with a hole now and then.
func (m *model) append(text string) Posted {
	seq := int64(1 + rand.IntN(2))
	if n := len(m.log); n > 0 {
		seq += m.log[n-1].Seq
	}
	e := Posted{Room: "general", Seq: seq, Message: Message{ID: strconv.FormatInt(seq, 10), Seq: seq, Text: text}}
	m.log = append(m.log, e)
	return e
}

func (m *model) send(p *peer, e Posted) {
	b, err := json.Marshal(struct {
		Type string `json:"type"`
		Posted
	}{"message", e})
	if err != nil {
		p.t.Error(err)
	}
	p.send(string(b))
}

func (m *model) join(p *peer, since *position) {
	j := Joined{Room: "general", Epoch: "e"}
	if n := len(m.log); n > 0 {
		j.Seq = m.log[n-1].Seq
	}
	var replay []Posted
	if since != nil {
		for _, e := range m.log {
			if e.Seq > since.Seq {
				replay = append(replay, e)
			}
		}
		j.Recovered = len(replay) <= m.window
	}
	if !j.Recovered {
		replay = nil
		for _, e := range m.log {
			j.History = append(j.History, e.Message)
		}
	}
	j.Replay = len(replay)
	b, err := json.Marshal(struct {
		Type string `json:"type"`
		Joined
	}{"joined", j})
	if err != nil {
		p.t.Error(err)
	}
	p.send(string(b))
	for _, e := range replay {
		m.send(p, e)
	}
	m.rooms[p] = true
}

// cut ends a random connection.
func (m *model) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p := range m.all {
		if rand.IntN(2) == 0 {
			p.end(errCut)
		}
	}
}

// TestNothingIsLostOrDoubled plays a writer and readers of different speeds against the
// model, with random cuts, many times over: every reader ends with the model's log, each
// event having come once and in order.
func TestNothingIsLostOrDoubled(t *testing.T) {
	for round := range 20 {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			synctest.Test(t, playModel)
		})
	}
}

func playModel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := &model{window: 10 + rand.IntN(100), nonces: map[string]Posted{}, rooms: map[*peer]bool{}, all: map[*peer]bool{}}
	s := newServer(t)
	var wg sync.WaitGroup
	wg.Go(func() { m.run(ctx, s) })
	defer wg.Wait()
	defer cancel()

	var clients []*Client
	dial := func() *Client {
		c, err := Dial(ctx, Options{URL: "ws://chat.example/ws", Dial: s.dial, EventBuffer: 4 + rand.IntN(20)})
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
		if _, err := c.Join(ctx, "general"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	var readers []*View
	var lock sync.Mutex // of the views
	for i := range 3 {
		c, v := dial(), &View{Room: "general"}
		readers = append(readers, v)
		wg.Go(func() { readModel(ctx, t, c, v, &lock, time.Duration(i)*20*time.Millisecond) })
	}
	writer := dial()
	for n := range 100 {
		if _, err := writer.Post(ctx, "general", strconv.Itoa(n), PostOptions{}); err != nil {
			t.Fatalf("post %d: %v", n, err)
		}
		if rand.IntN(10) == 0 {
			m.cut()
		}
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond) // the bubble's time: readers may fall behind, or not
	}
	time.Sleep(30 * time.Second) // until all is at rest

	lock.Lock()
	defer lock.Unlock()
	if len(m.log) != 100 {
		t.Errorf("got %d messages stored, want 100", len(m.log))
	}
	for i, v := range readers {
		got := v.Messages()
		if len(got) != len(m.log) {
			t.Fatalf("reader %d: got %d messages, want %d", i, len(got), len(m.log))
		}
		for n, e := range m.log {
			if got[n].Text != e.Message.Text {
				t.Errorf("reader %d: got %q at %d, want %q", i, got[n].Text, e.Seq, e.Message.Text)
			}
		}
	}
	for _, c := range clients {
		c.Close()
	}
}

func readModel(ctx context.Context, t *testing.T, c *Client, v *View, lock *sync.Mutex, pace time.Duration) {
	for e := range c.Events(ctx) {
		if p, ok := e.(Posted); ok {
			time.Sleep(pace)
			if p.Seq <= v.Seq {
				t.Errorf("event %d came after %d", p.Seq, v.Seq)
			}
			if want := v.Seq; p.Seq > want+2 {
				t.Errorf("event %d came after %d, want none left out", p.Seq, want)
			}
		}
		lock.Lock()
		v.Apply(e)
		lock.Unlock()
	}
}

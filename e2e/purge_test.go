package e2e

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/chatd/chatd/client"
	"github.com/chatd/chatd/client/rest"
)

// TestPurgeUndone takes away everything that a user wrote in twenty rooms, under load, and takes that back: clients
// that stayed, that were cut, and that came in between end with the view of a newcomer.
func TestPurgeUndone(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db, withKey)
		api := p.rest(t)
		const rooms = 20
		all := &lines{spec: p.spec}
		var stayed, wereCut []*reader
		for i := range rooms {
			stayed = append(stayed, follow(t, p.dial(t, client.Options{}), roomNo(i)))
			wereCut = append(wereCut, follow(t, p.dial(t, client.Options{Dial: all.dial}), roomNo(i)))
		}
		each := sized(50, 250)
		floods(t, p, rooms, each)
		var writers []*crowd
		for i := range 4 { // a load on some of the rooms
			w := &crowd{room: roomNo(i), meddle: true}
			for n := range 2 {
				w.clients = append(w.clients, p.dial(t, client.Options{Token: user(t, fmt.Sprintf("writer-%d-%d", i, n))}))
			}
			writers = append(writers, publish(t, w, 20))
		}

		began := time.Now()
		purged := must[rest.PurgeResponse](t, "purge")(api.PurgeWithResponse(t.Context(), nil, rest.PurgeDraft{Selection: &rest.Selection{Users: &[]string{"u:mallory"}}}))
		took := time.Since(began)
		if n := purged.JSON200.Impact.Messages; n != rooms*each {
			t.Errorf("%d messages were purged, want %d", n, rooms*each)
		}
		for i := range rooms {
			for _, m := range fullView(t, p, roomNo(i)).Messages() {
				if m.From.ID == "u:mallory" {
					t.Fatalf("%s shows %q after the purge", roomNo(i), m.Text)
				}
			}
		}
		var between []*reader
		for i := range rooms {
			between = append(between, follow(t, p.dial(t, client.Options{}), roomNo(i)))
		}
		all.cut(1)
		began = time.Now()
		undone := must[rest.UndoActResponse](t, "undo")(api.UndoActWithResponse(t.Context(), purged.JSON200.Act.ID, nil))
		t.Logf("%d messages in %d rooms: purged in %v, back in %v", rooms*each, rooms, took, time.Since(began))
		if len(undone.JSON200.Skipped) > 0 {
			t.Errorf("the undo left alone: %+v", undone.JSON200.Skipped)
		}
		all.cut(1)

		for _, w := range writers {
			w.halt()
		}
		for i := range rooms {
			v := fullView(t, p, roomNo(i))
			if n := from(v.Messages(), "u:mallory"); n != each {
				t.Errorf("%s has %d messages of the user again, want %d", roomNo(i), n, each)
			}
			for _, r := range []*reader{stayed[i], wereCut[i]} {
				r.reaches(t, v.Seq)
				r.sameView(t, v)
			}
			between[i].reaches(t, v.Seq)
			between[i].partOf(t, v)
		}
	})
}

func roomNo(i int) string { return fmt.Sprintf("room-%d", i) }

func from(all []client.Message, user string) (n int) {
	for _, m := range all {
		if m.From.ID == user {
			n++
		}
	}
	return n
}

// floods has one user write into all rooms.
func floods(t *testing.T, p *program, rooms, each int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range rooms {
		c := p.dial(t, client.Options{Token: user(t, "mallory")})
		join(t, c, roomNo(i))
		wg.Go(func() {
			for n := range each {
				if _, err := c.Post(within(t, 60*time.Second), roomNo(i), fmt.Sprintf("buy now, offer %d", n), client.PostOptions{}); err != nil {
					t.Errorf("post: %v", err)
					return
				}
			}
			c.Close()
		})
	}
	wg.Wait()
}

// partOf checks what a reader shows, who came late and never read back to the start: no more than a newcomer sees, and
// from its first message of before on all of it.
func (r *reader) partOf(t *testing.T, fresh *client.View) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]client.Message{}
	for _, m := range fresh.Messages() {
		seen[m.ID] = m
	}
	shown := map[string]bool{}
	for _, m := range r.view.Messages() {
		shown[m.ID] = true
		if f, ok := seen[m.ID]; !ok || f.Text != m.Text {
			t.Errorf("a reader of %s shows %q, which a newcomer doesn't see so", r.room, m.Text)
		}
	}
	for id, m := range seen {
		if m.Seq > r.first && !shown[id] {
			t.Errorf("a reader of %s doesn't show %q, seq %d; it began at %d", r.room, m.Text, m.Seq, r.first)
		}
	}
}

package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/client"
)

// TestModeratedViewsAgree writes, and moderates by everything there is, while connections are cut: in the end every reader
// who stayed or came back sees exactly what they would see coming anew: a shadowed one and one whose messages are held
// included.
func TestModeratedViewsAgree(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		p := start(t, db, "CHATD_API_KEY="+staffKey)
		g := &game{t: t, p: p, l: &lines{spec: p.spec}, people: map[string]*client.Client{}}
		readers := map[string][]*reader{}
		for _, name := range []string{"ann", "bob", "cy", "dan", "watcher"} {
			for range 2 {
				c := p.dial(t, client.Options{Token: user(t, name), Dial: g.l.dial})
				readers[name] = append(readers[name], follow(t, c, "general"))
				g.people[name] = c
			}
		}
		g.mod = p.dial(t, client.Options{Token: moderator(t, "mo"), Dial: g.l.dial})
		join(t, g.mod, "general")
		g.said = append(g.said, post(t, g.mod, "general", "The beginning").MessageID)
		for i := range sized(400, 2000) {
			g.step(i)
		}
		last, err := g.mod.Set(within(t, 20*time.Second), "general", client.SettingsPatch{Title: new("The end")})
		if err != nil {
			t.Fatal(err)
		}
		for name, list := range readers {
			fresh := fullViewOf(t, p, "general", name)
			for _, r := range list {
				r.reaches(t, last)
				if r.sameView(t, fresh); t.Failed() {
					t.Fatalf("that was %s's", name)
				}
				r.sameBeside(t, name, fresh)
			}
		}
		t.Logf("%v", g.done)
	})
}

// sameBeside compares what is in no log; it may come a little later.
func (r *reader) sameBeside(t *testing.T, name string, fresh *client.View) {
	t.Helper()
	type beside struct {
		Held     []client.Message
		Rights   client.Rights
		Lockdown *client.Lockdown
	}
	diff := ""
	for range 100 {
		r.mu.Lock()
		diff = cmp.Diff(beside{fresh.Held, fresh.Rights, fresh.Lockdown}, beside{r.view.Held, r.view.Rights, r.view.Lockdown}, cmpopts.EquateEmpty())
		r.mu.Unlock()
		if diff == "" {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Errorf("what %s was told beside the log (+) is not what a newcomer is told (-):\n%s", name, diff)
}

// game is a room in which everything happens that may.
type game struct {
	t      *testing.T
	p      *program
	l      *lines
	people map[string]*client.Client // the last connection of each
	mod    *client.Client

	said   []string // ids of messages
	held   []string
	acts   []string // that may be undone
	done   map[string]int
	closed []string // sanctions that stand
}

var names = []string{"ann", "bob", "cy", "dan"}

func pick[T any](from []T) T { return from[rand.IntN(len(from))] }

// step does something at random. What is refused is as good as anything else.
func (g *game) step(i int) {
	moves := []struct {
		name   string
		weight int
		do     func(i int)
	}{
		{"post", 40, g.write}, {"edit", 8, g.edit}, {"react", 10, g.react}, {"delete", 5, g.delete},
		{"moderate", 10, g.moderate}, {"sanction", 6, g.sanction}, {"lift", 4, g.lift}, {"decide", 6, g.decide},
		{"purge", 2, g.purge}, {"clear", 1, g.clear}, {"undo", 4, g.undo}, {"lock", 1, g.lock},
		{"cut", 3, func(int) { g.l.cut(0.2) }},
	}
	total := 0
	for _, m := range moves {
		total += m.weight
	}
	n := rand.IntN(total)
	for _, m := range moves {
		if n -= m.weight; n < 0 {
			if g.done == nil {
				g.done = map[string]int{}
			}
			g.done[m.name]++
			m.do(i)
			return
		}
	}
}

func (g *game) write(i int) {
	o := client.PostOptions{}
	if len(g.said) > 0 && rand.IntN(3) == 0 {
		o.ReplyTo = pick(g.said)
	}
	a, err := g.people[pick(names)].Post(within(g.t, 20*time.Second), "general", fmt.Sprintf("message %d", i), o)
	switch {
	case err != nil:
		g.expect(err)
	case a.Held:
		g.held = append(g.held, a.MessageID)
	default:
		g.said = append(g.said, a.MessageID)
	}
}

// expect fails the test for what no rule of the room can be the reason of.
func (g *game) expect(err error) {
	g.t.Helper()
	switch code := client.CodeOf(err); code {
	case "reply_not_found", "message_not_found", "not_your_message", "slow_mode", "muted", "room_read_only", "too_many_pins", "under_review",
		"not_joined":
	default:
		g.t.Errorf("got %v (%q)", err, code)
	}
}

func (g *game) edit(i int) {
	if len(g.said) > 0 {
		if _, err := g.people[pick(names)].Edit(within(g.t, 20*time.Second), "general", pick(g.said), fmt.Sprintf("edited %d", i)); err != nil {
			g.expect(err)
		}
	}
}

func (g *game) react(int) {
	if len(g.said) > 0 {
		if err := g.people[pick(names)].React(within(g.t, 20*time.Second), "general", pick(g.said), pick([]string{"👍", "🎉"}), rand.IntN(3) > 0); err != nil {
			g.expect(err)
		}
	}
}

func (g *game) delete(int) {
	if len(g.said) > 0 {
		if _, err := g.people[pick(names)].Delete(within(g.t, 20*time.Second), "general", pick(g.said)); err != nil {
			g.expect(err)
		}
	}
}

func (g *game) moderate(int) {
	if len(g.said) == 0 {
		return
	}
	id, ctx := pick(g.said), within(g.t, 20*time.Second)
	var err error
	switch rand.IntN(4) {
	case 0:
		_, err = g.mod.Restore(ctx, "general", id)
	case 1:
		_, err = g.mod.Pin(ctx, "general", id, rand.IntN(3) > 0)
	default:
		_, err = g.mod.Delete(ctx, "general", id)
	}
	if err != nil {
		g.expect(err)
	}
}

// actOf remembers the act of an answer, to undo it later.
func (g *game) actOf(answer map[string]any) {
	if a, ok := answer["act"].(map[string]any); ok {
		g.acts = append(g.acts, a["id"].(string))
	}
}

func (g *game) sanction(int) {
	who, effect := "ann", "shadow"
	if rand.IntN(2) == 0 {
		who, effect = "dan", "hold"
	}
	answer := g.p.post("/sanctions", fmt.Sprintf(`{"target":{"user":"u:%s"},"scope":"gen*","effect":%q,"duration_seconds":null}`, who, effect))
	g.actOf(answer)
	for _, s := range answer["sanctions"].([]any) {
		g.closed = append(g.closed, s.(map[string]any)["id"].(string))
	}
}

func (g *game) lift(int) {
	if len(g.closed) > 0 {
		g.actOf(g.p.post("/sanctions/lift", fmt.Sprintf(`{"ids":[%q]}`, pick(g.closed))))
	}
}

func (g *game) decide(int) {
	if len(g.held) == 0 {
		return
	}
	id := g.held[0]
	g.held = g.held[1:]
	how := pick([]string{"release", "release", "refuse"})
	if status, answer := g.p.tryPost("/held/"+id+"/"+how, ""); status < 300 { // it may have been purged
		g.actOf(answer)
		g.said = append(g.said, id)
	}
}

func (g *game) purge(int) {
	g.actOf(g.p.post("/purges", fmt.Sprintf(`{"users":["u:%s"]}`, pick(names))))
}

func (g *game) clear(int) { g.actOf(g.p.post("/rooms/general/clear", "")) }

func (g *game) undo(int) {
	if len(g.acts) == 0 {
		return
	}
	i := rand.IntN(len(g.acts))
	id := g.acts[i]
	g.acts = append(g.acts[:i], g.acts[i+1:]...)
	if status, answer := g.p.tryPost("/acts/"+id+"/undo", ""); status < 300 { // nothing of it may be left
		g.actOf(answer)
	}
}

func (g *game) lock(int) {
	g.actOf(g.p.post("/lockdowns", `{"room":"general","level":"slow","seconds":1,"for_seconds":3600}`))
}

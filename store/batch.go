package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

// batch is what one transaction of the committer stores.
type batch struct {
	frame batchFrame
	ops   []op
	waits []pending // whose ops these are, by index
	deed  *enacted  // of a batch that is a deed; its one caller is in waits
	// outcome is what the batch came to, where this process knows it without the database.
	outcome outcome
}

// batchFrame is what all ops of a batch share.
type batchFrame struct {
	ID          string `json:"batch"`
	Writer      string `json:"writer"` // whose batch it is
	N           int64  `json:"n"`      // the writer's how manieth
	Now         int64  `json:"now"`
	NoncesAfter int64  `json:"nonces_after"`
}

// op is a chat.Change as the append takes it, on either database, or an event that an
// act makes. Empty fields are left out; a flag that is present is true.
type op struct {
	Op    string `json:"op"`
	Room  string `json:"room"`
	By    string `json:"by"`
	At    int64  `json:"at"`
	Step  int64  `json:"step"`           // by how much seq rises
	Step2 int64  `json:"step2"`          // and with a second event
	Life  int64  `json:"life,omitempty"` // which life of the room it was admitted to, from 1 on; 0: any

	ID        string   `json:"id,omitempty"`
	Author    string   `json:"author,omitempty"`
	Name      string   `json:"name,omitempty"`
	Role      string   `json:"role,omitempty"`
	Text      string   `json:"text,omitempty"`
	Mentions  string   `json:"mentions,omitempty"`
	Reply     string   `json:"reply,omitempty"`
	Nonce     string   `json:"nonce,omitempty"`
	Posted    int64    `json:"posted"`
	NotBefore int64    `json:"not_before,omitempty"`
	IDs       []string `json:"ids,omitempty"`
	Act       string   `json:"act,omitempty"`
	Emoji     string   `json:"emoji,omitempty"`
	On        bool     `json:"on,omitempty"`
	Max       int      `json:"max,omitempty"`
	Shadow    bool     `json:"shadow,omitempty"`
	Why       string   `json:"why,omitempty"`
	Sanction  string   `json:"sanction,omitempty"`
	Kind      string   `json:"kind,omitempty"`
	Detail    string   `json:"detail,omitempty"`
	Only      string   `json:"only,omitempty"`
}

// outcome is what a batch came to. It is stored with it, so it holds ids only.
type outcome struct {
	Generation string   `json:"generation"`
	Results    []result `json:"results"` // one for each op
}

// result is what one op came to. With Seq 0 and no Code it changed nothing.
type result struct {
	Code  string   `json:"code,omitempty"` // why it was refused
	Seq   int64    `json:"seq,omitempty"`
	Pos   int64    `json:"pos,omitempty"`
	Inc   int64    `json:"inc,omitempty"`
	Only  string   `json:"only,omitempty"`  // whom alone the event is for
	Dup   bool     `json:"dup,omitempty"`   // ID, Seq and At are those of the message stored before; Seq 0: it was held
	Again bool     `json:"again,omitempty"` // Seq is that of an earlier event of this batch
	ID    string   `json:"id,omitempty"`
	At    int64    `json:"at,omitempty"`
	IDs   []string `json:"ids,omitempty"`  // of messages hidden
	Also  *result  `json:"also,omitempty"` // a second event
}

// nonceLife is how long a nonce is remembered.
const nonceLife = 24 * time.Hour

// newBatch encodes changes for the append.
func (s *Store) newBatch(waits []pending) *batch {
	s.batches++
	now := millis(s.cfg.Clock())
	b := &batch{
		frame: batchFrame{
			ID: s.cfg.NewID(), Writer: s.writer, N: s.batches, Now: now, NoncesAfter: now - nonceLife.Milliseconds(),
		},
		waits: waits,
	}
	if waits[0].deed != nil {
		b.deed = &enacted{deed: waits[0].deed}
		return b
	}
	b.ops = make([]op, len(waits))
	for i, w := range waits {
		b.ops[i] = encodeOp(w.change)
		b.ops[i].Step, b.ops[i].Step2 = s.step(), s.step()
	}
	return b
}

// step is by how much the next seq rises: each number is left out with a chance of one
// in eight, so that runs of them are, too.
func (s *Store) step() int64 {
	step := int64(1)
	for bits := s.cfg.Rand.Uint64(); bits&7 == 0 && step < maxStep; bits >>= 3 {
		step++
	}
	return step
}

// maxStep is the largest step that the bits of one random number make.
const maxStep = 64/3 + 1

// checkOp reports a Change that can't be encoded.
func checkOp(c chat.Change) error {
	switch c.Op.(type) {
	case chat.Post, chat.Hold, chat.Edit, chat.Hide, chat.React:
		return nil
	}
	return fmt.Errorf("append: unknown op %T", c.Op)
}

func encodeOp(c chat.Change) op {
	o := op{Room: string(c.Room), By: string(c.By), At: millis(c.At), Life: life(c.Epoch)}
	switch x := c.Op.(type) {
	case chat.Post:
		o.Op, o.Nonce, o.Shadow = "post", x.Nonce, x.Shadow
		o.message(c.At, x.Message)
	case chat.Hold:
		o.Op, o.Nonce, o.Why, o.Sanction = "hold", x.Nonce, x.Why, string(x.Sanction)
		o.message(c.At, x.Message)
	case chat.Edit:
		o.Op, o.ID, o.Author, o.NotBefore, o.Shadow = "edit", string(x.ID), string(x.Author), millis(x.NotBefore), x.Shadow
		o.Text, o.Mentions = x.Text, encodeIDs(x.Mentions)
	case chat.Hide:
		o.Op, o.IDs, o.Act, o.Author = "hide", unique(x.IDs), string(x.Act), string(x.Author)
	case chat.React:
		o.Op, o.ID, o.Emoji, o.On, o.Max, o.Shadow = "react", string(x.ID), x.Emoji, x.On, max(x.MaxKinds, 0), x.Shadow
	}
	return o
}

// message puts a message into o, which was made at a time unless it says otherwise.
func (o *op) message(at time.Time, m chat.Message) {
	o.ID = string(m.ID)
	o.Author, o.Name, o.Role = string(m.Author.ID), m.Author.Name, string(m.Author.Role)
	o.Text, o.Mentions = m.Text, encodeIDs(m.Mentions)
	if m.ReplyTo != nil {
		o.Reply = string(m.ReplyTo.ID)
	}
	if m.At.IsZero() {
		m.At = at
	}
	o.Posted = millis(m.At)
}

// unique drops repeated ids and keeps their order.
func unique(ids []chat.MessageID) []string {
	out := make([]string, 0, len(ids))
	seen := make(map[chat.MessageID]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, string(id))
		}
	}
	return out
}

func encodeIDs(ids []chat.UserID) string {
	if len(ids) == 0 {
		return ""
	}
	return string(mustJSON(ids))
}

func decodeIDs(stored string) ([]chat.UserID, error) {
	if stored == "" {
		return nil, nil
	}
	var ids []chat.UserID
	if err := json.Unmarshal([]byte(stored), &ids); err != nil {
		return nil, fmt.Errorf("decode ids: %w", err)
	}
	return ids, nil
}

// millis is how times are stored; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the opposite of millis.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

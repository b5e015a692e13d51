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
}

// batchFrame is what all ops of a batch share.
type batchFrame struct {
	ID          string          `json:"batch"`
	Writer      string          `json:"writer"` // whose batch it is
	N           int64           `json:"n"`      // the writer's how manieth
	Now         int64           `json:"now"`
	NoncesAfter int64           `json:"nonces_after"`
	Defaults    json.RawMessage `json:"defaults"`
}

// op is a chat.Change as the append takes it, on either database. Empty fields are
// left out; a flag that is present is true.
type op struct {
	Op   string `json:"op"`
	Room string `json:"room"`
	By   string `json:"by"`
	At   int64  `json:"at"`
	Step int64  `json:"step"` // by how much seq rises

	ID        string          `json:"id,omitempty"`
	Author    string          `json:"author,omitempty"`
	Name      string          `json:"name,omitempty"`
	Role      string          `json:"role,omitempty"`
	Text      string          `json:"text,omitempty"`
	Mentions  string          `json:"mentions,omitempty"`
	Reply     string          `json:"reply,omitempty"`
	Nonce     string          `json:"nonce,omitempty"`
	Posted    int64           `json:"posted"`
	NotBefore int64           `json:"not_before,omitempty"`
	IDs       []string        `json:"ids,omitempty"`
	Act       string          `json:"act,omitempty"`
	Emoji     string          `json:"emoji,omitempty"`
	On        bool            `json:"on,omitempty"`
	Max       int             `json:"max,omitempty"`
	Patch     json.RawMessage `json:"patch,omitempty"`
}

// outcome is what a batch came to. It is stored with it, so it holds ids only.
type outcome struct {
	Generation string   `json:"generation"`
	Results    []result `json:"results"` // one for each op
}

// result is what one op came to. With Seq 0 and no Code it changed nothing.
type result struct {
	Code   string   `json:"code,omitempty"` // why it was refused
	Seq    int64    `json:"seq,omitempty"`
	Pos    int64    `json:"pos,omitempty"`
	Inc    int64    `json:"inc,omitempty"`
	Dup    bool     `json:"dup,omitempty"`   // ID, Seq and At are those of the message stored before
	Again  bool     `json:"again,omitempty"` // Seq is that of an earlier event of this batch
	ID     string   `json:"id,omitempty"`
	At     int64    `json:"at,omitempty"`
	IDs    []string `json:"ids,omitempty"`    // of messages hidden or restored
	Fields []string `json:"fields,omitempty"` // of settings changed
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
			Defaults: encodeSettings(chat.DefaultSettings()),
		},
		ops:   make([]op, len(waits)),
		waits: waits,
	}
	for i, w := range waits {
		b.ops[i] = encodeOp(w.change)
		b.ops[i].Step = s.step()
	}
	return b
}

// step is by how much the next seq rises: about one number in eight is left out.
func (s *Store) step() int64 {
	if s.cfg.Rand.Uint64()%8 == 0 {
		return 2
	}
	return 1
}

// checkOp reports a Change that can't be encoded.
func checkOp(c chat.Change) error {
	switch c.Op.(type) {
	case chat.Post, chat.Edit, chat.Hide, chat.Restore, chat.React, chat.Set, chat.Pin:
		return nil
	}
	return fmt.Errorf("append: unknown op %T", c.Op)
}

func encodeOp(c chat.Change) op {
	o := op{Room: string(c.Room), By: string(c.By), At: millis(c.At)}
	switch x := c.Op.(type) {
	case chat.Post:
		o.post(c, x)
	case chat.Edit:
		o.Op, o.ID, o.Author, o.NotBefore = "edit", string(x.ID), string(x.Author), millis(x.NotBefore)
		o.Text, o.Mentions = x.Text, encodeIDs(x.Mentions)
	case chat.Hide:
		o.Op, o.IDs, o.Act, o.Author = "hide", unique(x.IDs), string(x.Act), string(x.Author)
	case chat.Restore:
		o.Op, o.IDs = "restore", unique(x.IDs)
	case chat.React:
		o.Op, o.ID, o.Emoji, o.On, o.Max = "react", string(x.ID), x.Emoji, x.On, max(x.MaxKinds, 0)
	case chat.Set:
		o.Op, o.Patch = "set", encodePatch(x.Patch)
	case chat.Pin:
		o.Op, o.ID, o.On, o.Max = "pin", string(x.ID), x.On, chat.MaxPins
	}
	return o
}

func (o *op) post(c chat.Change, x chat.Post) {
	m := x.Message
	o.Op, o.ID, o.Nonce = "post", string(m.ID), x.Nonce
	o.Author, o.Name, o.Role = string(m.Author.ID), m.Author.Name, string(m.Author.Role)
	o.Text, o.Mentions = m.Text, encodeIDs(m.Mentions)
	if m.ReplyTo != nil {
		o.Reply = string(m.ReplyTo.ID)
	}
	if m.At.IsZero() {
		m.At = c.At
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

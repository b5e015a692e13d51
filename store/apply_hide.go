package store

import (
	"errors"
	"fmt"
	"slices"
)

// hide makes messages invisible for as long as an act stands.
func (a *applier) hide(o op) (result, error) {
	known, err := a.lookAt(o)
	if err != nil {
		return result{}, err
	}
	var shown []string
	others := false
	for _, id := range o.IDs {
		m, ok := known[id]
		if !ok {
			return result{Code: "message_not_found"}, nil
		}
		others = others || o.Author != "" && m.author != o.Author
		if !m.hidden {
			shown = append(shown, id)
		}
	}
	if others {
		return result{Code: "not_your_message"}, nil
	}
	for _, id := range o.IDs {
		if err := a.hideOne(o, id); err != nil {
			return result{}, err
		}
	}
	return a.listed(o, "deleted", shown)
}

func (a *applier) hideOne(o op, id string) error {
	return errors.Join(
		a.exec(`INSERT INTO message_hides (message, act, own, by_id, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (message, act) DO NOTHING`, id, o.Act, o.Author != "", o.By, o.At),
		a.exec(`UPDATE messages SET hidden = 1 WHERE id = $1 AND hidden = 0`, id),
		a.exec(`DELETE FROM pins WHERE message = $1`, id),
	)
}

// restore ends the acts on messages that weren't their author's own deletion.
func (a *applier) restore(o op) (result, error) {
	before, err := a.lookAt(o)
	if err != nil {
		return result{}, err
	}
	for id, m := range before {
		if !m.hidden {
			continue
		}
		if err := a.exec(`DELETE FROM message_hides WHERE message = $1 AND NOT own`, id); err != nil {
			return result{}, err
		}
		if err := a.exec(`UPDATE messages SET hidden = 0 WHERE id = $1
			AND NOT EXISTS (SELECT 1 FROM message_hides h WHERE h.message = messages.id)`, id); err != nil {
			return result{}, err
		}
	}
	after, err := a.lookAt(o)
	if err != nil {
		return result{}, err
	}
	var back []string
	for id, m := range after {
		if before[id].hidden && !m.hidden {
			back = append(back, id)
		}
	}
	slices.SortFunc(back, func(x, y string) int { return int(after[x].seq - after[y].seq) })
	return a.listed(o, "restored", back)
}

// listed numbers an event about several messages, where there are any.
func (a *applier) listed(o op, kind string, ids []string) (result, error) {
	if len(ids) == 0 {
		return result{}, nil
	}
	r, err := a.number(o, kind, "", encodeDetail(detail{IDs: ids}))
	r.IDs = ids
	return r, err
}

// looked is what hide and restore must know of a message.
type looked struct {
	seq    int64
	author string
	hidden bool
}

// lookAt reads those of an op's messages that are in its room.
func (a *applier) lookAt(o op) (map[string]looked, error) {
	known := make(map[string]looked, len(o.IDs))
	for _, id := range o.IDs {
		var m looked
		ok, err := a.scan(`SELECT m.seq, m.author_id, m.hidden
			FROM messages m WHERE m.id = $1 AND m.room = $2`, []any{id, o.Room}, &m.seq, &m.author, &m.hidden)
		if err != nil {
			return nil, fmt.Errorf("look at message: %w", err)
		}
		if ok {
			known[id] = m
		}
	}
	return known, nil
}

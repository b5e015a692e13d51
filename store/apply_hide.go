package store

import (
	"errors"
	"fmt"
)

// hide is an author's deletion of their own messages. Of those that they alone saw only
// they are told, by an event of its own.
func (a *applier) hide(o op) (result, error) {
	known, err := a.lookAt(o)
	if err != nil {
		return result{}, err
	}
	if code := mayHide(o, known); code != "" {
		return result{Code: code}, nil
	}
	var shown, alone []string
	for _, id := range o.IDs {
		switch known[id].hidden {
		case hiddenNot:
			shown = append(shown, id)
		case hiddenAlone:
			alone = append(alone, id)
		}
	}
	for _, id := range o.IDs {
		if err := a.hideOne(o, id); err != nil {
			return result{}, err
		}
	}
	r, err := a.deleted(o, shown, "")
	if err != nil || len(alone) == 0 {
		return r, err
	}
	if r.Seq == 0 {
		return a.deleted(o, alone, o.Author)
	}
	o.Step = o.Step2
	also, err := a.deleted(o, alone, o.Author)
	r.Also = &also
	return r, err
}

// mayHide is why an author may not delete messages; empty: they may.
func mayHide(o op, known map[string]looked) string {
	others := false
	for _, id := range o.IDs {
		m, ok := known[id]
		if !ok {
			return "message_not_found"
		}
		others = others || m.author != o.Author
	}
	if others {
		return "not_your_message"
	}
	return ""
}

func (a *applier) hideOne(o op, id string) error {
	return errors.Join(
		a.exec(`INSERT INTO message_hides (message, act, own, by_id, at) VALUES ($1, $2, true, $3, $4)
			ON CONFLICT (message, act) DO NOTHING`, id, o.Act, o.By, o.At),
		a.exec(`UPDATE messages SET hidden = 1 WHERE id = $1 AND hidden <> 1`, id),
		a.exec(`DELETE FROM pins WHERE message = $1`, id),
	)
}

// deleted numbers the event about messages that are gone, where there are any.
func (a *applier) deleted(o op, ids []string, only string) (result, error) {
	if len(ids) == 0 {
		return result{}, nil
	}
	r, err := a.number(&o, "deleted", "", encodeDetail(detail{IDs: ids}), only)
	r.IDs = ids
	return r, err
}

// looked is what hide must know of a message.
type looked struct {
	author string
	hidden int64
}

// lookAt reads those of an op's messages that are in its room and that its author may know of.
func (a *applier) lookAt(o op) (map[string]looked, error) {
	known := make(map[string]looked, len(o.IDs))
	for _, id := range o.IDs {
		var m looked
		ok, err := a.scan(`SELECT m.author_id, m.hidden FROM messages m WHERE m.id = $1 AND m.room = $2
			AND (m.shadow = 0 OR m.author_id = $3)`, []any{id, o.Room, o.Author}, &m.author, &m.hidden)
		if err != nil {
			return nil, fmt.Errorf("look at message: %w", err)
		}
		if ok {
			known[id] = m
		}
	}
	return known, nil
}

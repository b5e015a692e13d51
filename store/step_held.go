package store

import (
	"encoding/json"
	"fmt"

	"github.com/chatd/chatd/chat"
)

func (e *enactment) decideStep(s chat.DecideStep) error {
	h, err := e.held(string(s.ID))
	switch {
	case err != nil:
		return err
	case h.State != chat.HeldPending:
		return errHeldDecided
	case !s.Release:
		code := s.Code
		if code == "" {
			code = "refused"
		}
		return e.refuseHeld(h, code)
	}
	return e.release(h, s.Message)
}

// held finds a held message; held_not_found.
func (e *enactment) held(id string) (chat.Held, error) {
	all, err := listHeld(e.ctx, e.q, `WHERE h.id = $1 AND`+inKnownRoom, id)
	if err == nil && len(all) == 0 {
		err = errHeldNotFound
	}
	if err != nil {
		return chat.Held{}, err
	}
	return all[0], nil
}

// release posts a held message, or what was made of it, under its id. Its author posts
// it: readers aren't told who let it pass.
func (e *enactment) release(h chat.Held, m chat.Message) error {
	if m.ID == "" {
		m = h.Message
	}
	o := e.newOp("post", h.Message.Room)
	o.By = string(h.Message.Author.ID)
	o.message(instant(e.at), m)
	o.ID = string(h.Message.ID)
	if o.Reply != "" {
		var seen bool
		if err := e.q.QueryRowContext(e.ctx, `SELECT EXISTS (SELECT 1 FROM messages m WHERE m.id = $1 AND m.room = $2 AND`+isVisible+`)`,
			o.Reply, o.Room).Scan(&seen); err != nil {
			return fmt.Errorf("look at what is answered: %w", err)
		}
		if !seen {
			o.Reply = ""
		}
	}
	r, err := e.number(o)
	if err != nil {
		return err
	}
	if _, err := e.exec(`UPDATE nonces SET seq = $4 WHERE room = $1 AND author = $2 AND message = $3`,
		o.Room, string(h.Message.Author.ID), o.ID, r.Seq); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	e.effect(chat.ActEffect{What: "message_released", Room: h.Message.Room, Subject: o.ID, Messages: []chat.MessageID{h.Message.ID}})
	return e.decided(h, chat.HeldReleased, "")
}

func (e *enactment) refuseHeld(h chat.Held, code string) error {
	e.effect(chat.ActEffect{What: "message_refused", Room: h.Message.Room, Subject: string(h.Message.ID), After: string(mustJSON(code))})
	return e.decided(h, chat.HeldRefused, code)
}

// decided writes down what became of a held message; pending: it waits again.
func (e *enactment) decided(h chat.Held, state chat.HeldState, code string) error {
	by, at, act := string(e.deed.Act.By), e.at, e.id()
	if state == chat.HeldPending {
		by, at, act = "", 0, ""
	}
	if _, err := e.exec(`UPDATE held SET state = $2, code = $3, by_id = $4, decided_at = $5, act = $6 WHERE id = $1`,
		string(h.Message.ID), string(state), code, by, at, act); err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	e.hits(h.Message.Author.ID)
	h, err := e.held(string(h.Message.ID))
	e.done.Held = append(e.done.Held, h)
	return err
}

// undoReleased hides the message that was posted; it doesn't wait again.
func (e *enactment) undoReleased(x chat.ActEffect) error {
	if err := e.hide(`id = $1 AND room = $2`, x.Subject, string(x.Room)); err != nil {
		return err
	}
	return e.hidden(x.Room)
}

// undoRefused has a message wait again.
func (e *enactment) undoRefused(x chat.ActEffect) error {
	h, err := e.held(x.Subject)
	switch {
	case chat.CodeOf(err) == errHeldNotFound.Code:
		e.left(x, "gone", "The message is no longer kept.")
		return nil
	case err != nil:
		return err
	case h.State != chat.HeldRefused || h.Act != e.undoes.ID:
		e.changedLater(x)
		return nil
	}
	e.effect(chat.ActEffect{What: "message_unrefused", Room: x.Room, Subject: x.Subject, Before: x.After})
	return e.decided(h, chat.HeldPending, "")
}

// undoUnrefused refuses a message again that waits.
func (e *enactment) undoUnrefused(x chat.ActEffect) error {
	var code string
	if err := json.Unmarshal([]byte(x.Before), &code); err != nil {
		return fmt.Errorf("decode %q: %w", x.Before, err)
	}
	h, err := e.held(x.Subject)
	switch {
	case chat.CodeOf(err) == errHeldNotFound.Code:
		e.left(x, "gone", "The message is no longer kept.")
		return nil
	case err != nil:
		return err
	case h.State != chat.HeldPending:
		e.changedLater(x)
		return nil
	}
	return e.refuseHeld(h, code)
}

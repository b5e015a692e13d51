package chat

import "context"

// Say is Post for staff and keys, as an Order asks for it: a dry run asks everything that can refuse the message and
// stores nothing. Codes of Post, and bound_dry_run.
func (s *Service) Say(ctx context.Context, o Order, room RoomID, d Draft) (Committed, error) {
	only := o.By.Grant != nil && o.By.Grant.DryRunOnly
	if o.DryRun || only {
		err := s.tryPost(ctx, o.By, room, d)
		if err == nil && !o.DryRun {
			err = refuseDryRunOnly()
		}
		return Committed{}, err
	}
	return s.Post(ctx, o.By, room, d)
}

// tryPost is admit without what it spends.
func (s *Service) tryPost(ctx context.Context, by Actor, room RoomID, d Draft) error {
	if err := checkNonce(d.Nonce); err != nil {
		return err
	}
	r, err := s.Room(ctx, room)
	if err != nil {
		return err
	}
	st, e := s.writing(by, r)
	if e != nil {
		return e
	}
	if _, err := s.compose(ctx, by, r, d.Text); err != nil {
		return err
	}
	_, err = s.checkReply(ctx, by, room, d.ReplyTo, st)
	return err
}

func refuseDryRunOnly() *Error {
	return Refuse(Forbidden, "bound_dry_run", "This key may only try things out: ask with dry_run=true.")
}

package chat

import "context"

// Decide posts a message that was held, under its own id and a number of now, or refuses it. The policy isn't asked again: a
// moderator has read it. Codes held_not_found, held_decided.
func (s *Service) Decide(ctx context.Context, o Order, id HeldID, release bool) (Outcome, error) {
	if err := s.may(o.By, HeldDecide); err != nil {
		return Outcome{}, err
	}
	h, err := s.Directory.HeldByID(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if s.mayIn(o.By, HeldDecide, h.Message.Room) != nil {
		return Outcome{}, Refuse(NotFound, "held_not_found", "There is no such held message.")
	}
	if h.State != HeldPending {
		return Outcome{}, Refuse(Conflict, "held_decided", "This message was decided on already.")
	}
	act, step := Act{Kind: ActRefuse, Users: []UserID{h.Message.Author.ID}}, DecideStep{ID: id, Release: release, Code: "refused"}
	if release {
		m := h.Message
		m.HTML, m.Plain = Render(m.Text)
		m.At = s.now()
		act.Kind, step.Message, step.Code = ActRelease, m, ""
	}
	author := h.Message.Author
	hit := map[UserID]Member{author.ID: {ID: author.ID, Name: author.Name, Role: author.Role}}
	return s.perform(ctx, o, Deed{Act: act, Steps: []Step{step}}, work{impact: impactOfUsers(hit, nil), impacted: countMessages})
}

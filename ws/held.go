package ws

import "github.com/chatd/chatd/chat"

// tellHeld tells the author of a message that it waits for a moderator, or what became of it; nobody else.
func (rm *room) tellHeld(h *chat.Held) {
	rm.say(saying{aside: heldOf(rm.id, h), only: h.Message.Author.ID})
}

// heldOf is what is said of a held message.
func heldOf(room chat.RoomID, h *chat.Held) any {
	switch h.State {
	case chat.HeldReleased:
		return releasedFrame{aside{"released", room}, h.Message.ID, "released"}
	case chat.HeldRefused:
		outcome := h.Code
		if outcome != "expired" && outcome != "purged" {
			outcome = "refused"
		}
		return releasedFrame{aside{"released", room}, h.Message.ID, outcome}
	}
	m := messageOf(h.Message)
	m.Seq = 0
	return heldFrame{aside{"held", room}, m, "held"}
}

package chat

import (
	"slices"
	"time"
	"unicode/utf8"
)

// cleanSanction checks everything about an order that needs nobody else, and who may ask for it.
func (s *Service) cleanSanction(by Actor, so SanctionOrder) (SanctionOrder, error) {
	if err := s.mayOver(by, SanctionsWrite, so.Rooms); err != nil {
		return so, err
	}
	if (so.Target == nil) == (so.Selection == nil) {
		return so, Refuse(Invalid, "target_invalid", "Either target or selection, not both.")
	}
	if so.Target != nil {
		t, err := cleanTarget(*so.Target)
		if err != nil {
			return so, err
		}
		so.Target = &t
	} else if so.ID != "" {
		return so, Refuse(Invalid, "target_invalid", "A sanction of a chosen id needs a target.")
	}
	if err := checkEffect(by, so); err != nil {
		return so, err
	}
	if so.Purge != 0 {
		if err := s.mayOver(by, MessagesModerate, so.Rooms); err != nil {
			return so, err
		}
	}
	if err := s.checkSpan(by, so); err != nil {
		return so, err
	}
	return cleanSanctionTexts(so)
}

func cleanSanctionTexts(so SanctionOrder) (SanctionOrder, error) {
	var ok bool
	if so.Reason, ok = CleanLine(so.Reason, MaxReason); !ok {
		return so, Refuse(Invalid, "reason_too_long", "A reason has at most %d characters.", MaxReason)
	}
	if so.Note, ok = cleanNote(so.Note); !ok {
		return so, Refuse(Invalid, "note_too_long", "A note has at most %d characters.", MaxNote)
	}
	if len(so.ID) > maxIDLength {
		return so, Refuse(Invalid, "bad_request", "An id has at most %d characters.", maxIDLength)
	}
	if len(so.Evidence) > MaxEvidence || slices.ContainsFunc(so.Evidence, func(m MessageID) bool { return len(m) > maxIDLength }) {
		return so, Refuse(Invalid, "bad_request", "evidence holds at most %d ids of messages.", MaxEvidence)
	}
	return so, nil
}

// maxIDLength bounds the ids that callers choose or name, in bytes.
const maxIDLength = 64

// cleanNote makes a note storable; false: it is too long.
func cleanNote(text string) (string, bool) {
	if len(text) > 4*utf8.UTFMax*MaxNote {
		return "", false
	}
	text = CleanText(text)
	return text, utf8.RuneCountInString(text) <= MaxNote
}

// checkEffect checks what is to be held against whom.
func checkEffect(by Actor, so SanctionOrder) error {
	if !slices.Contains(Effects(), so.Effect) {
		return Refuse(Invalid, "effect_invalid", "effect is ban, mute, shadow, slow, sign_in or hold.")
	}
	if (so.Effect == Slow) != (so.Interval > 0) || so.Interval < 0 || so.Interval > MaxSlowMode {
		return Refuse(Invalid, "effect_invalid", "interval is 1 to %d seconds for slow, and nothing for others.", int64(MaxSlowMode/time.Second))
	}
	if by.Role != RoleStaff && (so.Target == nil || !inChat(*so.Target, so.Effect)) {
		return Refuse(Forbidden, "scope_missing", "In the chat, moderators ban, mute and slow down users; everything else is for staff.")
	}
	if so.Target == nil {
		return nil
	}
	return checkEffectOn(by, *so.Target, so.Effect)
}

func checkEffectOn(by Actor, t Target, e Effect) error {
	if e == SignIn && t.User != "" && !t.User.Guest() {
		return Refuse(Invalid, "effect_invalid", "Who has signed in needn't be told to.")
	}
	if t.Prefix.IsValid() && !by.Grant.Has(AddressesRead) {
		return Refuse(Forbidden, "scope_missing", "Sanctions against an address itself need the scope %s; use its hash.", AddressesRead)
	}
	return nil
}

// inChat reports whether a sanction is one of those that moderators in the chat make and lift.
func inChat(t Target, e Effect) bool {
	return t.User != "" && (e == Ban || e == Mute || e == Slow)
}

// checkSpan checks from when and for how long it is to hold.
func (s *Service) checkSpan(by Actor, so SanctionOrder) error {
	if so.Duration < 0 || so.Duration > MaxSanction {
		return Refuse(Invalid, "duration_invalid", "A sanction holds for 1 to %d seconds, or for good.", int64(MaxSanction/time.Second))
	}
	if so.Starts.After(s.now().Add(MaxStart)) {
		return Refuse(Invalid, "duration_invalid", "A sanction starts within a year.")
	}
	if so.Purge < 0 || so.AddressFor > MaxAddressFor {
		return Refuse(Invalid, "duration_invalid", "What a ban puts on addresses holds for at most %d seconds.", int64(MaxAddressFor/time.Second))
	}
	if so.AddressFor > 0 {
		if err := boundDuration(by, so.AddressFor); err != nil {
			return err
		}
	}
	return boundDuration(by, so.Duration)
}

package chat

// standing is what holds against somebody: of each effect the sanction that holds longest, of slow the one with the
// longest interval. Nil: none.
type standing struct {
	ban, signIn, mute, shadow, review, slow *Sanction
}

func (st *standing) add(s *Sanction, a Actor) {
	var place **Sanction
	switch s.Effect {
	case Ban:
		place = &st.ban
	case SignIn:
		if !a.Guest() {
			return
		}
		place = &st.signIn
	case Mute:
		place = &st.mute
	case Shadow:
		place = &st.shadow
	case Review:
		place = &st.review
	case Slow:
		place = &st.slow
	default:
		return
	}
	if *place == nil || s.harsherThan(*place) {
		*place = s
	}
}

// harsherThan compares two sanctions of one effect.
func (s *Sanction) harsherThan(other *Sanction) bool {
	if s.Interval != other.Interval {
		return s.Interval > other.Interval
	}
	return !other.Expires.IsZero() && (s.Expires.IsZero() || s.Expires.After(other.Expires))
}

// holds reports whether what they write waits for a moderator. Who is shadowed writes as if nothing were held against them.
func (st standing) holds() bool { return st.review != nil && st.shadow == nil }

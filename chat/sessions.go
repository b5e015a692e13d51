package chat

import "sync/atomic"

// LateSessions stands for Sessions that are made after the Service that asks them: ws needs the Service, and the
// Service must know whom a sanction hits. Until Bind nobody is connected.
type LateSessions struct{ to atomic.Pointer[Sessions] }

// Bind says who holds the sessions.
func (l *LateSessions) Bind(s Sessions) { l.to.Store(&s) }

// List implements Sessions.
func (l *LateSessions) List() []LiveSession {
	if s := l.to.Load(); s != nil {
		return (*s).List()
	}
	return nil
}

// End implements Sessions.
func (l *LateSessions) End(match func(LiveSession) bool, why *Error) int {
	if s := l.to.Load(); s != nil {
		return (*s).End(match, why)
	}
	return 0
}

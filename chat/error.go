package chat

import (
	"errors"
	"fmt"
	"time"
)

// Kind sorts refusals by what a transport does with them.
type Kind int

// The kinds of refusal. The zero kind is Internal: its text never leaves the server.
const (
	Internal Kind = iota
	Invalid
	Unauthenticated
	Forbidden
	NotFound
	Conflict
	Rejected
	RateLimited
	Unavailable
	Stale // it has changed since the caller last saw it
)

// Kinds lists every kind; transports test their tables against it.
func Kinds() []Kind {
	return []Kind{Internal, Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Rejected, RateLimited, Unavailable, Stale}
}

// Error is a refusal that its caller may see.
type Error struct {
	Kind    Kind
	Code    string // stable, snake_case, documented in docs/errors.md
	Message string // one sentence for people
	// RetryAfter is how long to wait before the same request can succeed; zero where waiting doesn't help.
	RetryAfter time.Duration
	// Until is when what stands in the way ends (a ban, a mute); zero where it doesn't end or doesn't apply.
	Until time.Time
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Refuse makes a refusal.
func Refuse(k Kind, code, format string, args ...any) *Error {
	return &Error{Kind: k, Code: code, Message: fmt.Sprintf(format, args...)}
}

// After returns a copy of e that says how long to wait.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// ErrOutcomeUnknown says that the connection to the store died during COMMIT and the
// outcome could not be looked up. Repeat the request with the same nonce.
var ErrOutcomeUnknown = Refuse(Unavailable, "outcome_unknown",
	"It is not known whether this was stored. Repeat it with the same nonce.")

// AsError returns the refusal in err's chain. For any other error it returns one of
// kind Internal, code internal, whose text tells nothing.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Refuse(Internal, "internal", "Something went wrong on the server.")
}

// CodeOf returns the stable code of a refusal, "internal" for other errors, "" for nil.
func CodeOf(err error) string {
	if err == nil {
		return ""
	}
	return AsError(err).Code
}

// IsKind reports whether err is a refusal of kind k.
func IsKind(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

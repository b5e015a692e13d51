package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ErrClosed is what a Client returns after Close.
var ErrClosed = errors.New("client: closed")

// ErrOutcomeUnknown says that the connection ended, or the caller's context did, while
// a request was under way: it may or may not have been done.
var ErrOutcomeUnknown = errors.New("client: it is not known whether the request was done")

// ErrTooLarge says that a request exceeds the server's limit of a frame.
var ErrTooLarge = errors.New("client: the request is larger than the server takes")

// Error is the server's refusal of a request.
type Error struct {
	Code       string // stable; see docs/errors.md
	Message    string // one sentence for people
	Room       string
	RetryAfter time.Duration // how long to wait before the same request can succeed; 0: waiting doesn't help
	Until      time.Time     // when what stands in the way ends; zero: it doesn't, or this doesn't apply
}

func (e *Error) Error() string { return "chatd: " + e.Code + ": " + e.Message }

// CodeOf returns the code of the refusal in err's chain; "" where there is none.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// unavailable reports whether the server could not do what was asked, or does not know
// whether it did: the same request is worth repeating, a post with the same nonce.
func (e *Error) unavailable() bool {
	switch e.Code {
	case "outcome_unknown", "store_unavailable", "busy", "room_busy", "stopping":
		return true
	}
	return false
}

// temporary reports whether coming back to a room may succeed later. A ban has an end,
// too, but that is for people to know.
func (e *Error) temporary() bool {
	return e.unavailable() || e.Code == "rate_limited" || e.Code == "internal"
}

func (e *Error) UnmarshalJSON(b []byte) error {
	var w struct {
		Code    string    `json:"code"`
		Message string    `json:"message"`
		Room    string    `json:"room"`
		RetryMS int64     `json:"retry_after_ms"`
		Until   time.Time `json:"until"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*e = Error{w.Code, w.Message, w.Room, time.Duration(w.RetryMS) * time.Millisecond, w.Until}
	return nil
}

// CloseError says that the server closed the connection.
type CloseError struct {
	Code       int           // the WebSocket close code
	Reason     string        // the reason's code, such as "going_away"
	RetryAfter time.Duration // how long the server asked to wait; 0: it did not
	Refusal    *Error        // the error frame that came last before the close; nil: none
}

func (e *CloseError) Error() string {
	s := fmt.Sprintf("client: closed by the server with %d", e.Code)
	if e.Reason != "" {
		s += " " + e.Reason
	}
	if e.Refusal != nil {
		s += ": " + e.Refusal.Message
	}
	return s
}

// Unwrap returns the refusal, so that CodeOf finds its code.
func (e *CloseError) Unwrap() error {
	if e.Refusal == nil {
		return nil
	}
	return e.Refusal
}

// Final reports whether connecting again is pointless: the server said so (4500-4999),
// or that this client broke the protocol, which it would do again.
func (e *CloseError) Final() bool {
	switch e.Code {
	case 1002, 1003, 1007, 1008, 1009, 1010:
		return true
	}
	return e.Code >= 4500 && e.Code <= 4999
}

// closeError decodes what a close frame carries.
func closeError(code int, reason string) *CloseError {
	var r struct {
		Code    string `json:"code"`
		RetryMS int64  `json:"retry_after_ms"`
	}
	if json.Unmarshal([]byte(reason), &r) != nil {
		r.Code = reason // a proxy's own words
	}
	return &CloseError{Code: code, Reason: r.Code, RetryAfter: time.Duration(r.RetryMS) * time.Millisecond}
}

// HandshakeError says that the server, or a proxy before it, answered the handshake
// with an HTTP status.
type HandshakeError struct {
	Status     int
	RetryAfter time.Duration
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("client: the handshake was answered with %d %s", e.Status, http.StatusText(e.Status))
}

// Final reports whether connecting again is pointless.
func (e *HandshakeError) Final() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return true
	}
	return false
}

func final(err error) bool {
	var f interface{ Final() bool }
	return errors.As(err, &f) && f.Final()
}

func retryAfter(err error) time.Duration {
	var c *CloseError
	if errors.As(err, &c) {
		return c.RetryAfter
	}
	var h *HandshakeError
	if errors.As(err, &h) {
		return h.RetryAfter
	}
	return 0
}

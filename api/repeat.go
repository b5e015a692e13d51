package api

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/chat"
)

// attempt is a request with an Idempotency-Key. Of the key only a hash is stored.
type attempt struct {
	caller      chat.UserID
	rooms       []string // of the caller's grant
	key         string   // keyed hash of the client's, in hex
	fingerprint []byte   // of everything that the request asks for
	sealing     []byte
}

// errReplay carries the answer to the first request out of a handler whose act turned out to be done already.
type errReplay struct{ kept chat.KeptReply }

func (errReplay) Error() string { return "answered before" }

// running are the requests with an Idempotency-Key that this node is answering.
type running struct {
	mu  sync.Mutex
	all map[string]struct{}
}

// enter reports false where the same key is being answered; leave ends what enter began.
func (r *running) enter(key string) (leave func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.all[key]; ok {
		return nil, false
	}
	r.all[key] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.all, key)
	}, true
}

// begun is the status of what is kept before there is an answer: the key is that request's from then on.
const begun = 0

// once answers a repeated request as the first one was answered (draft-ietf-httpapi-idempotency-key-header), as far as the
// caller may still know it. That it acts once is up to the ledger, which keeps the answer within the act; an act that was
// refused is kept nowhere, and tried anew.
func (s *server) once(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c.Request().Context())
		key := k.request.Header.Get("Idempotency-Key")
		if !k.op.repeatable || key == "" || k.dryRun() {
			return next(c)
		}
		a, err := s.newAttempt(k, key)
		if err != nil {
			return err
		}
		leave, ok := s.running.enter(string(a.caller) + "\n" + a.key)
		if !ok {
			return chat.Refuse(chat.Conflict, "idempotency_running", "The first request with this Idempotency-Key is still under way.").After(retryRunning)
		}
		defer leave()
		kept, found, err := s.Chat.KeptReply(k.request.Context(), a.caller, a.key, a.fingerprint)
		if err != nil {
			return err
		}
		if found && kept.Status != begun {
			return s.replay(c, a, kept)
		}
		k.attempt = a
		err = next(c)
		if r := (errReplay{}); errors.As(err, &r) {
			return s.replay(c, a, r.kept)
		}
		return err
	}
}

func (s *server) newAttempt(k *call, key string) (*attempt, error) {
	caller := k.caller.actor.ID
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write([]byte("idempotency\n" + string(caller) + "\n" + key))
	fingerprint, err := k.fingerprint()
	if err != nil {
		return nil, err
	}
	sealing, err := sealingKey(s.Secret, string(caller), key)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return &attempt{
		caller: caller, rooms: k.caller.actor.Grant.Rooms, key: hex.EncodeToString(mac.Sum(nil)), fingerprint: fingerprint, sealing: sealing,
	}, nil
}

// fingerprint sums up what a request asks for: spaces and the order of fields don't count.
func (k *call) fingerprint() ([]byte, error) {
	body := []byte(nil)
	if len(k.body) > 0 {
		d := json.NewDecoder(bytes.NewReader(k.body))
		d.UseNumber()
		var v any
		err := d.Decode(&v)
		if err == nil {
			body, err = json.Marshal(v)
		}
		if err != nil {
			return nil, fmt.Errorf("put the body into one form: %w", err)
		}
	}
	h := sha256.New()
	for _, part := range [][]byte{
		[]byte(k.op.id), []byte(k.request.URL.Path), []byte(k.request.URL.Query().Encode()),
		[]byte(k.request.Header.Get("X-Reason")), body,
	} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash takes everything
		h.Write(part)
	}
	return h.Sum(nil), nil
}

// keptAnswer is what is kept of an answer.
type keptAnswer struct {
	Rooms []string `json:"rooms"` // that its caller was limited to; null: none
	Body  []byte   `json:"body"`
}

// keep seals the answer to an act (empty: it was none). It runs within the act's transaction.
func (a *attempt) keep(to answer, act chat.ActID) (chat.KeptReply, error) {
	e, err := encode(to)
	if err != nil {
		return chat.KeptReply{}, err
	}
	whole, err := json.Marshal(keptAnswer{Rooms: a.rooms, Body: e.body})
	if err != nil {
		return chat.KeptReply{}, fmt.Errorf("encode the answer: %w", err)
	}
	sealed, err := seal(a.sealing, whole, a.fingerprint)
	if err != nil {
		return chat.KeptReply{}, fmt.Errorf("seal the answer: %w", err)
	}
	return chat.KeptReply{Status: e.status, Body: sealed, Act: act, ETag: etagOf(to.version)}, nil
}

// kept is how the ledger knows the request.
func (a *attempt) kept() chat.Keep {
	return chat.Keep{Caller: a.caller, Key: a.key, Fingerprint: a.fingerprint}
}

// replay answers as the first request was answered.
func (s *server) replay(c echo.Context, a *attempt, kept chat.KeptReply) error {
	whole, err := unseal(a.sealing, kept.Body, a.fingerprint)
	if err != nil {
		return err
	}
	var first keptAnswer
	if err := json.Unmarshal(whole, &first); err != nil {
		return fmt.Errorf("decode the kept answer: %w", err)
	}
	if !s.mayHear(c, first.Rooms, kept.Act) {
		return chat.Refuse(chat.Forbidden, "bound_rooms", "This was done when you had rights in more rooms; you can't be told what it came to.")
	}
	body := first.Body
	if kept.Status == http.StatusAccepted {
		body = s.tasks.latest(body)
	}
	h := c.Response().Header()
	h.Set("Idempotency-Replayed", "true")
	if kept.Act != "" {
		h.Set("X-Act-Id", string(kept.Act))
	}
	if kept.ETag != "" {
		h.Set("ETag", kept.ETag)
	}
	return acted{kept.Status, body}.write(c.Response())
}

// mayHear reports whether a caller may be told again what was answered when they were limited to these rooms (nil: to
// none): they lost no room since, or it concerns nothing that they lost.
func (s *server) mayHear(c echo.Context, then []string, act chat.ActID) bool {
	ctx := c.Request().Context()
	by := callerOf(ctx).actor
	if by.Grant.Everywhere() || then != nil && !slices.ContainsFunc(then, func(glob string) bool { return !slices.Contains(by.Grant.Rooms, glob) }) {
		return true
	}
	if params, err := pathParams(c); err == nil && params["room"] != "" {
		return by.Grant.Covers(chat.RoomID(params["room"]))
	}
	if act == "" {
		return false
	}
	a, err := s.Chat.Ledger.Act(ctx, act)
	return err == nil && s.Chat.SeesAct(by, a)
}

// nonce is that of a message that is posted with the key. The log remembers nonces as long as the ledger remembers answers.
func (a *attempt) nonce() string { return "idem-" + a.key[:32] }

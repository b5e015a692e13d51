package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/chat"
)

// attempt is a request with an Idempotency-Key. Of the key only a hash is stored.
type attempt struct {
	caller      chat.UserID
	key         string // keyed hash of the client's, in hex
	fingerprint []byte // of everything that the request asks for
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

// once answers a repeated request as the first one was answered (draft-ietf-httpapi-idempotency-key-header). That it acts
// once is up to the ledger, which keeps the answer within the act; what was refused is kept nowhere, and tried anew.
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
		if found {
			return a.replay(c, kept)
		}
		k.attempt = a
		err = next(c)
		if r := (errReplay{}); errors.As(err, &r) {
			return a.replay(c, r.kept)
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
	return &attempt{caller: caller, key: hex.EncodeToString(mac.Sum(nil)), fingerprint: fingerprint, sealing: sealing}, nil
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

// keep seals the answer to an act. It runs within the act's transaction.
func (a *attempt) keep(to answer, act chat.ActID) (chat.KeptReply, error) {
	e, err := encode(to)
	if err != nil {
		return chat.KeptReply{}, err
	}
	sealed, err := seal(a.sealing, e.body, a.fingerprint)
	if err != nil {
		return chat.KeptReply{}, fmt.Errorf("seal the answer: %w", err)
	}
	return chat.KeptReply{Status: e.status, Body: sealed, Act: act, ETag: etagOf(to.version)}, nil
}

// replay answers as the first request was answered.
func (a *attempt) replay(c echo.Context, kept chat.KeptReply) error {
	body, err := unseal(a.sealing, kept.Body, a.fingerprint)
	if err != nil {
		return err
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

// nonceOf is the nonce of a message that is posted with an Idempotency-Key; empty: it came without. The log remembers
// nonces as long as the ledger remembers answers.
func nonceOf(ctx context.Context) string {
	a := callOf(ctx).attempt
	if a == nil {
		return ""
	}
	return "idem-" + a.key[:32]
}

// otherRequest refuses another request with the same Idempotency-Key, where it isn't the ledger that finds it.
func otherRequest() error {
	return &refusal{
		status: http.StatusUnprocessableEntity, code: "idempotency_mismatch",
		detail: "This Idempotency-Key came with another request before.",
	}
}

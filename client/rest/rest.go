package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Options are how a client works. The zero Options are an anonymous client.
type Options struct {
	// Key is an API key.
	Key string
	// HTTP sends the requests; nil: a client of its own with a timeout of 30 s for all but streams.
	HTTP *http.Client
	// Tries is how often a request is sent at most when it fails for a passing reason; zero: 4.
	Tries int
	// LongestWait is the longest Retry-After that is waited for; zero: 10 s. A refusal that asks for more is returned.
	LongestWait time.Duration
	// Agent is the User-Agent; empty: chatd-go.
	Agent string
}

// apiBase is where the API of a server stands.
const apiBase = "/api/v1/"

// New makes a client of the server at an address like https://chat.example.org (with a path, where the server is behind one).
func New(address string, o Options) (*ClientWithResponses, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("address %q: must be like https://chat.example.org", address)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("address: has no user, query or fragment")
	}
	d := newDoer(o)
	return NewClientWithResponses(strings.TrimSuffix(u.String(), "/")+apiBase, WithHTTPClient(d), WithRequestEditorFn(o.sign))
}

// sign says who asks, and makes a request that acts one that can be repeated.
func (o Options) sign(_ context.Context, r *http.Request) error {
	if o.Key != "" {
		r.Header.Set("Authorization", "Bearer "+o.Key)
	}
	agent := o.Agent
	if agent == "" {
		agent = "chatd-go"
	}
	r.Header.Set("User-Agent", agent)
	if r.Method == http.MethodPost && r.Header.Get(idempotencyKey) == "" {
		r.Header.Set(idempotencyKey, uuid.NewString())
	}
	return nil
}

const idempotencyKey = "Idempotency-Key"
